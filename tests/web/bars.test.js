import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bars } from '../../web/model/bars.js';

const sizes = (...values) => bars(values).bars.map(({ size }) => Math.round(size * 100) / 100);

test('one scale for all, linear from 0', () => {
  assert.deepEqual(sizes(7, 18, 42), [0.17, 0.43, 1]);
  assert.deepEqual(sizes(128, 247, 9, 1_047), [0.12, 0.24, 0.01, 1]);
});

test('what is below 0 hangs from the same line, by the same scale', () => {
  const { share, bars: [down, up] } = bars([-12, 36]);
  assert.equal(share, 0.75);
  assert.deepEqual([down.size, down.isBelow, up.size, up.isBelow], [1, true, 1, false]);
});

test('where all are below 0, or all are 0, there is a line all the same', () => {
  assert.deepEqual(bars([-3, -1]).share, 0);
  assert.deepEqual(bars([0, 0]), { share: 1, bars: Array(2).fill({ size: 0, isBelow: false, isNil: true, isLow: true, isTall: false }) });
  assert.deepEqual(bars([]), { share: 1, bars: [] });
});

test('a low bar is not rounded, a tall one has a rim', () => {
  const kinds = bars([1, 10, 100]).bars.map(({ isLow, isTall }) => [isLow, isTall]);
  assert.deepEqual(kinds, [[true, false], [false, false], [false, true]]);
  assert.equal(bars([-100, 1]).bars[0].isTall, false);
});

test('the largest numbers have their bars', () => {
  assert.deepEqual(sizes(Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER), [1, 1]);
});
