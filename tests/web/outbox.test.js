import assert from 'node:assert/strict';
import { test } from 'node:test';

import { begin, click, enqueue, flush, learn, outgoing, receive, seal, turnedOut, view } from '../../web/model/logic.js';
import { HOLD, MOST_OPS, RENEW, clientOf, createOutbox, keyOf, ownerOf, parse, toKeep } from '../../web/model/outbox.js';
import { ask } from '../../web/model/wishes.js';
import { fakeEnv, fakeStorage } from './fakes.js';

const SEED = '0123456789-0123456789';
const STATE = { type: 'state', counter: 40, revision: 7, people: 2, epoch: 'e1', role: 'guest', settings: { step: 1 } };
const after = (model, ...steps) => steps.reduce((current, step) => step(current), model);
const clicks = (...directions) => (model) => directions.reduce(click, model);
const hears = (message) => (model) => receive(model, message);
const joined = (secret = null, role = 'guest') => after(
  begin(SEED, secret), hears(STATE), (model) => outgoing(model).model, hears({ ...STATE, ack: 0, role }),
);

function start(model = joined()) {
  const env = fakeEnv();
  const storage = fakeStorage();
  const told = { due: 0 };
  const key = keyOf(clientOf(model));
  const outbox = createOutbox(() => storage, env, () => { told.due += 1; });
  return { env, storage, told, outbox, model, text: () => storage.getItem(key), record: () => parse(storage.getItem(key) ?? '') };
}

test('a click is kept at once, under the number it will have, and gone once it is acknowledged', () => {
  const { outbox, model, record, storage } = start();
  const clicked = after(model, clicks(1, 1));
  outbox.save(clicked, false);
  assert.deepEqual(record().ops, [[1, 2, 7, 2]]);
  assert.equal(record().epoch, 'e1');
  const sent = outgoing(flush(clicked));
  assert.deepEqual(sent.messages, [{ type: 'add', delta: 2, seen: 7, op: 1 }]);
  outbox.save(receive(sent.model, { type: 'state', counter: 42, revision: 8, ack: 1 }), false);
  assert.equal(storage.items.size, 0);
});

test('what stays as it was is not written again', () => {
  const { outbox, model, text } = start();
  const clicked = after(model, clicks(1));
  outbox.save(clicked, false);
  const before = text();
  outbox.save(flush(clicked), false);
  outbox.save(receive(flush(clicked), { type: 'state', counter: 50, revision: 8 }), false);
  assert.equal(text(), before);
});

test('clicks that cancel each other leave nothing', () => {
  const { outbox, model, storage } = start();
  outbox.save(after(model, clicks(1)), false);
  outbox.save(after(model, clicks(1, -1)), false);
  assert.equal(storage.items.size, 0);
});

test('an owner who is there says so every few seconds; once gone for long, they know', () => {
  const { env, outbox, model, text, told } = start();
  const clicked = after(model, clicks(1));
  assert.equal(outbox.lapsed(), false);
  outbox.save(clicked, false);
  const first = text();
  env.pass(RENEW);
  assert.equal(told.due, 1);
  outbox.save(clicked, false);
  assert.equal(text(), first, 'it is written when it is due, not whenever it is shown');
  env.sleep(HOLD - RENEW - 1);
  assert.equal(outbox.lapsed(), false);
  env.sleep(1);
  assert.equal(outbox.lapsed(), true);
});

test('what is due is written, though it is the same', () => {
  const env = fakeEnv();
  const storage = fakeStorage();
  const clicked = after(joined(), clicks(1));
  const outbox = createOutbox(() => storage, env, () => outbox.save(clicked, false));
  outbox.save(clicked, false);
  const texts = new Set();
  for (let i = 0; i < 5; i += 1) {
    texts.add(storage.getItem(storage.key(0)));
    env.pass(RENEW);
  }
  assert.equal(texts.size, 5);
  assert.equal(outbox.lapsed(), false);
});

test('out of sight it is released, unless clicks are still gathered', () => {
  const { env, outbox, model, record } = start();
  const clicked = after(model, clicks(1));
  outbox.save(clicked, true);
  assert.equal(record().released, false);
  outbox.save(seal(clicked), true);
  assert.equal(record().released, true);
  assert.equal(env.timers, 0);
  outbox.save(seal(clicked), false);
  assert.equal(record().released, false);
});

test('under another id what was kept under the old one is gone', () => {
  const { outbox, model, storage } = start();
  outbox.save(flush(after(model, clicks(1, 1))), false);
  const out = turnedOut(after(flush(after(model, clicks(1, 1))), clicks(1)));
  outbox.save(out, false);
  assert.deepEqual([...storage.items.keys()], [keyOf(`${SEED}-2`)]);
});

