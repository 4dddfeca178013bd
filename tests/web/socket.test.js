import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TIMES, createSocket } from '../../web/link/socket.js';
import { dice, fakeEnv, fakeWebSocket } from './fakes.js';

function start(options) {
  const WebSocket = fakeWebSocket();
  const env = Object.assign(fakeEnv(options), { WebSocket });
  const told = { messages: [], away: [], turnedOut: 0, removed: 0 };
  const socket = createSocket('ws://127.0.0.1/ws', 'lan-counter.v1', env, {
    message: (message) => told.messages.push(message),
    away: (seconds, blocked) => {
      told.away.push(seconds);
      told.blocked = blocked;
    },
    turnedOut: () => { told.turnedOut += 1; },
    removed: () => { told.removed += 1; },
  });
  socket.connect();
  return { WebSocket, env, told, socket, made: WebSocket.made };
}

// Whether the server answers to a page is up to the test; an answer comes when all that waits for nothing else is done.
function block(answers = true, options) {
  const all = start(options);
  all.env.answers = async () => answers;
  return { ...all, fail: async () => {
    all.made.at(-1).end();
    await new Promise(setImmediate);
  }, answer: (now) => { answers = now; }, next: () => {
    for (const before = all.made.length; all.made.length === before;) all.env.pass(100);
  } };
}

function open(options) {
  const all = start(options);
  all.WebSocket.last.open();
  return all;
}

test('connects at once, with the subprotocol, and passes messages on', () => {
  const { made, told, WebSocket } = open();
  assert.equal(made.length, 1);
  assert.equal(WebSocket.last.protocol, 'lan-counter.v1');
  WebSocket.last.say({ type: 'state', counter: 1 });
  assert.deepEqual(told.messages, [{ type: 'state', counter: 1 }]);
  assert.deepEqual(told.away, [null]);
});

test('a handshake that takes over 4 s is given up, and the socket let go', () => {
  const { env, made, told } = start();
  env.pass(TIMES.connect - 1);
  assert.deepEqual(told.away, [null]);
  env.pass(1);
  assert.equal(made[0].onclose, null);
  assert.equal(told.away.at(-1), 1);
});

test('the wait is drawn from 0.5 s to a cap that grows to 3 s', () => {
  for (const [drawn, waits] of [[0, [500, 500, 500, 500]], [1 - 1e-9, [1_000, 2_000, 3_000, 3_000]]]) {
    const { env, made } = start({ random: () => drawn });
    for (const wait of waits) {
      const before = made.length;
      made.at(-1).end();
      env.pass(wait - 2);
      assert.equal(made.length, before);
      env.pass(2);
      assert.equal(made.length, before + 1);
    }
  }
});

test('the person is told the seconds as they go', () => {
  const { env, made, told } = start({ random: () => 0.9 });
  for (let i = 0; i < 3; i += 1) {
    made.at(-1).end();
    env.pass(3_000);
  }
  assert.deepEqual(told.away.slice(-4), [3, 2, 1, null]);
});

test('a message heard makes the next wait short again', () => {
  const { env, made, told } = start({ random: () => 1 });
  for (let i = 0; i < 4; i += 1) {
    made.at(-1).end();
    env.pass(3_000);
  }
  made.at(-1).open();
  made.at(-1).say({ type: 'state' });
  made.at(-1).end();
  assert.equal(told.away.at(-1), 1);
});

test('pings every 10 s; 25 s of silence and another socket is opened, without waiting for onclose', () => {
  const { env, made, told } = open();
  env.pass(24_999);
  assert.deepEqual(made[0].sent.map(({ type }) => type), ['ping', 'ping']);
  assert.equal(made.length, 1);
  env.pass(1);
  assert.equal(made.length, 2);
  assert.equal(made[0].onmessage, null);
  assert.equal(told.away.at(-1), null);
});

test('answered pings keep a quiet connection', () => {
  const { env, made } = open();
  for (let i = 0; i < 60; i += 1) {
    env.pass(10_000);
    made[0].say({ type: 'pong', at: 0 });
  }
  assert.equal(made.length, 1);
});

test('no ack within 4 s of an operation: dead', () => {
  const { env, made, socket } = open();
  socket.send({ type: 'add', op: 1, delta: 1 });
  env.pass(3_000);
  made[0].say({ type: 'state', counter: 5 });
  socket.send({ type: 'add', op: 2, delta: 1 });
  env.pass(1_000);
  assert.equal(made.length, 2);
});

