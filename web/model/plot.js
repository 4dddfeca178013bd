// The plot of a value over time, as plain shapes: what is where. Whoever draws them decides how they look, by `kind`.

import { DAY, extent, fold, marks, thin, ticks } from './axes.js';

const FIGURE = 9; // px: the width of a sign of the axis
const LETTER = 7.4; // px
const BOLD = 7.8; // px
const LINE = 22; // px: the least between two marks of the values
const APART = 78; // px: of the times
const NARROW = 260; // px
const GAP = 22; // px: for a quiet time
const FLAG = { height: 30, away: 11 }; // px
const COMPACT = 1_000_000;

/**
 * The layout of a plot, `{ shapes, points, area, levels }`. A shape is `{ tag, kind, at, text }`, `at` the attributes of
 * an SVG element; `points` are the changes that are shown, each `{ change, x, y }`; `levels` is where the line is, by
 * column of pixels.
 *
 * `box` is `{ width, height, unit }` in px, `unit` how much larger than usual the person's text is; the
 * layout's own may be less. `series` is `{ before,
 * changes, people, from, to, goal, live, folded }`: the value before the first change; the changes `{ at, value }` and how
 * many were `{ at, n }`, both by time; times in ms. `words` says `figures(n)`, `short(n)`, `goal(n)`, `here(n)` and
 * `clock(at, 'second' | 'minute' | 'day')`.
 */
export function layout(box, series, words) {
  const { width, height } = box;
  // Where there is little room, text doesn't grow with the person's own size.
  const unit = Math.min(box.unit ?? 1, width / NARROW);
  const { from, to, goal = null, live = false, people } = series;
  const changes = series.changes.filter(({ at }) => at > from && at <= to);
  const start = last(series.changes, ({ at }) => at <= from)?.value ?? series.before ?? 0;
  const end = changes[changes.length - 1]?.value ?? start;
  const trace = [{ at: from, value: start }, ...changes, { at: to, value: end }];
  const { low, high, beyond } = extent(trace.map(({ value }) => value), goal);

  const hasPeople = people.length > 0;
  const lane = hasPeople ? 16 * unit : 0;
  const top = 7 * unit;
  const floor = height - 22 * unit;
  const bottom = floor - lane;
  const isBlank = !changes.length && !start;
  const values = !isBlank ? marks(low, high, Math.max(2, Math.floor((floor - 16 * unit) / (LINE * unit)))) : [0];
  const labels = labelled(values, words, 0.4 * width / unit);
  const left = unit * Math.max(26, ...labels.map((text) => FIGURE * text.length + 12));
  const told = goal === null ? '' : words.goal(goal) + ({ above: ' \u2191', below: ' \u2193' }[beyond] ?? '');
  const here = hasPeople ? words.here(last(people, ({ at }) => at <= to)?.n ?? 0) : '';
  // What is written beside the line leaves it its room, or isn't.
  const beside = (goalText, hereText) => ({ goalText, hereText, edge: width - unit * (14 + Math.max(goalText.length * BOLD, hereText.length * LETTER)) });
  const { goalText, hereText, edge } = [beside(told, here), beside('', here), beside('', '')].find((one) => one.edge - left > 0.4 * width) ?? beside('', '');
  const area = { left, edge, top, bottom, floor, width, height, unit };

  const y = (value) => bottom - 2 - (value - low) / (high - low) * (bottom - 2 - top);
  const { parts, x } = placed(series.folded ? fold(changes.map(({ at }) => at), from, to) : [{ from, to }], left, edge);
  const drawn = thin(trace, ({ at }) => x(at)).map(({ at, value }) => ({ at, x: x(at), y: y(value) }));
  const shapes = [];
  const add = (tag, kind, at, text) => shapes.push({ tag, kind, at, text });

  // How many were here: a band of its own below the line, as high as many.
  if (hasPeople) {
    const most = Math.max(1, ...people.map(({ n }) => n));
    const height = (n) => round(floor - n / most * (lane - 4 * unit));
    const before = last(people, ({ at }) => at < from)?.n ?? 0;
    const steps = people.filter(({ at }) => at >= from && at <= to).map(({ at, n }) => `H${round(x(at))}V${height(n)}`);
    add('path', 'band', { d: `M${left} ${floor}V${height(before)}${steps.join('')}H${edge}V${floor}Z` });
  }
  values.forEach((value, i) => {
    const isSmall = Math.abs(value) < COMPACT;
    add('path', value === 0 ? 'zero' : 'grid', { d: `M${left} ${round(y(value))}H${edge}` });
    add('text', isSmall ? 'figures' : 'label', { x: left - 10 * unit, y: round(y(value) + (isSmall ? 5.6 : 4.7) * unit), 'text-anchor': 'end' }, labels[i]);
  });
  for (const mark of times(parts, { ...area, from, to }, words)) {
    add('path', 'grid', { d: `M${round(mark.x)} ${floor}v5` });
    if (mark.text) add('text', 'label', { x: round(mark.x), y: height - 4 * unit, 'text-anchor': mark.anchor }, mark.text);
  }
  if (goal !== null) {
    const line = { above: top, below: bottom }[beyond] ?? y(goal);
    if (!beyond) add('path', 'aimline', { d: `M${left} ${round(line)}H${edge}` });
    if (goalText) add('text', 'aim', { x: edge + 12 * unit, y: round(line + 4.5 * unit) }, goalText);
  }
  if (hereText) add('text', 'label', { x: edge + 12 * unit, y: floor - 1.5 * unit }, hereText);
  if (!isBlank) add('path', 'trace', { d: line(drawn, parts) });
  for (const { x: begin } of parts.slice(1)) {
    const [from, to] = [begin - GAP + 3, begin - 4];
    add('path', 'fold', { d: `M${round(from)} ${top - 6}H${round(to)}V${floor + 3}H${round(from)}Z` });
    add('path', 'foldline', { d: [5, 11].map((away) => `M${round(begin - GAP + away)} ${floor + 4}l5 -10`).join('') });
  }
  if (live) add('circle', 'now', { cx: round(x(to)), cy: round(y(end)), r: 5 });
  const points = changes.filter(({ isOpen }) => !isOpen).map((change) => ({ change, x: x(change.at), y: y(change.value) }));
  return { shapes, points, area, levels: levels(drawn, area) };
}

