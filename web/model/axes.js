// What a plot's axes are marked with, and what they leave out.

const SECOND = 1_000; // ms
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** ms */
export const DAY = 24 * HOUR;
const STEPS = [
  ...[5, 10, 15, 30].map((n) => n * SECOND), ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR), ...[1, 2, 7, 14, 28].map((n) => n * DAY),
];
const QUIET = 20 * MINUTE;
const FLATTEST = 4; // what the values' axis has at least, so that one click is no cliff

/** The round numbers an axis is marked at: whole, 1, 2 or 5 times a power of ten, at most `most` of them (2 or more). */
export function marks(low, high, most) {
  for (let power = 1; ; power *= 10) {
    for (const step of [power, 2 * power, 5 * power]) {
      const first = Math.ceil(low / step);
      const count = Math.floor(high / step) - first + 1;
      if (count <= most) return Array.from({ length: count }, (_, i) => (first + i) * step || 0);
    }
  }
}

/**
 * From the lowest to the highest line, and where the goal is if it is `beyond`. 0 belongs to it unless that is more than
 * twice the curve's own height away, the goal unless it would more than double it.
 */
export function extent(values, goal = null) {
  let low = values.reduce((least, value) => Math.min(least, value));
  let high = values.reduce((most, value) => Math.max(most, value));
  const tall = Math.max(1, high - low);
  if (low > 0 && low <= 2 * tall) low = 0;
  if (high < 0 && -high <= 2 * tall) high = 0;
  if (high - low < FLATTEST) high = low + FLATTEST;
  const size = high - low;
  if (goal === null || (low <= goal && goal <= high)) return { low, high, beyond: null };
  if (goal > high) return goal - high <= size ? { low, high: goal, beyond: null } : { low, high, beyond: 'above' };
  return low - goal <= size ? { low: goal, high, beyond: null } : { low, high, beyond: 'below' };
}

/** The clock's times at which an axis is marked, `least` ms apart or more, in the time zone of this machine; and `every`
 * how many. */
export function ticks(from, to, least) {
  const every = STEPS.find((step) => step >= least) ?? Math.ceil(least / (28 * DAY)) * 28 * DAY;
  const offset = (at) => new Date(at).getTimezoneOffset() * MINUTE;
  const times = [];
  for (let at = Math.ceil((from - offset(from)) / every) * every + offset(from); at <= to; at += every) {
    // Clocks may have been put forward or back since.
    times.push(every > HOUR ? at + offset(at) - offset(from) : at);
  }
  return { every, times };
}

/** The parts that a time falls into, `{ from, to }`: where nothing was changed for long (20 minutes, or a 20th of all),
 * the quiet time is left out. Each part is long enough to have its day and time written below. */
export function fold(times, from, to) {
  const quiet = Math.max(QUIET, (to - from) / 20);
  const parts = [{ from, to: from }];
  for (const at of [...times, to]) {
    const part = parts[parts.length - 1];
    if (at - part.to > quiet) parts.push({ from: at, to: at });
    else part.to = at;
  }
  const all = parts.reduce((sum, part) => sum + part.to - part.from, 0);
  const least = Math.max(MINUTE, all * Math.min(0.15, 0.5 / parts.length));
  return parts.map((part, i) => ({
    from: part.from,
    to: Math.max(part.to, Math.min(part.from + least, parts[i + 1]?.from ?? part.from + least)),
  }));
}

/** Of what lies in one column of pixels the first, the lowest, the highest and the last: no peak is lost, however many
 * there are. `x` gives the pixel of one. */
export function thin(points, x) {
  const kept = [];
  for (let i = 0; i < points.length;) {
    const column = Math.floor(x(points[i]));
    let [low, high, next] = [i, i, i];
    for (; next < points.length && Math.floor(x(points[next])) === column; next += 1) {
      if (points[next].value < points[low].value) low = next;
      if (points[next].value > points[high].value) high = next;
    }
    kept.push(...[...new Set([i, low, high, next - 1])].sort((one, other) => one - other).map((place) => points[place]));
    i = next;
  }
  return kept;
}
