import assert from 'node:assert/strict';
import { test } from 'node:test';

import { flagPlace, keyed, layout, nearest } from '../../web/model/plot.js';
import { dice } from './fakes.js';

const MINUTE = 60_000;
const NOON = new Date(2026, 10, 25, 12).getTime();
const BOX = { width: 560, height: 110 };
const figures = (n) => n.toLocaleString('en').replace('-', '\u2212');
const words = {
  figures,
  short: (n) => (Math.abs(n) < 1e6 ? figures(n) : `${Math.round(n / 1e11) / 10}T`),
  goal: (n) => `Goal ${n}`,
  here: (n) => `${n} here`,
  clock: (at, kind) => (kind === 'day' ? `d${new Date(at).getDate()}` : `${kind[0]}${new Date(at).toTimeString().slice(0, 5)}`),
};
const changes = (...values) => values.map((value, i) => ({ at: NOON + (i + 1) * MINUTE, value }));
const laid = (series, box = BOX) => layout(box, { before: 0, people: [], from: NOON, to: NOON + 10 * MINUTE, changes: [], ...series }, words);
const kinds = ({ shapes }, kind) => shapes.filter((shape) => shape.kind === kind);
const texts = ({ shapes }) => shapes.map(({ text }) => text).filter(Boolean);

test('the line goes in steps from the time’s begin to its end', () => {
  const plot = laid({ changes: changes(1, 2, 5) });
  const [{ at: { d } }] = kinds(plot, 'trace');
  assert.match(d, /^M26 [\d.]+(H[\d.]+V[\d.]+)+$/);
  assert.equal(d.split('H').at(-1).split('V')[0], String(plot.area.edge));
  assert.deepEqual(plot.points.map(({ change: { value } }) => value), [1, 2, 5]);
  plot.points.slice(1).forEach(({ x, y }, i) => assert.ok(x > plot.points[i].x && y < plot.points[i].y));
});

test('it begins where the value was before', () => {
  const plot = laid({ before: 7, changes: [{ at: NOON - MINUTE, value: 30 }, { at: NOON + MINUTE, value: 31 }] });
  assert.deepEqual(plot.points.map(({ change: { value } }) => value), [31]);
  assert.ok(kinds(plot, 'trace').length);
  // 30 and 31: 0 is far.
  assert.ok(!texts(plot).includes('0'));
});

test('where nothing was counted there is a line at 0, and no other', () => {
  const plot = laid({});
  assert.deepEqual([kinds(plot, 'trace'), kinds(plot, 'now'), kinds(plot, 'band')], [[], [], []]);
  assert.equal(kinds(plot, 'zero').length, 1);
});

test('a value that stays has its marks', () => {
  assert.ok(texts(laid({ before: 42 })).some((text) => /^4\d$/.test(text)));
});

test('what is not known yet is drawn and can’t be pointed at', () => {
  const plot = laid({ changes: [...changes(1), { at: NOON + 2 * MINUTE, value: 2, isOpen: true }] });
  assert.equal(plot.points.length, 1);
  assert.equal(kinds(plot, 'trace')[0].at.d.split('H').length, 4);
});

test('the goal is a line, or an arrow where it is far', () => {
  assert.ok(texts(laid({ changes: changes(42), goal: 50 })).includes('Goal 50'));
  const far = laid({ changes: changes(42), goal: 500 });
  assert.ok(texts(far).includes('Goal 500 \u2191'));
  assert.deepEqual(kinds(far, 'aimline'), []);
  assert.ok(texts(laid({ changes: changes(42), goal: -500 })).includes('Goal -500 \u2193'));
});

test('how many were here is a band below the line, and how many are, a number', () => {
  const people = [{ at: NOON - MINUTE, n: 3 }, { at: NOON + MINUTE, n: 6 }, { at: NOON + 2 * MINUTE, n: 4 }];
  const plot = laid({ changes: changes(1), people });
  const { bottom, floor } = plot.area;
  const [{ at: { d } }] = kinds(plot, 'band');
  const tops = [...d.matchAll(/V([\d.]+)/g)].map(([, y]) => Number(y));
  assert.deepEqual(tops.slice(0, 3).map((y) => Math.round((floor - y) / (floor - tops[1]) * 6)), [3, 6, 4]);
  assert.ok(tops.every((y) => y > bottom));
  assert.ok(texts(plot).includes('4 here'));
});

