// A page in a lesson: what it says of its taps, in both ways, whatever gets lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { NONE, SAMPLES, figures, flush, outgoing, receive, shown, tally, tap } from '../../web/lesson/model.js';
import { drawCrossing, drawPlot } from '../../web/lesson/plot.js';

const HALF = 20_000;
const whole = (more = {}) => ({
  type: 'lesson', lesson: 3, stage: 'one', left: HALF, seconds: 20, counter: 0, revision: 0, halves: [[[0, 0]], [[0, 0]]], people: 0, bots: 0, ...more,
});
const told = (more) => ({ type: 'lesson', lesson: 3, ...more });
const begun = (more) => receive(NONE, whole(more), 1_000);
const taps = (model, times) => Array.from({ length: times }).reduce((now) => tap(now), model);
const second = (more) => begun({ stage: 'two', ...more });

test('until all of a lesson has come there is none', () => {
  assert.equal(receive(NONE, told({ counter: 4, revision: 2 }), 0), NONE);
  assert.equal(begun().stage, 'one');
  assert.equal(receive(begun(), told({ stage: 'over' }), 0).stage, 'over');
  assert.equal(receive(NONE, { type: 'lesson', lesson: 0, stage: 'over' }, 0).stage, 'over');
});

test('in the original’s way a page sends the number that it shows, when, and which one it knew', () => {
  const model = taps(receive(begun(), told({ counter: 41, revision: 5 }), 1_100), 3);
  assert.equal(shown(model), 44);
  const { messages } = flush(model, 2_500);
  assert.deepEqual(messages, [{ type: 'taps', lesson: 3, half: 1, made: 3, set: { counter: 44, seen: 5, at: 1_500 } }]);
});

test('and every number that comes writes over its taps, which it sends all the same', () => {
  const model = receive(taps(begun(), 3), told({ counter: 7, revision: 1 }), 1_200);
  assert.equal(shown(model), 7);
  assert.deepEqual(flush(model, 1_300).messages[0].set, { counter: 7, seen: 1, at: 300 });
  assert.equal(flush(tap(model), 1_300).messages[0].set.counter, 8);
});

test('its own number that comes back is no news; one that is older is not taken', () => {
  const sent = flush(taps(receive(begun(), told({ counter: 5, revision: 9 }), 1_100), 2), 1_400).model;
  assert.equal(shown(receive(sent, told({ counter: 7, revision: 10 }), 1_450)), 7);
  assert.equal(shown(receive(sent, told({ counter: 1, revision: 8 }), 1_450)), 7);
});

test('it says when it first heard of another number after it had sent its own, once', () => {
  let { model } = flush(tap(begun()), 1_500);
  model = receive(model, told({ counter: 1, revision: 1 }), 1_550);
  model = receive(model, told({ counter: 2, revision: 2 }), 1_900);
  const { model: after, messages } = tally(model);
  assert.deepEqual(messages.map(({ told: first }) => first), [{ revision: 1, at: 550 }]);
  assert.deepEqual(tally(after).messages, []);
});

test('how often somebody has tapped is said in between, and only where that is new', () => {
  assert.deepEqual(tally(begun()).messages, []);
  const { model, messages } = tally(taps(begun(), 2));
  assert.deepEqual(messages, [{ type: 'taps', lesson: 3, half: 1, made: 2 }]);
  assert.deepEqual(tally(model).messages, []);
});

test('in this program’s way it sends what it adds, numbered, and shows it until that is decided', () => {
  let { model, messages } = flush(taps(second(), 2), 2_000);
  assert.deepEqual(messages, [{ type: 'taps', lesson: 3, half: 2, made: 2, add: { op: 1, delta: 2 } }]);
  model = receive(tap(model), told({ counter: 40, revision: 1 }), 2_100);
  assert.equal(shown(model), 43);
  ({ model, messages } = flush(model, 2_400));
  assert.deepEqual(messages.map(({ add }) => add), [{ op: 2, delta: 1 }]);
  assert.equal(shown(receive(model, told({ counter: 42, revision: 2, ack: 1 }), 2_500)), 43);
  assert.equal(shown(receive(model, told({ counter: 43, revision: 3, ack: 2 }), 2_500)), 43);
});

test('a page that has come back sends again what is not decided, and nothing else', () => {
  let { model } = flush(taps(second(), 2), 2_000);
  ({ model } = flush(tap(model), 2_400));
  assert.deepEqual(outgoing(model).messages, []);
  model = receive(model, whole({ stage: 'two', ack: 1, counter: 2, revision: 1 }), 3_000);
  assert.deepEqual(outgoing(model).messages.map(({ add }) => add), [{ op: 2, delta: 1 }]);
  assert.deepEqual(outgoing(outgoing(model).model).messages, []);
  assert.deepEqual(outgoing(receive(model, whole({ stage: 'two', ack: 2, counter: 3, revision: 2 }), 3_100)).messages, []);
});

