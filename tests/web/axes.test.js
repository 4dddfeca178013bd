import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DAY, extent, fold, marks, thin, ticks } from '../../web/model/axes.js';
import { dice } from './fakes.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOON = new Date(2026, 10, 25, 12).getTime();
const clock = (at) => new Date(at).toTimeString().slice(0, 8);

test('values are marked at whole round numbers, as many as there is room for', () => {
  assert.deepEqual(marks(0, 50, 6), [0, 10, 20, 30, 40, 50]);
  assert.deepEqual(marks(0, 50, 3), [0, 20, 40]);
  assert.deepEqual(marks(-12, 10, 4), [-10, -5, 0, 5, 10].filter((n) => n % 10 === 0));
  assert.deepEqual(marks(0, 4, 4), [0, 2, 4]);
  assert.deepEqual(marks(0, 1_247, 4), [0, 500, 1_000]);
  assert.ok(Object.is(marks(-3, 3, 3)[1], 0), 'no minus before 0');
});

test('there are marks however large the numbers', () => {
  const random = dice(1);
  for (let i = 0; i < 500; i += 1) {
    const low = Math.round((random() - 0.5) * 10 ** (16 * random()));
    const high = low + 4 + Math.round(10 ** (15 * random()));
    const most = 2 + Math.floor(random() * 6);
    const found = marks(low, high, most);
    assert.ok(found.length <= most && found.every((n) => Number.isInteger(n) && n >= low && n <= high), `${low} ${high} ${most}: ${found}`);
  }
});

test('0 belongs to the axis unless it is far', () => {
  assert.deepEqual(extent([10, 40]), { low: 0, high: 40, beyond: null });
  assert.deepEqual(extent([100, 110]), { low: 100, high: 110, beyond: null });
  assert.deepEqual(extent([-40, -10]), { low: -40, high: 0, beyond: null });
  assert.deepEqual(extent([0, 0]), { low: 0, high: 4, beyond: null });
});

test('the goal belongs to it unless that would more than double it', () => {
  assert.deepEqual(extent([0, 42], 50), { low: 0, high: 50, beyond: null });
  assert.deepEqual(extent([0, 42], 84), { low: 0, high: 84, beyond: null });
  assert.deepEqual(extent([0, 42], 85), { low: 0, high: 42, beyond: 'above' });
  assert.deepEqual(extent([0, 42], -10), { low: -10, high: 42, beyond: null });
  assert.deepEqual(extent([0, 42], -100), { low: 0, high: 42, beyond: 'below' });
  assert.deepEqual(extent([0, 42], 30), { low: 0, high: 42, beyond: null });
});

test('a million values have an extent', () => {
  assert.deepEqual(extent(Array.from({ length: 1_000_000 }, (_, i) => i)), { low: 0, high: 999_999, beyond: null });
});

test('times are marked at the clock’s own steps', () => {
  const { every, times } = ticks(NOON + 3 * MINUTE, NOON + 19 * MINUTE, 3 * MINUTE);
  assert.equal(every, 5 * MINUTE);
  assert.deepEqual(times.map(clock), ['12:05:00', '12:10:00', '12:15:00']);
  assert.deepEqual(ticks(NOON, NOON + 20_000, 4_000).times.map(clock), ['12:00:00', '12:00:05', '12:00:10', '12:00:15', '12:00:20']);
});

test('days are marked at midnight, here, over summer time too; years at so many days', () => {
  const march = new Date(2026, 2, 20, 15).getTime();
  for (const [days, least] of [[5, DAY], [40, 7 * DAY], [2_000, 90 * DAY]]) {
    const { every, times } = ticks(march, march + days * DAY, least);
    assert.ok(every >= least);
    assert.ok(times.length > 1 && times.every((at) => new Date(at).getHours() === 0), `${times.map((at) => new Date(at))}`);
  }
});

test('quiet time is left out: 20 minutes, or a 20th of all', () => {
  const at = (...minutes) => minutes.map((n) => NOON + n * MINUTE);
  const parts = fold(at(1, 2, 3, 60, 61, 70), NOON, NOON + 75 * MINUTE);
  assert.deepEqual(parts, [{ from: NOON, to: NOON + 3 * MINUTE }, { from: NOON + 60 * MINUTE, to: NOON + 75 * MINUTE }]);
  assert.equal(fold(at(1, 20, 40, 60), NOON, NOON + 70 * MINUTE).length, 1);
  // In a week, an hour is nothing.
  const week = fold([NOON, NOON + HOUR, NOON + 7 * DAY], NOON, NOON + 7 * DAY);
  assert.deepEqual(week.map(({ from }) => from), [NOON, NOON + 7 * DAY]);
});

test('each part is long enough for what is written below it, and none reaches into the next', () => {
  const random = dice(3);
  for (let i = 0; i < 200; i += 1) {
    const times = Array.from({ length: 40 }, () => NOON + random() ** 4 * 9 * DAY).sort((one, other) => one - other);
    const to = times.at(-1) + random() * HOUR;
    const parts = fold(times, NOON, to);
    assert.equal(parts[0].from, NOON);
    assert.ok(parts.at(-1).to >= to);
    parts.slice(1).forEach((part, place) => assert.ok(parts[place].to <= part.from));
    for (const at of times) assert.ok(parts.some(({ from, to: end }) => from <= at && at <= end));
  }
});

test('of each column the first, lowest, highest and last is kept, and no other', () => {
  const points = [5, 9, 1, 4, 7, 7].map((value, i) => ({ value, i }));
  assert.deepEqual(thin(points, () => 3).map(({ i }) => i), [0, 1, 2, 5]);
  assert.deepEqual(thin(points, ({ i }) => i), points);
  assert.deepEqual(thin([], () => 0), []);
});

test('no peak is lost, however many changes', () => {
  const random = dice(5);
  const points = Array.from({ length: 100_000 }, (_, i) => ({ at: i, value: Math.round(random() * 1e6) }));
  const kept = thin(points, ({ at }) => at / 200);
  assert.ok(kept.length <= 4 * 500);
  for (const pick of [Math.max, Math.min]) {
    const best = (list) => list.reduce((found, { value }) => pick(found, value), list[0].value);
    assert.equal(best(kept), best(points));
  }
});