test('an ack buys the operations after it another 4 s, and the last one ends the wait', () => {
  const { env, made, socket } = open();
  socket.send({ type: 'add', op: 1, delta: 1 });
  socket.send({ type: 'add', op: 2, delta: 1 });
  env.pass(3_000);
  made[0].say({ type: 'state', ack: 1 });
  env.pass(3_999);
  assert.equal(made.length, 1);
  made[0].say({ type: 'state', ack: 2 });
  env.pass(9_000);
  assert.equal(made.length, 1);
});

test('an ack that leaves operations open does not end the wait', () => {
  const { env, made, socket } = open();
  socket.send({ type: 'add', op: 1, delta: 1 });
  socket.send({ type: 'add', op: 2, delta: 1 });
  made[0].say({ type: 'state', ack: 1 });
  env.pass(4_000);
  assert.equal(made.length, 2);
});

test('an operation the server has in hand but cannot record is waited for', () => {
  const { env, made, socket } = open();
  socket.send({ type: 'add', op: 1, delta: 1 });
  made[0].say({ type: 'error', code: 'not_recorded', op: 1 });
  env.pass(9_000);
  assert.equal(made.length, 1);
});

test('a server that greets but never acknowledges is asked anew less and less often, until it does', () => {
  const { env, made, socket, WebSocket } = open();
  const waits = [];
  for (let i = 0; i < 5; i += 1) {
    if (i) {
      WebSocket.last.open();
      WebSocket.last.say({ type: 'state', ack: 0 });
    }
    socket.send({ type: 'add', op: 1, delta: 1 });
    const before = env.now();
    while (made.length === i + 1) env.pass(1_000);
    waits.push(env.now() - before);
  }
  assert.deepEqual(waits, [4_000, 8_000, 16_000, 25_000, 25_000]);
  WebSocket.last.open();
  socket.send({ type: 'add', op: 1, delta: 1 });
  WebSocket.last.say({ type: 'state', ack: 1 });
  socket.send({ type: 'add', op: 2, delta: 1 });
  env.pass(4_000);
  assert.equal(made.length, 7);
});

test('what is sent into a closing socket opens another one', () => {
  const { made, socket } = open();
  made[0].readyState = 2;
  socket.send({ type: 'add', op: 1, delta: 1 });
  assert.deepEqual(made[0].sent, []);
  assert.equal(made.length, 2);
  socket.send({ type: 'add', op: 1, delta: 1 });
  assert.equal(made.length, 2);
});

test('waking up ends a wait, leaves a handshake alone, and asks an open socket to prove itself', () => {
  const { env, made, socket, told } = start();
  socket.wake();
  assert.equal(made.length, 1);
  made[0].end();
  socket.wake();
  assert.equal(made.length, 2);
  made[1].open();
  socket.wake();
  socket.wake();
  assert.deepEqual(made[1].sent.map(({ type }) => type), ['ping']);
  env.pass(1_000);
  made[1].say({ type: 'pong', at: 0 });
  env.pass(4_000);
  assert.equal(made.length, 2);
  socket.wake();
  env.pass(4_000);
  assert.equal(made.length, 3);
  assert.equal(told.away.at(-1), null);
});

test('a clock that jumps means that the machine slept: it is seen within 2 s, and there are 4 s to prove itself', () => {
  for (const jump of [3_600_000, -3_600_000]) {
    const { env, made } = open();
    env.pass(4_500);
    env.sleep(jump);
    env.pass(TIMES.glance);
    assert.equal(made[0].sent.length, 1);
    env.pass(4_000);
    assert.equal(made.length, 2);
  }
});

test('timers that come late together, as in a hidden tab, do not cost a healthy connection', () => {
  const { env, made } = open();
  env.pass(9_000);
  made[0].say({ type: 'state' });
  env.sleep(60_000);
  env.pass(1_000);
  assert.deepEqual(made[0].sent.map(({ type }) => type), ['ping']);
  made[0].say({ type: 'pong', at: 0 });
  env.pass(10_000);
  assert.equal(made.length, 1);
});

test('silence that was slept through proves nothing yet', () => {
  const { env, made } = open();
  env.pass(4_000);
  made[0].say({ type: 'state' });
  env.pass(24_500);
  env.sleep(60_000);
  env.pass(500);
  assert.equal(made.length, 1);
  made[0].say({ type: 'pong', at: 0 });
  env.pass(1_500);
  assert.equal(made.length, 1);
});

