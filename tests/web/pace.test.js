import assert from 'node:assert/strict';
import { test } from 'node:test';

import { announcer, gatherer } from '../../web/model/pace.js';
import { fakeEnv } from './fakes.js';

function gather() {
  const env = fakeEnv();
  const sent = { times: 0 };
  return { env, sent, clicked: gatherer(() => { sent.times += 1; }, env) };
}

function announce() {
  const env = fakeEnv();
  const said = { times: 0 };
  return { env, said, ...announcer(() => { said.times += 1; }, env) };
}

test('clicks are gathered until 250 ms of quiet', () => {
  const { env, sent, clicked } = gather();
  clicked();
  env.pass(200);
  clicked();
  env.pass(249);
  assert.equal(sent.times, 0);
  env.pass(1);
  assert.equal(sent.times, 1);
  env.pass(5_000);
  assert.equal(sent.times, 1);
});

test('while the clicking goes on they are sent every second', () => {
  const { env, sent, clicked } = gather();
  for (let i = 0; i < 25; i += 1) {
    clicked();
    env.pass(100);
  }
  assert.equal(sent.times, 2, 'at 1.0 s and 2.0 s; the rest is still being gathered');
  env.pass(250);
  assert.equal(sent.times, 3);
});

test("one's own number is said after 400 ms of quiet", () => {
  const { env, said, own } = announce();
  own();
  env.pass(300);
  own();
  env.pass(399);
  assert.equal(said.times, 0);
  env.pass(1);
  assert.equal(said.times, 1);
});

test("others' are said at once when it was quiet, then every 5 s at most", () => {
  const { env, said, others } = announce();
  for (let i = 0; i < 90; i += 1) {
    others();
    env.pass(100);
  }
  assert.equal(said.times, 2);
  env.pass(5_000);
  assert.equal(said.times, 3);
});

test('a clock set back does not silence the others', () => {
  const { env, said, others } = announce();
  others();
  env.pass(0);
  env.sleep(-3_600_000);
  others();
  env.pass(5_000);
  assert.equal(said.times, 2);
});
