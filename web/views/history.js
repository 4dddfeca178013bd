// What happened, under the host's number: the value over time, and which rounds there were.

import { askHistory, turn } from '../link/history.js';
import { named } from '../model/rounds.js';
import { plot, plots, wordsOf } from './plot.js';

const BEAT = 1_000; // ms
const PAUSES = { round: 1_000, five: 1_000, today: 5_000, all: 5_000 }; // ms: no sooner is it asked for again
const LATER = 100; // ms: others may click faster than anybody looks
const FULL = 1_000; // changes that the server hasn't told yet
const FIVE = 300_000; // ms
const LISTED = 200; // of the newest changes, in words
const SPANS = ['round', 'five', 'today', 'all'];
const NOTHING = { revision: -1, from: null, before: 0, changes: [], people: [], rounds: 0 };

/** What the plot is to show at the time `now`: of what the server has told, and of the value since then, `open`. */
export function series({ span, told, open, value, goal, now }) {
  const from = span === 'five' || told.from === null ? now - FIVE : Math.min(told.from, now - 1);
  const changes = [...told.changes, ...open];
  const head = changes.length ? changes[changes.length - 1].value : told.before;
  const isNear = span === 'round' || span === 'five';
  const isBlank = !changes.length && !told.before && !value;
  return {
    before: told.before,
    changes: value === null || head === value ? changes : [...changes, { at: now, value, isOpen: true }],
    people: isBlank ? [] : told.people,
    from,
    to: now,
    // It is the present round's: over all of today it would be measured against others' counts.
    goal: isNear ? goal : null,
    live: !isBlank,
    folded: !isNear,
  };
}

export const history = () => {
  let drawn = null;
  let beat = null;
  let asking = false;
  let frame = 0;
  let later = null;
  let open = []; // since what was told
  let people = -1;
  let asked = -Infinity;

  return {
    spans: SPANS,
    span: 'round',
    isListed: false,
    said: '',

    init() {
      drawn = plot(this.$refs.chart, {
        series: () => this.series(Date.now()),
        words: () => wordsOf(this),
        say: (text) => { this.said = text; },
      });
      plots.set('all', () => ({ series: this.series(Date.now()), title: this.title, summary: this.summary }));
      beat = setInterval(() => this.look(), BEAT);
      this.$watch('view.value', (value) => {
        open = [...open.slice(1 - FULL), { at: Date.now(), value, isOpen: true }];
        later ??= setTimeout(() => this.redraw(), LATER);
      });
      // The host's own clicks show in the same frame; who it was, the server tells.
      this.$watch('clicks', () => this.redraw());
      this.$watch('view.goal', () => this.redraw());
      // Where the words stand that nothing was counted, nothing is drawn.
      this.$watch('isBlank', () => this.redraw());
      this.$watch('language', () => this.redraw());
      this.$nextTick(() => this.look());
    },

    destroy() {
      clearInterval(beat);
      clearTimeout(later);
      cancelAnimationFrame(frame);
      drawn.stop();
    },

    get told() { return this.past ?? NOTHING; },
    get ended() { return this.told.rounds; },
    get isBlank() { return !this.told.changes.length && !this.told.before && !this.view.value; },
    get rows() {
      const words = wordsOf(this);
      return named(this.told.changes.slice(-LISTED), this.t).reverse().map((change, place) => ({
        place, time: words.clock(change.at, 'second'), change: words.signed(change.delta), value: words.figures(change.value), who: change.who,
      }));
    },

    // All that can be seen at a glance, in words.
    get summary() {
      if (this.isBlank) return this.t('history.none.long');
      const now = Date.now();
      const { clock, figures } = wordsOf(this);
      const { changes, before, from, to } = this.series(now);
      const values = [before, ...changes.map(({ value }) => value)];
      const isToday = new Date(from).toDateString() === new Date(now).toDateString();
      return this.t('history.summary', {
        range: this.t(this.span === 'five' ? 'history.five.long' : `history.${this.span}`),
        from: `${isToday ? '' : `${clock(from, 'day')}, `}${clock(from, 'minute')}`,
        to: clock(to, 'minute'),
        n: this.number,
        high: figures(values.reduce((most, value) => Math.max(most, value))),
        low: figures(values.reduce((least, value) => Math.min(least, value))),
      });
    },

    series(now) {
      const { span, told, view } = this;
      return series({ span, told: { ...told, changes: named(told.changes, this.t) }, open, value: view.value, goal: view.goal, now });
    },

    pick(span) {
      this.span = span;
      this.redraw();
      this.ask();
    },

    unlist() {
      if (!this.isListed) return;
      this.isListed = false;
      this.$refs.lister.focus();
    },

    // Once in a frame, however fast is clicked.
    redraw() {
      clearTimeout(later);
      later = null;
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => drawn.redraw());
    },

    // The time goes on; what is new is asked for. Nobody sees the page while it is hidden, or shows the projector.
    look() {
      if (document.hidden || this.onStage || !this.isUp) return;
      this.redraw();
      const isOld = this.told.revision !== this.model.revision || people !== this.view.people;
      if (isOld && Date.now() - asked >= PAUSES[this.span] - BEAT / 2) this.ask(turn);
    },

    async ask(start = () => {}) {
      if (asking) return;
      asking = true;
      await start();
      asked = Date.now();
      const { span } = this;
      people = this.view.people;
      try {
        const told = await askHistory(this.model.secret, { range: span });
        if (span !== this.span) return;
        this.past = told;
        open = open.filter(({ at }) => at > told.now);
        this.redraw();
      } catch {
        // It is away: what was told stays, and the page itself says so.
      } finally {
        asking = false;
        if (span !== this.span) this.ask();
      }
    },
  };
};
