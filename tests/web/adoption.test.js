import assert from 'node:assert/strict';
import { test } from 'node:test';

import { GRACE, PAUSE, TOO_OLD, createAdopter } from '../../web/model/adoption.js';
import { WAIT, keyOf } from '../../web/model/outbox.js';
import { TIMES } from '../../web/link/socket.js';
import { fakeEnv, fakeStorage, fakeWebSocket } from './fakes.js';

const OWN = 'aaaaaaaaaa-aaaaaaaaaa';
const VOTER = '9876543210-9876543210';
const CLIENT = '0123456789-0123456789-1';
const FIRST = { type: 'state', counter: 40, revision: 7, people: 2, epoch: 'e1', role: 'guest' };
const RECORD = { epoch: 'e1', at: 1_000_000, beat: 1, released: true, ops: [[3, 2, 7, 2], [4, -1, null, 1]] };

function start(entries = { [keyOf(CLIENT)]: JSON.stringify(RECORD) }) {
  const WebSocket = fakeWebSocket();
  const env = Object.assign(fakeEnv(), { WebSocket });
  const storage = fakeStorage(entries);
  const now = { may: true };
  const told = [];
  const look = createAdopter(() => storage, 'ws://127.0.0.1/ws', 'lan-counter.v1', env, {
    may: () => now.may, isOwn: (client) => client.startsWith(OWN), voter: () => VOTER, told: (outcome) => told.push(outcome),
  });
  const ended = () => Object.fromEntries(Object.entries(Object.assign({}, ...told)).filter(([, n]) => n));
  return { env, storage, look, now, told, ended, WebSocket, made: WebSocket.made };
}

function meet(options) {
  const all = start(options);
  all.look();
  all.env.pass(GRACE * 3);
  const { WebSocket: { last } } = all;
  last.readyState = 1;
  last.say(FIRST);
  return { ...all, last };
}

const ack = (number) => ({ type: 'state', counter: 40, revision: 7, ack: number, role: 'guest' });

test('a released outbox is sent as its owner’s, over another connection, told and removed', () => {
  const { last, storage, ended } = meet();
  assert.equal(last.protocol, 'lan-counter.v1');
  last.say(ack(2));
  assert.deepEqual(last.sent, [
    { type: 'hello', client: CLIENT, voter: VOTER, screen: true },
    { type: 'add', op: 3, delta: 2, seen: 7 },
    { type: 'add', op: 4, delta: -1, seen: null },
  ]);
  last.say({ type: 'state', counter: 50, revision: 9 });
  last.say(ack(3));
  assert.equal(storage.items.size, 1);
  last.say(ack(4));
  assert.equal(storage.items.size, 0);
  assert.deepEqual(ended(), { 'before.counted': 3 });
  assert.equal(last.readyState, 2);
});

test('what the server had already is not sent again, and told as that', () => {
  const { last, ended } = meet();
  last.say(ack(3));
  assert.deepEqual(last.sent.slice(1).map(({ op }) => op), [4]);
  last.say(ack(4));
  assert.deepEqual(ended(), { 'before.known': 2, 'before.counted': 1 });
});

test('what is refused is told with its reason, a strange one too', () => {
  for (const [code, key] of [['locked', 'before.locked'], ['stale', 'before.stale'], ['tomorrow', 'before.other']]) {
    const { last, ended } = meet();
    last.say(ack(2));
    last.say({ type: 'error', code, message: '', op: 3 });
    last.say(ack(4));
    assert.deepEqual(ended(), { 'before.counted': 1, [key]: 2 });
  }
});

test('for another counter nothing is sent, and the clicks are told as lost', () => {
  const { env, look, WebSocket, storage, ended } = start();
  look();
  env.pass(GRACE * 3);
  WebSocket.last.say({ ...FIRST, epoch: 'e2' });
  assert.deepEqual(WebSocket.last.sent, []);
  assert.deepEqual(ended(), { 'lost.epoch': 3 });
  assert.equal(storage.items.size, 0);
});

test('too old: only what the server has already counts', () => {
  const old = { ...RECORD, at: 1_000_000 - TOO_OLD - 1 };
  const { last, ended, storage } = meet({ [keyOf(CLIENT)]: JSON.stringify(old) });
  last.say(ack(3));
  assert.equal(last.sent.length, 1);
  assert.deepEqual(ended(), { 'before.known': 2, 'before.old': 1 });
  assert.equal(storage.items.size, 0);
});

