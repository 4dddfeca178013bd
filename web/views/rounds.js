// The rounds, in the place of the card and the people: a list, and one of them opened.

import { askHistory, askRounds, turn } from '../link/history.js';
import { pieces } from '../model/i18n.js';
import { LONGEST_TITLE, cut } from '../model/names.js';
import { givers, named, telling } from '../model/rounds.js';
import { ask } from '../model/wishes.js';
import { plot, plots, wordsOf } from './plot.js';

const BEAT = 1_000; // ms
const FEWEST = 2;
const MOST = 8;
const FIRST = 3;
const LISTED = 100;

export const rounds = () => {
  let beat = null;
  let asking = false;
  let drawn = null;
  let known = -1;
  let series = null;
  // What was clicked may be gone by the time that this is asked for, and with it what Alpine knows of around it.
  let root = null;
  const find = (selector) => root.querySelector(selector);

  return {
    list: null,
    opened: null, // its number
    its: null, // what the server tells of it besides
    editing: false,
    most: LISTED,
    said: '',
    choices: Array.from({ length: MOST - FEWEST + 1 }, (_, i) => FEWEST + i),

    init() {
      root = this.$root;
      beat = setInterval(() => this.look(), BEAT);
      this.look();
      this.$nextTick(() => find('h2').focus());
      this.$watch('language', () => drawn?.redraw());
    },

    destroy() {
      clearInterval(beat);
      drawn?.stop();
    },

    get rows() { return (this.list ?? []).map((round) => telling(this.now(round), Date.now(), this.t, wordsOf(this))); },
    get one() { return this.rows.find(({ id }) => id === this.opened) ?? null; },
    get isEmpty() { return this.list !== null && this.list.every(({ live }) => live); },
    get mayBeMore() { return this.list?.length === this.most; },
    get givers() { return this.its ? givers(this.its.added, this.t, wordsOf(this).signed) : []; },
    get none() { return pieces(this.t('rounds.none')); },
    get isShown() { return Boolean(this.view.compare); },

    // The one that is still going has the number that is shown.
    now(round) { return round.live && this.view.value !== null ? { ...round, value: this.view.value, high: Math.max(round.high, this.view.value), low: Math.min(round.low, this.view.value) } : round; },

    async look() {
      if (document.hidden || this.onStage || !this.isUp || asking || known === this.model.revision) return;
      asking = true;
      const isFirst = this.list === null;
      try {
        if (!isFirst) await turn();
        const { revision, secret } = this.model;
        const list = await askRounds(secret, this.most && { last: this.most });
        this.list = list;
        const live = list.find((round) => round.live);
        // One that has ended stays as it is, unless its end is taken back.
        if (this.opened !== null && (this.opened === live?.round || this.its?.live)) await this.lookAt(this.opened, turn);
        known = revision;
      } catch {
        // What was told stays, and is asked for again.
      } finally {
        asking = false;
      }
    },

    async lookAt(round, start = () => {}) {
      const { secret } = this.model;
      await start();
      const its = await askRounds(secret, { round });
      await start();
      const told = await askHistory(secret, { round });
      if (round !== this.opened) return;
      this.its = its;
      series = () => {
        const now = Date.now();
        const to = told.live ? now : told.to ?? now;
        return { ...told, changes: named(told.changes, this.t), from: Math.min(told.from ?? now, to - 1), to };
      };
      plots.set('one', () => ({ series: series(), title: this.one.name, summary: this.one.summary }));
      this.$nextTick(() => this.drawIt());
    },

    // A counter may have had any number of them.
    all() {
      this.most = null;
      known = -1;
      this.look();
    },

    drawIt() {
      const chart = find('.chart');
      if (!chart) return;
      drawn ??= plot(chart, { series: () => series(), words: () => wordsOf(this), say: (text) => { this.said = text; } });
      drawn.redraw();
    },

    async open(round) {
      this.opened = round;
      this.its = null;
      this.$nextTick(() => find('h2').focus());
      await this.lookAt(round).catch(() => { known = -1; });
    },

    back() {
      this.leave();
      this.opened = null;
      this.$nextTick(() => find('h2').focus());
    },

    leave() {
      drawn?.stop();
      drawn = null;
      this.editing = false;
    },

    close() {
      this.panel = false;
      document.getElementById('rounds').focus();
    },

    // At once, not when Alpine has come round to it: the next key is the title's first letter.
    turn(editing) {
      this.editing = editing;
      find('.titled').classList.toggle('editing', editing);
    },

    edit() {
      const title = find('form input');
      this.turn(true);
      title.value = this.list.find(({ round }) => round === this.opened).title;
      title.select();
    },

    // Enter or leaving the field keeps it, Escape doesn't.
    stop() {
      this.turn(false);
      find('.pencil').focus();
    },

    rename() {
      if (!this.editing) return;
      const title = cut(find('form input').value, LONGEST_TITLE);
      const { opened } = this;
      this.change((model) => ask(model, { type: 'title', round: opened, title }));
      this.list = this.list.map((round) => (round.round === opened ? { ...round, title } : round));
      known = -1;
      this.stop();
    },

    show() { this.compare(this.isShown ? null : FIRST); },

    compare(many) { this.change((model) => ask(model, { type: 'configure', settings: { compare: many } })); },
  };
};
