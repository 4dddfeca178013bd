import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createTap, xTap } from '../../web/views/tap.js';

const BOX = { left: 100, top: 500, right: 300, bottom: 620 };
const CENTRE = { clientX: 200, clientY: 560 };
const finger = (pointerId, more) => ({ pointerType: 'touch', pointerId, width: 20, height: 20, timeStamp: 1_000, ...CENTRE, ...more });
const click = (more) => ({ detail: 1, timeStamp: 1_005, ...more });

// What a lone finger's tap is to a browser: the click comes after it.
function taps(tap, event, after = 5) {
  tap.down(event, BOX);
  const counted = Number(tap.up(event));
  return counted + Number(tap.click(click({ timeStamp: event.timeStamp + after })));
}

test('a tap of a finger or a pen counts once, however soon its click comes, and however many there are', () => {
  const tap = createTap();
  for (const pointerType of ['touch', 'pen']) {
    for (let i = 0; i < 20; i += 1) assert.equal(taps(tap, finger(i, { pointerType, timeStamp: 1_000 + 80 * i }), i * 15), 1);
  }
});

test('a mouse, a key, a screen reader and a script click', () => {
  const tap = createTap();
  tap.down({ pointerType: 'mouse', pointerId: 1, width: 1, height: 1 }, BOX);
  assert.equal(tap.up({ pointerId: 1, timeStamp: 1_000, ...CENTRE }), false);
  assert.equal(tap.click(click()), true);
  for (const more of [{ detail: 0 }, { detail: 0, pointerType: '' }, { detail: 1, pointerType: 'touch' }]) {
    assert.equal(tap.click(click(more)), true);
  }
});

test('two fingers in turn, each down before the other is lifted, with no click at all', () => {
  const tap = createTap();
  let counted = 0;
  tap.down(finger(0), BOX);
  for (let i = 1; i <= 22; i += 1) {
    tap.down(finger(i), BOX);
    counted += tap.up(finger(i - 1));
  }
  assert.equal(counted, 22);
});

test('a finger that rests counts when it is lifted, those that tap meanwhile at once', () => {
  const tap = createTap();
  tap.down(finger(0), BOX);
  assert.equal(taps(tap, finger(1)), 1);
  assert.equal(tap.up(finger(0, { timeStamp: 60_000 })), true);
  assert.equal(tap.click(click({ timeStamp: 60_001 })), false);
});

test('a tap may slide within the key and a little beyond, but not away from it', () => {
  for (const [more, counts] of [
    [{ clientX: 220 }, true], [{ clientX: 101, clientY: 501 }, true], [{ clientX: 305 }, true], [{ clientY: 495 }, true],
    [{ clientX: 309 }, false], [{ clientX: 91 }, false], [{ clientY: 629 }, false], [{ clientY: 300 }, false],
  ]) {
    const tap = createTap();
    tap.down(finger(1), BOX);
    assert.equal(tap.up(finger(1, more)), counts, JSON.stringify(more));
  }
});

test('a pen’s other button counts nothing', () => {
  const tap = createTap();
  tap.down(finger(1, { pointerType: 'pen', button: 2 }), BOX);
  assert.equal(tap.up(finger(1)), false);
});

test('what the browser takes for itself counts nothing, nor does a finger that came down elsewhere', () => {
  const tap = createTap();
  tap.down(finger(1), BOX);
  tap.cancel(finger(1));
  assert.equal(tap.up(finger(1)), false);
  assert.equal(tap.up(finger(2)), false);
  tap.down(finger(3), BOX);
  assert.equal(tap.up(finger(3)), true);
  assert.equal(tap.up(finger(3)), false);
});

test('a click that is not the tap’s own counts, however soon after it', () => {
  const keyboard = createTap();
  assert.equal(taps(keyboard, finger(1)), 1);
  assert.equal(keyboard.click(click({ detail: 0 })), true);
  const mouse = createTap();
  mouse.down(finger(1), BOX);
  mouse.up(finger(1));
  mouse.down({ pointerType: 'mouse', pointerId: 9, width: 1, height: 1 }, BOX);
  assert.equal(mouse.click(click()), true);
  const later = createTap();
  later.down(finger(1), BOX);
  later.up(finger(1));
  assert.equal(later.click(click({ timeStamp: 2_001 })), true);
});

test('where a screen reader taps as a finger without a size, its click counts alone', () => {
  const tap = createTap();
  for (const detail of [0, 1]) {
    tap.down(finger(1, { width: 0, height: 0 }), BOX);
    assert.equal(tap.up(finger(1)), false);
    assert.equal(tap.click(click({ detail })), true);
  }
});

function key() {
  const told = { times: 0 };
  const button = new EventTarget();
  Object.assign(button, { disabled: false, getBoundingClientRect: () => BOX });
  xTap(button, { expression: 'count(1)' }, { evaluateLater: () => () => { told.times += 1; } });
  const tell = (name, more) => {
    const { timeStamp, ...rest } = { ...finger(1), ...more };
    const event = Object.assign(new Event(name, { cancelable: true }), rest);
    button.dispatchEvent(event);
    return event;
  };
  return { button, told, tell };
}

test('a key that is locked in the middle of a press counts nothing, nor one that was locked when it began', () => {
  const { button, told, tell } = key();
  tell('pointerdown');
  button.disabled = true;
  tell('pointerup');
  assert.equal(told.times, 0);
  tell('pointerdown');
  button.disabled = false;
  tell('pointerup');
  assert.equal(told.times, 0);
  tell('pointerdown');
  tell('pointerup');
  assert.equal(told.times, 1);
});

test('a long press counts once and opens no menu', () => {
  const { told, tell } = key();
  tell('pointerdown');
  assert.equal(tell('contextmenu').defaultPrevented, true);
  tell('pointerup');
  assert.equal(told.times, 1);
});
