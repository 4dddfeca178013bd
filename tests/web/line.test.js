import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CUT_FOR, LATE, createLine } from '../../web/lab/line.js';
import { TIMES, createSocket } from '../../web/link/socket.js';
import { fakeEnv } from './fakes.js';

// What a browser's is, as far as the lab knows: an EventTarget with handlers.
class Native extends EventTarget {
  static made = [];

  constructor(url) {
    super();
    Object.assign(this, { url, readyState: 0, said: [], heard: { message: null, close: null, open: null } });
    for (const name of ['message', 'close', 'open']) this.addEventListener(name, (event) => this.heard[name]?.(event));
    Native.made.push(this);
  }

  get onmessage() { return this.heard.message; }
  set onmessage(handler) { this.heard.message = handler; }
  get onclose() { return this.heard.close; }
  set onclose(handler) { this.heard.close = handler; }
  get onopen() { return this.heard.open; }
  set onopen(handler) { this.heard.open = handler; }

  send(text) { this.said.push(JSON.parse(text)); }
  close() { this.readyState = 2; }

  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }
  say(message) { this.dispatchEvent(Object.assign(new Event('message'), { data: JSON.stringify(message) })); }
  end(code = 1006) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason: '' }));
  }
}

function start({ late = false } = {}) {
  Native.made = [];
  const env = fakeEnv();
  const told = { events: [], wires: [], messages: [], full: 0 };
  const link = { ...env, WebSocket: Native };
  const socket = createSocket('ws://x/ws', 'v1', link, { message: (message) => told.messages.push(message), away() {}, turnedOut() {}, removed() {} });
  const line = createLine({ ...env, Native }, {
    wire: (message) => told.wires.push(message), full: () => { told.full += 1; }, begun() {}, heard() {}, happened: (event) => told.events.push(event), changed() {},
  });
  const watch = () => {
    link.WebSocket = function WebSocket(...how) { return line.open(...how); };
    if (socket.raw()) line.join(socket.raw());
  };
  if (!late) watch();
  socket.connect();
  Native.made.at(-1).open();
  return { env, told, socket, line, watch, get last() { return Native.made.at(-1); } };
}

const state = (ack, more) => ({ type: 'state', counter: 9, revision: 9, ack, ...more });
const whole = (ack) => state(ack, { epoch: 'e' });
const whats = ({ events }) => events.map(({ what }) => what);

test('a connection is watched from its first byte, and one that is there already from when it is asked for', () => {
  assert.equal(start().last.url, 'ws://x/ws?watch');
  const all = start({ late: true });
  assert.equal(all.last.url, 'ws://x/ws');
  all.watch();
  assert.deepEqual(all.last.said, [{ type: 'watch', wire: true }]);
  all.last.say(state(1));
  all.last.say({ type: 'wire', now: 1, events: [] });
  all.last.say({ type: 'error', code: 'full' });
  assert.deepEqual([all.told.messages.length, all.told.wires.length, all.told.full], [1, 1, 1]);
});

test('when it is left all is as before', () => {
  const all = start({ late: true });
  all.watch();
  all.line.toggle('freeze');
  all.last.say(state(1));
  all.line.leave();
  all.last.say(state(2));
  assert.deepEqual(all.told.messages.map(({ ack }) => ack), [1, 2]);
  assert.deepEqual(all.last.said.at(-1), { type: 'watch', wire: false });
  assert.ok(!Object.hasOwn(all.last, 'send'));
});

test('frozen, all that comes is held, in its order, until it is let go', () => {
  const all = start();
  all.line.toggle('freeze');
  for (const ack of [1, 2, 3]) all.last.say(state(ack));
  assert.equal(all.told.messages.length, 0);
  all.line.toggle('freeze');
  assert.deepEqual(all.told.messages.map(({ ack }) => ack), [1, 2, 3]);
  assert.deepEqual(all.told.events, [{ what: 'broken', how: 'freeze', on: true }, { what: 'broken', how: 'freeze', on: false }]);
});

