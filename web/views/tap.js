// One count per finger. Of several fingers' taps a browser makes no `click`, so they are followed themselves; a `click` is
// a mouse's, a key's or a screen reader's, or comes after a tap that has counted.

const SLACK = 8; // px beyond the key
const LATEST = 1_000; // ms from a tap to its `click`

/** What counts on one key: `down(event, box)`, `up(event)`, `cancel(event)` and `click(event)` are told, and `up` and
 * `click` say whether it does. */
export function createTap() {
  const boxes = new Map(); // by pointer: where the key was when a finger went down; null for no finger
  let lifted = -Infinity;

  return {
    down({ pointerType, pointerId, button, width, height }, box) {
      // Without a size it is a screen reader's, on iOS, and has no true place: its click counts.
      const isFinger = /touch|pen/.test(pointerType) && !button && (width !== 0 || height !== 0);
      boxes.set(pointerId, isFinger ? box : null);
      if (!isFinger) lifted = -Infinity;
    },

    // One that was not seen going down did so while the key was disabled: neither it nor its click counts.
    up({ pointerId, clientX: x, clientY: y, timeStamp }) {
      const box = boxes.get(pointerId);
      boxes.delete(pointerId);
      if (box === null) return false;
      lifted = timeStamp;
      if (!box) return false;
      return Math.max(box.left - x, x - box.right, box.top - y, y - box.bottom) <= SLACK;
    },

    cancel({ pointerId }) { boxes.delete(pointerId); },

    // Without a `detail` it is no pointer's.
    click({ detail, timeStamp }) {
      const isTaps = detail > 0 && timeStamp - lifted < LATEST;
      if (isTaps) lifted = -Infinity;
      return !isTaps;
    },
  };
}

/** `x-tap="count(1)"`: does it for each finger's tap on a button, and for each click. */
export function xTap(button, { expression }, { evaluateLater }) {
  const count = evaluateLater(expression);
  const tap = createTap();
  const on = (name, handle) => button.addEventListener(name, handle);
  on('pointerdown', (event) => button.disabled || tap.down(event, button.getBoundingClientRect()));
  on('pointerup', (event) => tap.up(event) && !button.disabled && count());
  on('pointercancel', tap.cancel);
  on('click', (event) => tap.click(event) && count());
  on('contextmenu', (event) => event.preventDefault()); // after a long press
}