/**
 * Where the flag of a point hangs, `{ x, y, leftwards }`: beside it, where it covers least of the line. `width` is the
 * flag's.
 */
export function flagPlace({ area, levels }, point, width) {
  const { left, edge, bottom, unit } = area;
  const [height, away] = [FLAG.height * unit, FLAG.away];
  const isRight = point.x > (left + edge) / 2;
  const places = [false, true].flatMap((leftwards) => [0, bottom - height - 2].map((y) => {
    const begin = leftwards ? point.x - away - width : point.x + away;
    const covered = levels.slice(Math.max(0, Math.floor(begin)), Math.max(0, Math.floor(begin + width)));
    const isOut = begin < 0 || begin + width > area.width;
    const cost = covered.filter((level) => level > y - 3 && level < y + height + 3).length;
    return { x: point.x, y, leftwards, cost: cost + (isOut ? 10_000 : 0) + (leftwards === isRight ? 0 : 0.5) };
  }));
  return places.reduce((best, place) => (place.cost < best.cost ? place : best));
}

/** The nearest of the points, of several the last; -1 without any. */
export function nearest(points, x) {
  return points.reduce((best, point, i) => (best < 0 || Math.abs(point.x - x) <= Math.abs(points[best].x - x) ? i : best), -1);
}

/** Which of `count` points a key chooses, -1 for none; undefined if it is no such key. `now` is the one that is chosen. */
export function keyed(key, now, count) {
  const last = count - 1;
  const next = {
    ArrowLeft: now < 0 ? last : Math.max(0, now - 1), ArrowRight: now < 0 ? 0 : Math.min(last, now + 1),
    Home: 0, End: last, Escape: -1,
  }[key];
  return count || key === 'Escape' ? next : undefined;
}

const last = (list, is) => list.filter(is).slice(-1)[0];
const round = (n) => Math.round(n * 10) / 10;

// What can't be told apart in short is written in full, or once.
function labelled(values, { figures, short }, room) {
  const found = values.map((value) => (Math.abs(value) < COMPACT ? figures(value) : short(value)));
  if (new Set(found).size === found.length) return found;
  const full = values.map(figures);
  const fits = full.every((text) => FIGURE * text.length < room);
  return fits ? full : found.map((text, i) => (found.indexOf(text) === i ? text : ''));
}

// The parts side by side, each with its `x` and `end`, and where a time is.
function placed(parts, left, edge) {
  const all = Math.max(1, parts.reduce((sum, part) => sum + part.to - part.from, 0));
  const each = (edge - left - GAP * (parts.length - 1)) / all;
  let begin = left;
  const found = parts.map((part) => {
    const x = begin;
    begin += (part.to - part.from) * each + GAP;
    return { ...part, x, end: begin - GAP, each };
  });
  return { parts: found, x: (at) => { const part = partOf(found, at); return Math.min(part.x + (at - part.from) * each, part.end); } };
}

const partOf = (parts, at) => last(parts, ({ from }) => at >= from) ?? parts[0];

// The marks of the time. Where quiet hours are left out, it is when it goes on, and the day if it is another.
function times(parts, { left, width, from, to, unit }, { clock }) {
  let full = -12;
  const written = (x, text, anchor) => {
    const long = text.length * LETTER * unit;
    const begin = anchor === 'start' ? x : x - long / 2;
    if (begin < full + 12 || begin + long > width) return { x, anchor, text: '' };
    full = begin + long;
    return { x, anchor, text };
  };
  if (parts.length > 1) {
    let before = '';
    return parts.map((part) => {
      const [day, time] = [clock(part.from, 'day'), clock(part.from, 'minute')];
      const text = day === before ? time : `${day}, ${time}`;
      before = day;
      return written(part.x, text, 'start');
    });
  }
  const [{ x, each }] = parts;
  const { every, times: found } = ticks(from, to, APART * unit / each);
  const kind = every >= DAY ? 'day' : every < 60_000 ? 'second' : 'minute';
  return found.map((at) => {
    const place = x + (at - from) * each;
    return place > left + 8 ? written(place, clock(at, kind), 'middle') : { x: place, text: '' };
  });
}

// After a quiet time the line begins anew: what fell to 0 there is no fall of the count.
function line(drawn, parts) {
  let [d, before] = ['', null];
  for (const { at, x, y } of drawn) {
    const part = partOf(parts, at);
    if (before && part !== before) d += `H${round(before.end)}`;
    d += part === before ? `H${round(x)}V${round(y)}` : `M${round(x)} ${round(y)}`;
    before = part;
  }
  return d;
}

function levels(drawn, { left, edge }) {
  const found = [];
  let i = 0;
  for (let column = Math.ceil(left); column <= edge; column += 1) {
    while (drawn[i + 1]?.x <= column) i += 1;
    found[column] = drawn[i].y;
  }
  return found;
}