test('nobody taps between the halves, nor after them; and each half begins at 0', () => {
  const rest = receive(taps(begun(), 3), told({ stage: 'rest', left: 5_000 }), 21_000);
  assert.equal(tap(rest), rest);
  assert.equal(flush(rest, 21_100).messages[0].set.counter, 3);
  const two = receive(receive(rest, told({ counter: 9, revision: 44 }), 21_200), whole({ stage: 'two' }), 26_000);
  assert.equal(shown(two), 0);
  assert.equal(tap(receive(two, told({ stage: 'last', left: 1_500 }), 46_000)).made[1], 0);
});

test('the earliest word of what is left is the nearest', () => {
  let model = receive(begun(), told({ stage: 'one', left: 19_000, point: [1, 1, 0, 0] }), 2_300);
  assert.equal(model.ends, 21_000);
  model = receive(model, told({ stage: 'one', left: 18_000, point: [1, 2, 0, 0] }), 2_990);
  assert.equal(model.ends, 20_990);
});

test('the plot grows by its points; what was missed is there at the next stage', () => {
  let model = receive(begun(), told({ stage: 'one', left: 1, point: [1, 1, 5, 2] }), 2_000);
  assert.deepEqual(figures(model).one, { points: [[0, 0], [5, 2]], made: 5, counted: 2, lost: 3 });
  assert.equal(figures(model).until, 1);
  const points = Array.from({ length: SAMPLES + 1 }, (_, n) => [n, n]);
  model = receive(model, whole({ stage: 'end', halves: [points, points], where: null, mine: [[1, 0], [2, 2]] }), 9_000);
  assert.equal(figures(model).until, 2 * SAMPLES);
  assert.equal(figures(model).two.lost, 0);
});

test('another lesson begins with nothing of the one before', () => {
  const before = flush(taps(second(), 4), 2_000).model;
  const next = receive(before, whole({ lesson: 4 }), 60_000);
  assert.deepEqual([next.made, next.pending, shown(next)], [[0, 0], [], 0]);
});

// --- the drawings ---

class Element {
  constructor(tag) {
    Object.assign(this, { tag, attributes: {}, children: [], textContent: '' });
  }

  setAttribute(name, value) { this.attributes[name] = value; }
  append(...children) { this.children.push(...children); }
  replaceChildren(...children) { this.children = children; }
  get all() { return [this, ...this.children.flatMap((child) => child.all)]; }
}
globalThis.document = { createElementNS: (_, tag) => new Element(tag) };

function box(clientWidth, clientHeight) {
  return Object.assign(new Element('div'), { clientWidth, clientHeight });
}
const words = {
  label: 'in words', halves: ['one', 'two'], one: 'a', server: 's', other: 'b', becomes: 'becomes', stays: 'stays',
  made: (n) => `${n} made`, counted: (n) => `${n} counted`, lost: (n) => `${n} lost`, same: (n) => `${n} all`, seconds: (n) => `${n} s`,
};
const texts = (drawn) => drawn.all.map(({ textContent }) => textContent).filter(Boolean);
const isDrawable = (drawn) => drawn.all.every(({ attributes }) => Object.values(attributes).every((value) => !/NaN|undefined|Infinity/.test(value)));

for (const [width, height] of [[900, 500], [520, 280], [280, 280], [200, 200]]) {
  test(`the drawings are whole at ${width} by ${height}`, () => {
    for (const made of [0, 3, 70, 967, 1e9]) {
      const points = Array.from({ length: SAMPLES + 1 }, (_, n) => [Math.round(made * n / SAMPLES), Math.round(made * n / SAMPLES / 10)]);
      for (const until of [0, 1, 40, 80, 130, 160]) {
        const drawn = box(width, height);
        const half = { points, made, counted: Math.round(made / 10), lost: made - Math.round(made / 10) };
        drawPlot(drawn, { one: half, two: half, until }, { seconds: 20, words, figures: String });
        assert.equal(drawn.children[0].attributes['aria-label'], 'in words');
        assert.ok(isDrawable(drawn));
      }
    }
    for (const [sent, got, at] of [[[10, 15], [20, 30], 40], [[0, 0], [0, 0.1], 0.2], [[900, 1], [901, 902], 5_000]]) {
      const drawn = box(width, height);
      drawCrossing(drawn, { before: 2, after: 3, sent, got, told: at }, { words, figures: String });
      assert.ok(isDrawable(drawn));
      for (const time of [...sent, ...got, at]) assert.ok(texts(drawn).includes((time / 1_000).toFixed(3)));
      assert.equal(texts(drawn).filter((text) => text === '{"counter":3}').length, 2);
    }
  });
}

test('what all were counted of is said so in the end', () => {
  const points = Array.from({ length: SAMPLES + 1 }, (_, n) => [n, n]);
  const half = { points, made: SAMPLES, counted: SAMPLES, lost: 0 };
  const drawn = box(900, 500);
  drawPlot(drawn, { one: half, two: half, until: 2 * SAMPLES }, { seconds: 20, words, figures: String });
  assert.ok(texts(drawn).includes('80 all'));
});