test('a full storage keeps nothing that is out of date, and takes up again when there is room', () => {
  const { outbox, model, storage, record } = start();
  outbox.save(after(model, clicks(1)), false);
  storage.full = true;
  outbox.save(after(model, clicks(1, 1)), false);
  assert.equal(storage.items.size, 0);
  assert.equal(outbox.lapsed(), false);
  storage.full = false;
  outbox.save(after(model, clicks(1, 1)), false);
  assert.deepEqual(record().ops, [[1, 2, 7, 2]]);
});

test('without storage nothing is kept, and nothing breaks', () => {
  const env = fakeEnv();
  const outbox = createOutbox(() => { throw new Error('forbidden'); }, env, () => {});
  outbox.save(after(joined(), clicks(1)), false);
  outbox.save(joined(), true);
  assert.equal(outbox.lapsed(), false);
  assert.equal(env.timers, 0);
});

test('of a host only the clicks are kept, up to the first thing they asked for, and never the secret', () => {
  const { outbox, storage } = start();
  const host = after(joined('s3cret', 'host'), clicks(1), (model) => ask(model, { type: 'reset' }), clicks(1));
  outbox.save(host, false);
  const [text] = storage.items.values();
  assert.deepEqual(parse(text).ops, [[1, 1, 7, 1]]);
  assert.doesNotMatch(text, /s3cret|reset/);
  const asked = ask(joined('s3cret', 'host'), { type: 'undo' });
  assert.deepEqual(toKeep(after(asked, clicks(1))), []);
});

test('as many operations are kept as may be sent at once', () => {
  const many = Array.from({ length: MOST_OPS + 5 }).reduce((model) => enqueue(model, { type: 'add', delta: 1, seen: 7 }, 1), joined());
  const kept = toKeep(many);
  assert.deepEqual([kept.length, kept[0][0], kept.at(-1)[0]], [MOST_OPS, 1, MOST_OPS]);
});

test('whose an outbox is, its key says', () => {
  assert.equal(ownerOf(keyOf(`${SEED}-1`)), `${SEED}-1`);
  assert.equal(ownerOf('name'), null);
  assert.equal(ownerOf(null), null);
  for (const end of ['', 'short', 'x'.repeat(65), `${SEED}<b>`, `${SEED}-1\n`]) assert.equal(ownerOf(keyOf(end)), '', end);
});

const good = { epoch: 'e1', at: 5, released: true, ops: [[3, 2, 7, 2], [4, -1, null, 1]] };

test('a good outbox is read as it is', () => {
  assert.deepEqual(parse(JSON.stringify({ ...good, beat: 9, tomorrow: 1 })), good);
  assert.equal(parse(JSON.stringify({ ...good, released: 'yes' })).released, false);
});

test('anything else is none', () => {
  const ops = [
    undefined, null, 7, '', {}, [], [null], [7], [[1, 1, 1]], [[1, 1, 1, 1, 1]], [['1', 1, 1, 1]], [[1, 0, 1, 1]], [[0, 1, 1, 1]],
    [[1, 1_000_001, 1, 1]], [[1, 1.5, 1, 1]], [[1, 1, -1, 1]], [[1, 1, 1, -1]], [[1, 1, 1, null]], [[1, 1, 1, 1], [3, 1, 1, 1]],
    [[2 ** 53, 1, 1, 1]], Array.from({ length: MOST_OPS + 1 }, (_, i) => [i + 1, 1, 1, 1]),
  ];
  const records = [
    null, 7, 'x', [], {}, { ...good, epoch: 7 }, { ...good, at: 'now' }, { ...good, at: null },
    ...ops.map((strange) => ({ ...good, ops: strange })), { ...good, more: 'x'.repeat(20_000) },
  ];
  for (const record of records) assert.equal(parse(JSON.stringify(record)), null, JSON.stringify(record).slice(0, 80));
  for (const text of ['', '{', 'undefined', '\u0000']) assert.equal(parse(text), null, text);
});

test('what became of earlier clicks is summed up, told beside the news, and gone with the next click', () => {
  const told = after(joined(), ...[{ 'before.counted': 2, 'before.known': 0 }, { 'before.counted': 1, 'lost.epoch': 4 }]
    .map((outcome) => (model) => learn(model, outcome)));
  assert.deepEqual(view(told).notes, [
    { key: 'before.counted', values: { n: 3 } }, { key: 'lost.epoch', values: { n: 4 } },
  ]);
  assert.deepEqual(view(click(told, 1)).notes.map(({ key }) => key), ['added']);
});

test('what took the number of settings that were refused is no click to keep', () => {
  const asked = ask(joined('s3cret', 'host'), { type: 'configure', settings: { step: 5 } });
  const refused = receive(outgoing(asked).model, { type: 'error', code: 'malformed' });
  assert.deepEqual(toKeep(click(refused, 1)), []);
});
