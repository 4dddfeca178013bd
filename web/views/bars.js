// The last rounds beside each other, on the projector.

import { askRounds } from '../link/history.js';
import { bars as scaled } from '../model/bars.js';
import { titleOf } from '../model/rounds.js';
import { PROPORTIONAL, width } from './digits.js';

const BEAT = 1_000; // ms
// vw: how wide all columns are with what is between them, and that; by how many there are, as in stage.css.
const WIDTHS = [[2, 73.5, 6], [4, 94, 2.2], [Infinity, 94, 1.5]];

/** The columns of some rounds, oldest first; `value` is the one of the round that is still going. */
export function columns(rounds, value, t, figures) {
  const values = rounds.map((round) => (round.live && value !== null ? value : round.value));
  const { share, bars } = scaled(values);
  const [, whole, between] = WIDTHS.find(([most]) => rounds.length <= most);
  const room = (whole - (rounds.length - 1) * between) / rounds.length;
  const found = rounds.map((round, i) => ({
    ...bars[i],
    id: round.round,
    live: round.live,
    name: titleOf(round, t),
    value: figures(values[i]),
    fit: { '--em': width(figures(values[i]), PROPORTIONAL).toFixed(3), '--col': `${room}vw` },
  }));
  return { share, columns: found };
}

export const bars = () => {
  let beat = null;
  let asking = false;
  let known = '';

  return {
    told: [],

    init() {
      beat = setInterval(() => this.look(), BEAT);
      this.$watch('view.compare', () => this.look());
      this.look();
    },

    destroy() { clearInterval(beat); },

    get shown() { return columns(this.told, this.view.value, this.t, this.figures); },
    get columns() { return this.shown.columns; },
    get isBelow() { return this.columns.some((column) => column.isBelow); },
    get rows() {
      const { share } = this.shown;
      return { '--up': `${share * 100}%`, '--down': `${(1 - share) * 100}%`, '--share': String(share) };
    },
    get heading() { return this.t(`last.${Math.max(1, this.columns.length)}`); },

    async look() {
      const { compare } = this.view;
      const now = `${this.model.revision} ${this.view.title} ${compare}`;
      if (document.hidden || !this.isUp || !compare || asking || now === known) return;
      asking = true;
      try {
        const rounds = await askRounds(null, { last: compare });
        this.told = rounds.slice(0, compare).reverse();
        known = now;
      } catch {
        // What was told stays, and is asked for again.
      } finally {
        asking = false;
      }
    },
  };
};