test('turned out or removed: nobody knows, and it is not tried again', () => {
  for (const code of [1008, 4003]) {
    const { last, ended, storage } = meet();
    last.say(ack(2));
    last.end(code);
    assert.deepEqual(ended(), { 'lost.closed': 3 });
    assert.equal(storage.items.size, 0);
  }
});

test('a connection that fails, stays silent or closes leaves all as it was, for another try', () => {
  const ends = [
    ({ env }) => env.pass(TIMES.connect),
    ({ last, env }) => { last.say(ack(2)); env.pass(TIMES.proof); },
    ({ last }) => { last.say(ack(2)); last.end(1001); },
  ];
  for (const end of ends) {
    const all = meet();
    end(all);
    assert.deepEqual([all.storage.items.size, all.told.length, all.made.length], [1, 0, 1]);
    all.env.pass(PAUSE);
    assert.equal(all.made.length, 2);
  }
});

test('what can’t be recorded yet is waited for', () => {
  const { last, env, ended } = meet();
  last.say(ack(2));
  last.say({ type: 'error', code: 'not_recorded', message: '', op: 3 });
  last.say({ type: 'error', code: 'not_recorded', message: '', op: 4 });
  env.pass(TIMES.silence - 1);
  last.say(ack(4));
  assert.deepEqual(ended(), { 'before.counted': 3 });
});

test('one that is held is left alone for as long as it changes, and a while more', () => {
  const { env, storage, look, made } = start();
  const write = (beat) => storage.setItem(keyOf(CLIENT), JSON.stringify({ ...RECORD, released: false, beat }));
  write(1);
  look();
  for (let beat = 2; beat < 12; beat += 1) {
    env.pass(PAUSE);
    write(beat);
  }
  env.pass(WAIT);
  assert.equal(made.length, 0);
  env.pass(PAUSE);
  assert.equal(made.length, 1);
});

test('whoever wrote more meanwhile keeps it', () => {
  const { last, storage } = meet();
  const more = JSON.stringify({ ...RECORD, released: false, ops: [...RECORD.ops, [5, 1, 7, 1]] });
  storage.setItem(keyOf(CLIENT), more);
  last.say(ack(4));
  assert.equal(storage.getItem(keyOf(CLIENT)), more);
});

test('one’s own is left alone, and so is what is no outbox, and all of it while it is not the time', () => {
  const entries = { [keyOf(`${OWN}-1`)]: JSON.stringify(RECORD), name: 'Ada' };
  const own = start(entries);
  own.look();
  assert.equal(own.env.timers, 0);
  const other = start();
  other.now.may = false;
  other.look();
  other.env.pass(WAIT);
  assert.equal(other.made.length, 0);
  assert.equal(own.storage.items.size, 2);
});

test('several are sent one after the other', () => {
  const keys = ['1', '2', '3'].map((end) => keyOf(`0123456789-0123456789-${end}`));
  const { env, look, made, storage } = start(Object.fromEntries(keys.map((key) => [key, JSON.stringify(RECORD)])));
  look();
  for (let i = 0; i < 3; i += 1) {
    env.pass(GRACE * 3);
    assert.equal(made.length, i + 1);
    made[i].readyState = 1;
    made[i].say(FIRST);
    made[i].say(ack(2));
    made[i].say(ack(4));
  }
  assert.equal(storage.items.size, 0);
  assert.equal(env.timers, 0);
});

test('what can’t be read is removed and told, however much it is', () => {
  const entries = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [keyOf(`0123456789-0123456789-${i}`), '{']));
  const { look, told, storage } = start({ ...entries, [keyOf('<b>')]: '[]', name: 'Ada' });
  look();
  assert.deepEqual([...storage.items.keys()], ['name']);
  assert.deepEqual(told, [{ 'before.unreadable': 1_001 }]);
});

test('without storage there is nothing to adopt', () => {
  const env = fakeEnv();
  createAdopter(() => { throw new Error('forbidden'); }, '', '', env, { may: () => true })();
  assert.equal(env.timers, 0);
});