test('numbers that look alike in short are written in full', () => {
  const big = 9_007_199_254_740_980;
  const plot = laid({ before: big, changes: changes(big + 1, big + 9) });
  const found = kinds(plot, 'label').map(({ text }) => text).filter((text) => /^9,/.test(text));
  assert.ok(found.length > 1 && new Set(found).size === found.length && found.every((text) => text.length === 21), `${found}`);
  assert.ok(texts(laid({ changes: changes(2e12) })).includes('1T'));
});

test('quiet hours are left out, and each part begins with its time, and its day where that changes', () => {
  const at = (hours, value) => ({ at: NOON + hours * 60 * MINUTE, value });
  const plot = laid({ folded: true, to: NOON + 49 * 60 * MINUTE, changes: [at(0.1, 1), at(0.2, 2), at(24, 3), at(48.9, 4)] }, { width: 900, height: 110 });
  assert.equal(kinds(plot, 'fold').length, 2);
  assert.equal(kinds(plot, 'trace')[0].at.d.match(/M/g).length, 3);
  const found = kinds(plot, 'label').map(({ text }) => text);
  assert.deepEqual(found, ['d25, m12:00', 'd26, m12:00', 'd27, m12:54']);
});

test('whatever there is, nothing lies outside, nothing is no number, and labels don’t overlap', () => {
  const random = dice(7);
  for (let i = 0; i < 300; i += 1) {
    const width = 260 + random() * 1_200;
    const unit = random() < 0.5 ? 1 : 2;
    const long = 10 ** (4 + 6 * random());
    let value = 0;
    const list = Array.from({ length: Math.floor(random() * 300) }, () => random()).sort((one, other) => one - other)
      .map((part) => ({ at: NOON + part * long, value: (value += Math.round((random() - 0.3) * 10 ** (5 * random()))) }));
    const people = random() < 0.5 ? [] : [{ at: NOON - 5, n: 3 }, { at: NOON + long / 2, n: 30 }];
    const goal = random() < 0.5 ? null : Math.round((random() - 0.2) * 1e4);
    const plot = laid({ changes: list, people, goal, to: NOON + long, folded: random() < 0.5, live: true }, { width, height: 110 * unit, unit });
    for (const { at } of plot.shapes) for (const given of Object.values(at)) assert.doesNotMatch(String(given), /NaN|Infinity|undefined/);
    for (const { x, y } of plot.points) assert.ok(x >= plot.area.left && x <= plot.area.edge + 0.1 && y >= plot.area.top - 0.1 && y <= plot.area.bottom, `${x} ${y}`);
    const { area } = plot;
    assert.ok(area.edge - area.left > 0.25 * width, `${area.left} ${area.edge} ${width}`);
    const below = kinds(plot, 'label').filter(({ at }) => at.y === area.height - 4 * area.unit && at['text-anchor'] !== 'end');
    const ends = below.map(({ at, text }) => {
      const half = text.length * 7.4 * area.unit * (at['text-anchor'] === 'start' ? 0 : 0.5);
      return [at.x - half, at.x - half + text.length * 7.4 * area.unit];
    });
    ends.forEach(([begin, end], place) => assert.ok(begin > -0.1 && end <= width + 0.1 && (!place || begin > ends[place - 1][1])));
  }
});

test('the flag hangs where it covers least of the line, and inside', () => {
  const up = laid({ changes: changes(1, 2, 3, 4, 5, 6, 7, 8, 9) });
  const place = flagPlace(up, up.points[4], 160);
  // A rising line leaves room above at the left, and below at the right.
  assert.ok(place.leftwards ? place.y < 10 : place.y > 10);
  assert.equal(flagPlace(up, up.points[0], 160).leftwards, false);
  assert.equal(flagPlace(up, up.points[8], 160).leftwards, true);
});

test('the pointer chooses the nearest change, of several the last', () => {
  const points = [{ x: 10 }, { x: 20 }, { x: 20 }, { x: 40 }];
  assert.deepEqual([0, 14, 16, 29, 31, 99].map((x) => nearest(points, x)), [0, 0, 2, 2, 3, 3]);
  assert.equal(nearest([], 5), -1);
});

test('keys choose one after the other, the first, the last, none', () => {
  assert.deepEqual([keyed('ArrowLeft', -1, 3), keyed('ArrowRight', -1, 3), keyed('ArrowLeft', 0, 3), keyed('ArrowRight', 2, 3)], [2, 0, 0, 2]);
  assert.deepEqual([keyed('Home', 2, 3), keyed('End', 0, 3), keyed('Escape', 1, 3), keyed('a', 1, 3)], [0, 2, -1, undefined]);
  assert.deepEqual([keyed('ArrowLeft', -1, 0), keyed('ArrowUp', 0, 3)], [undefined, undefined]);
});
