import assert from 'node:assert/strict';
import { test } from 'node:test';

import { KEPT, createRecord, restore } from '../../web/lab/record.js';

const frame = (text, masked = false) => btoa(masked ? `\x81${String.fromCharCode(128 | text.length)}\0\0\0\0${text}` : `\x81${String.fromCharCode(text.length)}${text}`);
const asks = (at, op) => ({ what: 'frame', at, from: 'page', frame: frame(`{"type":"add","op":${op},"delta":1}`, true) });
const tells = (at, more = '') => ({ what: 'frame', at, from: 'server', frame: frame(`{"type":"state","counter":5,"revision":1${more}}`) });
const whats = ({ rows }) => rows.map(({ what }) => what);

test('events stand in the order in which they happened, whenever they come', () => {
  const record = createRecord();
  record.take({ now: 10, events: [] }, 110);
  record.note({ what: 'tap', t: 103, delta: 1 });
  record.take({ now: 12, events: [tells(2), asks(4, 1)] }, 112.2);

  assert.deepEqual(whats(record), ['frame', 'tap', 'frame']);
  assert.deepEqual(record.rows.map(({ t }) => t), [102, 103, 104]);
});

test('the server’s clock is this page’s less what the fastest message took, and another one after each connection', () => {
  const record = createRecord();
  record.take({ now: 1, events: [tells(1)] }, 101.5);
  record.take({ now: 2, events: [tells(2)] }, 102.1);
  record.begin();
  record.take({ now: 500, events: [tells(500)] }, 103);
  assert.deepEqual(record.rows.map(({ t }) => Number(t.toFixed(3))), [101.5, 102.1, 103]);
});

test('what the server did later stands below, though a clock is known better by then', () => {
  const record = createRecord();
  record.take({ now: 1.5, events: [asks(1, 1)] }, 102.5);
  record.take({ now: 1.51, events: [tells(1.01)] }, 102.1);
  assert.deepEqual(record.rows.map(({ events: [{ at }] }) => at), [1, 1.01]);
});

test('a state that went here and to everyone else at once is one row', () => {
  const record = createRecord();
  record.take({ now: 5, events: [tells(1, ',"ack":1'), { what: 'broadcast', at: 1.001, from: 'server', to: 27 }, { what: 'broadcast', at: 3, from: 'server', to: 27 }] }, 5);

  assert.deepEqual(record.rows.map(({ hops }) => hops.map(({ lane }) => lane)), [['ps', 'so'], ['so']]);
  assert.equal(record.rows[0].hops[1].value, 5);
});

test('bars: taps that are gathered, the server at work, a wait; and how long nothing happened', () => {
  const record = createRecord();
  record.note({ what: 'tap', t: 1, delta: 1 });
  record.note({ what: 'tap', t: 1.1, delta: 1 });
  record.take({ now: 1.4, events: [asks(1.35, 1), { what: 'journal', at: 1.36, operations: 1, own: 1, ms: 1 }, tells(1.37, ',"ack":1')] }, 1.4);
  record.note({ what: 'closed', t: 5, code: 1006 });
  record.note({ what: 'wait', t: 5.01, s: 1 });
  record.note({ what: 'tap', t: 5.5, delta: 1, kept: true });
  record.note({ what: 'try', t: 6, n: 1 });

  assert.deepEqual(record.rows.map(({ lanes }) => lanes.page), ['start', 'mid', 'end', '', '', '', 'start waits', 'mid waits', 'end waits']);
  assert.deepEqual(record.rows.map(({ lanes }) => lanes.server), ['', '', 'start', 'mid', 'end', '', '', '', '']);
  assert.equal(record.rows[1].lanes.last, true);
  assert.deepEqual(record.rows.map(({ down }) => down), [false, false, false, false, false, true, true, true, true]);
  assert.ok(Math.abs(record.rows[5].quiet - 3.63) < 0.01);
});

test('what was saved opens again as it was', () => {
  const record = createRecord();
  record.take({ now: 5, events: [{ what: 'http', at: 0, from: 'page', text: 'GET /ws HTTP/1.1' }, asks(1, 1), tells(2, ',"ack":1'), { what: 'broadcast', at: 2, from: 'server', to: 3 }, { what: 'gap', at: 3, count: 9 }] }, 5);
  record.note({ what: 'tap', t: 4, delta: 1 });

  const again = restore(JSON.parse(JSON.stringify(record.save())));

  assert.deepEqual(again.rows, record.rows);
});

test('what was not saved here does not', () => {
  const good = createRecord();
  good.note({ what: 'tap', t: 1, delta: 1 });
  for (const bad of [null, 1, [], {}, { ...good.save(), kind: 'x' }, { ...good.save(), version: 2 }, { ...good.save(), events: [{ what: 'tap' }] },
    { ...good.save(), events: [{ what: 'nonsense', t: 1 }] }, { ...good.save(), events: [{ what: 'frame', t: 1, from: 'page', frame: '!' }] }]) {
    assert.throws(() => restore(bad));
  }
});

test('no more is kept than there is room for', () => {
  const record = createRecord();
  for (let n = 0; n < KEPT + 10; n += 1) record.note({ what: 'tap', t: n / 10, delta: 1 });
  assert.equal(record.rows.length, KEPT);
  assert.equal(record.rows[0].t, 1);
}, { timeout: 60_000 });
