// What happened, to take along: files that the server makes, and pictures of the plot.

import { askFile, save, sendFile } from '../link/history.js';
import { layout } from '../model/plot.js';
import { draw, element, plots, wordsOf } from './plot.js';

const SIZE = { width: 800, height: 300 }; // of the picture, heading and all
const SCALE = 2; // to 1600 by 600
const MARGIN = 20;
const HEADING = 44;

// As the page is by day. Attributes, not a style sheet: all that reads SVG knows them.
const INK = '#0b1230';
const MUTE = '#465073';
const EDGE = '#77819f';
const LINE = '#cdd4e3';
const BLUE = '#0b2fa8';
const TEXT = { fill: MUTE, 'font-family': 'system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif', 'font-size': 13 };
const BOLD = { ...TEXT, 'font-size': 14, 'font-weight': 700 };
const DRESS = {
  grid: { stroke: LINE, fill: 'none' },
  zero: { stroke: EDGE, 'stroke-width': 1.5, fill: 'none' },
  aimline: { stroke: INK, 'stroke-width': 1.5, 'stroke-dasharray': '5 4', fill: 'none' },
  band: { fill: LINE },
  fold: { fill: '#fff' },
  foldline: { stroke: EDGE, 'stroke-width': 1.5, fill: 'none' },
  trace: { stroke: BLUE, 'stroke-width': 2.5, 'stroke-linejoin': 'round', 'stroke-linecap': 'round', fill: 'none' },
  now: { fill: BLUE },
  figures: BOLD,
  label: TEXT,
  aim: { ...TEXT, fill: INK, 'font-weight': 600 },
};

/** The plot as a file of its own, an SVG's text, with a heading: whose it is, and what it says in words. */
export function picture(series, words, title, summary) {
  const { width, height } = SIZE;
  const whole = element('svg', { viewBox: `0 0 ${width} ${height}`, width: SCALE * width, height: SCALE * height });
  const inner = draw(layout({ width: width - 2 * MARGIN, height: height - HEADING - MARGIN }, series, words), (kind) => DRESS[kind]);
  inner.setAttribute('x', MARGIN);
  inner.setAttribute('y', HEADING);
  whole.append(
    element('title', {}, title),
    element('desc', {}, summary),
    element('rect', { width, height, fill: '#fff' }),
    element('text', { ...BOLD, x: MARGIN, y: 28, fill: INK, 'font-size': 18 }, title),
    element('text', { ...TEXT, x: width - MARGIN, y: 28, 'text-anchor': 'end' }, words.clock(series.to, 'day')),
    inner,
  );
  return new XMLSerializer().serializeToString(whole);
}

/** An SVG's text as the bytes of a PNG. */
export async function pixels(svg) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = Object.assign(document.createElement('canvas'), { width: SCALE * SIZE.width, height: SCALE * SIZE.height });
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => { canvas.toBlob(resolve, 'image/png'); });
}

/** A title as a file's name on any system. */
export function fileName(title) {
  return title.replace(/[\\/:*?"<>|\s\p{C}]+/gu, ' ').replace(/^[\s.]+|[\s.]+$/g, '').slice(0, 60) || 'plot';
}

/** What there is to take, of all or of one round: `{ what, key, why, isFirst }`, the sentence and what it means. */
export function ways(isOne) {
  const its = isOne ? '.its' : '';
  return [
    { what: 'workbook', key: 'take.workbook', isAll: true },
    { what: 'rounds', key: 'take.rounds', isAll: true },
    { what: 'changes', key: `take.changes${its}` },
    { what: 'svg', key: `take.svg${its}`, isFirst: true },
    { what: 'png', key: `take.png${its}` },
  ].filter(({ isAll }) => !isOne || !isAll).map((way) => ({ ...way, why: `take.${way.what}.why` }));
}

export const take = () => ({
  isOpen: false,
  problem: '',

  get ways() { return ways(this.opened !== null); },

  items() { return [...this.$refs.ways.querySelectorAll('button')]; },

  show(isOpen) {
    this.isOpen = isOpen;
    if (isOpen) this.$nextTick(() => this.items()[0].focus());
  },

  shut() {
    this.show(false);
    this.$refs.opener.focus();
  },

  move(event) {
    const items = this.items();
    const now = items.indexOf(document.activeElement);
    const next = { ArrowDown: now + 1, ArrowUp: now - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (next !== undefined) {
      event.preventDefault();
      items[next % items.length].focus();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      this.shut();
    } else if (event.key === 'Tab') {
      this.show(false);
    }
  },

  // A click elsewhere; what has the focus then, keeps it.
  leave(event) {
    if (!this.$root.contains(event.target)) this.show(false);
  },

  async take({ what }) {
    this.shut();
    this.problem = '';
    try {
      save(await this.made(what));
    } catch {
      this.problem = 'unanswered';
    }
  },

  // Where the file is: the server has it, for the windows of some systems lose what only the page has.
  made(what) {
    const { secret } = this.model;
    const isPicture = ['svg', 'png'].includes(what);
    return isPicture ? this.drawn(what).then((file) => sendFile(secret, file)) : askFile(secret, { what, round: this.opened, language: this.language });
  },

  async drawn(what) {
    const { series, title, summary } = plots.get(this.opened === null ? 'all' : 'one')();
    const svg = picture(series, wordsOf(this), title, summary);
    const name = `${fileName(title)}.${what}`;
    return what === 'svg' ? new File([svg], name, { type: 'image/svg+xml' }) : new File([await pixels(svg)], name, { type: 'image/png' });
  },
});