test('1008 is told as what it is, other ends are not', () => {
  const { made, told, env } = open();
  made[0].end(1008);
  assert.equal(told.turnedOut, 1);
  env.pass(3_000);
  made[1].open();
  made[1].end(1001);
  assert.equal(told.turnedOut, 1);
});

test('4003: removed by the host, and nothing opens another one', () => {
  const { made, told, env, socket } = open();
  const away = told.away.length;
  made[0].end(4003);
  assert.equal(told.removed, 1);
  socket.wake();
  socket.connect();
  socket.send({ type: 'add', op: 1, delta: 1 });
  env.pass(60_000);
  assert.equal(made.length, 1);
  assert.equal(told.away.length, away);
  assert.equal(env.timers, 0);
});

test('a socket that was let go has no say any more, and leaves no timer behind', () => {
  const { made, socket, env, WebSocket } = open();
  socket.connect();
  assert.equal(made[0].onmessage, null);
  assert.equal(env.timers, 1, 'the new handshake only');
  WebSocket.last.open();
  assert.equal(env.timers, 2, 'beat and silence');
});

test('every wait is between 0.5 and 3 s', () => {
  const { env, made } = start({ random: dice(7) });
  for (let i = 0; i < 300; i += 1) {
    const before = made.length;
    made.at(-1).end();
    env.pass(499);
    assert.equal(made.length, before);
    env.pass(2_501);
    assert.equal(made.length, before + 1);
  }
});

// --- pages get through, connections don't ---

test('where the server answers to a page, but no connection opens, it is said at once, and since when', async () => {
  const { told, fail, next } = block();
  assert.equal(told.blocked, null);
  await fail();
  assert.equal(told.blocked, 0);
  for (let i = 0; i < 20; i += 1) {
    next();
    await fail();
  }
  assert.ok(told.blocked > 60_000, `${told.blocked}`);
});

test('then the wait grows to 30 s, with the seconds as they go', async () => {
  const { env, told, fail, next } = block(true, { random: () => 1 });
  const waits = [];
  for (let i = 0; i < 8; i += 1) {
    await fail();
    waits.push(told.away.at(-1));
    next();
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 16, 30, 30, 30]);
  await fail();
  const from = told.away.length;
  env.pass(3_000);
  assert.deepEqual(told.away.slice(from), [29, 28, 27]);
});

test('where the server does not answer to a page either, nothing is said to be in the way', async () => {
  const { told, fail, answer, next } = block(false, { random: () => 1 });
  for (let i = 0; i < 6; i += 1) {
    await fail();
    assert.equal(told.blocked, null);
    assert.ok(told.away.at(-1) <= 3);
    next();
  }
  answer(true);
  for (let i = 0; i < 6; i += 1) {
    await fail();
    next();
  }
  answer(false);
  await fail();
  assert.equal(told.blocked, null);
  assert.ok(told.away.at(-1) <= 3, 'a server that comes back is not kept waiting');
});

test('a connection that was there and is lost is not looked into, the next one that fails is, twice', async () => {
  const { told, fail, made, next } = block();
  made[0].open();
  made[0].say({ type: 'state' });
  await fail();
  assert.equal(told.blocked, null);
  next();
  await fail();
  assert.equal(told.blocked, null, 'a server that has just come back');
  next();
  await fail();
  assert.notEqual(told.blocked, null);
  next();
  made.at(-1).open();
  made.at(-1).say({ type: 'state' });
  await fail();
  assert.equal(told.blocked, null);
});

test('a connection that opens and lets nothing through is one that is blocked', async () => {
  const { env, told, made } = block();
  made[0].open();
  env.pass(TIMES.silence);
  await new Promise(setImmediate);
  assert.equal(made.length, 2);
  assert.notEqual(told.blocked, null);
});

test('an answer that comes when there is a connection says nothing', async () => {
  const { env, told, made } = start();
  let answer;
  env.answers = () => new Promise((resolve) => { answer = resolve; });
  made[0].end();
  env.pass(3_000);
  made[1].open();
  made[1].say({ type: 'state' });
  const before = told.away.length;
  answer(true);
  await new Promise(setImmediate);
  assert.equal(told.away.length, before);
});

test('who is waked up does not wait 30 s', async () => {
  const { fail, made, socket, next } = block();
  for (let i = 0; i < 8; i += 1) {
    await fail();
    next();
  }
  await fail();
  const before = made.length;
  socket.wake();
  assert.equal(made.length, before + 1);
});