test('frozen for long, the page finds for itself that nothing comes, and connects anew', () => {
  const all = start();
  all.last.say(whole(0));
  all.line.toggle('freeze');
  all.env.pass(TIMES.silence);
  assert.equal(Native.made.length, 2);
  assert.deepEqual(all.told.events.at(-1), { what: 'silent', s: 25 });
});

test('slow, what comes and what goes is late, and keeps its order', () => {
  const all = start();
  all.line.toggle('slow');
  all.last.say(state(1));
  all.last.say(state(2));
  all.socket.send({ type: 'ping', at: 1 });
  all.env.pass(LATE - 1);
  assert.deepEqual([all.told.messages.length, all.last.said.length], [0, 0]);
  all.env.pass(50);
  assert.deepEqual([all.told.messages.map(({ ack }) => ack), all.last.said.length], [[1, 2], 1]);
  all.line.toggle('slow');
  all.last.say(state(3));
  all.env.pass(1);
  assert.equal(all.told.messages.length, 3);
});

test('what is late when it is left comes and goes at once, in its order', () => {
  const all = start();
  all.line.toggle('slow');
  all.last.say(state(1));
  all.socket.send({ type: 'add', op: 1, delta: 1 });
  all.line.leave();
  all.last.say(state(2));
  all.socket.send({ type: 'add', op: 2, delta: 1 });
  assert.deepEqual(all.told.messages.map(({ ack }) => ack), [1, 2]);
  assert.deepEqual(all.last.said.map(({ type, op }) => op ?? type), [1, 'watch', 2]);
  all.env.pass(1_000);
  assert.equal(all.last.said.length, 3);
});

test('cut, the server is asked to drop it, and for a while no connection has an answer', () => {
  const all = start();
  all.last.say(whole(0));
  all.line.toggle('cut');
  assert.deepEqual(all.last.said.at(-1), { type: 'break' });
  all.last.end();
  assert.deepEqual(all.told.events.at(-1), { what: 'closed', code: 1006, why: '' });
  all.env.pass(1_000);
  assert.equal(all.last.url, 'ws://x/ws?cut');
  all.last.end();
  assert.equal(all.told.events.at(-1).what, 'try');
  all.env.pass(CUT_FOR + TIMES.retryMost);
  assert.equal(all.last.url, 'ws://x/ws?watch');
});

test('an answer that is lost is said again, and is found not to count twice', () => {
  const all = start();
  all.last.say(whole(0));
  all.line.toggle('lose');
  all.socket.send({ type: 'add', op: 1, delta: 1 });
  all.last.say(state(1));
  assert.equal(all.told.messages.length, 1);
  all.env.pass(TIMES.proof);
  assert.equal(Native.made.length, 2);
  assert.deepEqual(whats(all.told), ['broken', 'lost', 'unanswered']);

  all.last.open();
  all.last.say(whole(1));
  assert.deepEqual(all.told.messages.at(-1), { ...whole(1), ack: 0, revision: 0 });
  all.socket.send({ type: 'add', op: 1, delta: 1 });
  all.last.say(state(1));
  assert.equal(all.told.messages.at(-1).ack, 1);
  assert.deepEqual(whats(all.told).slice(3), ['lost', 'repeated']);
  assert.equal(all.line.states.lose, false);
});

test('what is decided while it was away is not sent again, and that is said', () => {
  const all = start();
  all.last.say(whole(0));
  all.socket.send({ type: 'add', op: 1, delta: 1 });
  all.last.end();
  all.env.pass(TIMES.retryMost);
  all.last.open();
  all.last.say(whole(1));
  assert.deepEqual(all.told.events.at(-1), { what: 'decided', op: 1 });
});

test('what an older connection had on its way is nobody’s any more', () => {
  const all = start();
  all.line.toggle('slow');
  all.last.say(state(1));
  all.socket.connect();
  all.env.pass(1_000);
  assert.equal(all.told.messages.length, 0);
});
