import assert from 'node:assert/strict';
import { test } from 'node:test';

import { away, begin, click, flush, outgoing, receive, removed, turnedOut, view } from '../../web/model/logic.js';
import { ask, rename } from '../../web/model/wishes.js';
import { dice } from './fakes.js';

const SEED = '0123456789abcdef0123456789abcdef';
const FIRST = { type: 'state', counter: 40, revision: 7, people: 2, epoch: 'e1', role: 'guest', settings: { title: 'Hands', step: 1, goal: null, locked: false, classic: true } };

const after = (model, ...steps) => steps.reduce((current, step) => step(current), model);
const hears = (message) => (model) => receive(model, message);
const clicks = (...directions) => (model) => directions.reduce(click, model);
const sends = (model) => outgoing(model).model;
const joins = (ack = 0, more = {}) => (model) => after(model, hears(FIRST), sends, hears({ type: 'state', counter: 40, revision: 7, ack, role: 'guest', ...more }));
const joined = (secret = null, more = {}) => after(begin(SEED, secret), joins(0, more));
const host = () => joined('s3cret', { role: 'host' });
const configure = (model, settings) => ask(model, { type: 'configure', settings });
const note = (model) => view(model).notes[0].key;

test('before the first state there is no number, and no click counts', () => {
  const model = click(begin(SEED), 1);
  assert.equal(view(model).value, null);
  assert.equal(view(model).link, 'connecting');
  assert.equal(view(model).mayClick, false);
});

test('the first state shows the number, and is answered with hello', () => {
  const { model, messages } = outgoing(receive(begin(SEED), FIRST));
  assert.equal(view(model).value, 40);
  assert.deepEqual(messages, [{ type: 'hello', client: `${SEED}-1` }]);
  assert.deepEqual(outgoing(model).messages, []);
});

test('a host says so in hello, and is taken for one until the server answers', () => {
  const { model, messages } = outgoing(receive(begin(SEED, 's3cret'), FIRST));
  assert.equal(messages[0].host, 's3cret');
  assert.equal(view(model).role, 'host');
});

test('a secret that is refused is forgotten', () => {
  const model = after(begin(SEED, 'old'), hears(FIRST), sends, hears({ type: 'error', code: 'not_host' }), hears({ type: 'state', counter: 40, revision: 7, ack: 0, role: 'guest' }));
  assert.equal(model.secret, null);
  assert.equal(view(model).role, 'guest');
  assert.equal(note(model), 'error.no_longer_host');
});

test('clicks show at once and go out as one operation, with the revision of the first', () => {
  const model = after(joined(), clicks(1), hears({ type: 'state', counter: 50, revision: 8 }), clicks(1, 1));
  assert.equal(view(model).value, 53);
  assert.deepEqual(outgoing(model).messages, []);
  assert.deepEqual(outgoing(flush(model)).messages, [{ type: 'add', delta: 3, seen: 7, op: 1 }]);
});

test('a host who counts nothing is told that the journal fails, until it works again', () => {
  const model = after(host(), hears({ type: 'error', code: 'not_recorded' }), hears({ type: 'state', counter: 40, revision: 7, people: 3 }));
  assert.equal(note(model), 'error.not_recorded');
  assert.equal(note(after(model, hears({ type: 'state', counter: 41, revision: 8 }))), 'shared');
});

test('the notices are those of the newest answer to hello', () => {
  const notice = (code) => hears({ type: 'notice', code });
  const model = after(host(), notice('set_aside'), notice('not_saved'), hears({ type: 'state', counter: 41, revision: 8, ack: 0 }));
  assert.deepEqual(model.notices.map(({ code }) => code), ['set_aside', 'not_saved']);
  const again = after(away(model), joins(0, { role: 'host' }));
  assert.deepEqual(again.notices, []);
  assert.deepEqual(after(again, notice('went_back')).notices.map(({ code }) => code), ['went_back']);
});

test('clicks that cancel each other send nothing', () => {
  const model = flush(after(joined(), clicks(1, -1)));
  assert.deepEqual(outgoing(model).messages, []);
  assert.equal(model.nextOp, 1);
});

test('an ack takes the operation away together with the counter that has it', () => {
  const model = after(joined(), clicks(1, 1), flush, sends, hears({ type: 'state', counter: 42, revision: 8, ack: 1 }));
  assert.equal(view(model).value, 42);
  assert.deepEqual(model.pending, []);
});

test('nothing is sent twice on one connection, and what is unacknowledged again on the next', () => {
  const sent = after(joined(), clicks(1), flush, sends, clicks(-1, -1), flush, sends);
  assert.deepEqual(outgoing(sent).messages, []);
  const back = after(sent, away, joins(1, { counter: 41, revision: 8 }));
  assert.deepEqual(outgoing(back).messages, [{ type: 'add', delta: -2, seen: 7, op: 2 }]);
  assert.equal(view(back).value, 39);
});

test('the first state of a new connection does not count an operation twice', () => {
  const sent = after(joined(), clicks(1), flush, sends, away, hears({ ...FIRST, counter: 41, revision: 8 }));
  assert.equal(view(sent).value, 41);
  assert.equal(view(after(sent, sends, hears({ type: 'state', counter: 41, revision: 8, ack: 1 }))).value, 41);
});

test('clicks made away are kept as one, told, and sent on return', () => {
  const kept = after(joined(), (model) => away(model, 2), clicks(1), flush, clicks(1, 1), flush);
  assert.deepEqual(view(kept).notes, [{ key: 'kept', values: { n: 3 } }]);
  assert.equal(view(kept).retryIn, 2);
  const back = after(kept, away, joins());
  assert.deepEqual(outgoing(back).messages, [{ type: 'add', delta: 3, seen: 7, op: 1 }]);
  assert.equal(view(back).value, 43);
});

test('an older state changes no number', () => {
  const model = after(joined(), hears({ type: 'state', counter: 50, revision: 9 }), hears({ type: 'state', counter: 41, revision: 8 }));
  assert.equal(view(model).value, 50);
});

test('what is refused is taken back, and told', () => {
  for (const code of ['locked', 'stale', 'out_of_range']) {
    const model = after(joined(), clicks(1), flush, sends, hears({ type: 'error', code, message: '', op: 1 }));
    assert.equal(view(model).value, 40);
    assert.equal(model.mine, 0);
    assert.equal(note(model), `error.${code}`);
    assert.equal(note(click(model, 1)), 'added');
  }
});

test('what is not recorded yet stays pending, until the ack', () => {
  const model = after(joined(), clicks(1), flush, sends, hears({ type: 'error', code: 'not_recorded', op: 1 }));
  assert.equal(view(model).value, 41);
  assert.equal(note(model), 'error.not_recorded');
  assert.equal(note(receive(model, { type: 'state', counter: 41, revision: 8, ack: 1 })), 'added');
});

test('in another epoch all that was kept is dropped and told, under a new client id', () => {
  const kept = after(joined(), clicks(1), flush, sends, away, clicks(1));
  const { model, messages } = outgoing(receive(kept, { ...FIRST, epoch: 'e2', counter: 3, revision: 1 }));
  assert.equal(view(model).value, 3);
  assert.deepEqual(view(model).notes[0], { key: 'lost.epoch', values: { n: 2 } });
  assert.deepEqual(messages, [{ type: 'hello', client: `${SEED}-2` }]);
  const joinedAgain = after(model, hears({ type: 'state', counter: 3, revision: 1, ack: 0 }), clicks(1), flush);
  assert.equal(outgoing(joinedAgain).messages[0].op, 1);
});

test('a page that slept so long that it is forgotten begins anew, under a new client id', () => {
  const model = after(joined(), clicks(1), flush, sends, hears({ type: 'state', counter: 41, revision: 8, ack: 1 }), away);
  const again = after(model, hears(FIRST), sends, hears({ type: 'state', counter: 41, revision: 8, ack: 0 }));
  assert.equal(again.generation, model.generation + 1);
  assert.equal(again.nextOp, 1);
  const known = after(model, hears(FIRST), sends, hears({ type: 'state', counter: 41, revision: 8, ack: 1 }));
  assert.equal(known.generation, model.generation);
});

test('an epoch that changes under a connection asks for another connection', () => {
  const model = after(joined(), clicks(1), flush, sends, hears({ ...FIRST, epoch: 'e2', counter: 0, revision: 0, ack: 0 }));
  assert.equal(model.stage, 'over');
  assert.equal(view(model).value, 0);
  const again = after(model, away, hears({ ...FIRST, epoch: 'e2' }), sends, hears({ type: 'state', counter: 0, revision: 7, ack: 0 }));
  assert.equal(again.stage, 'joined');
});

test('turned out: the pending are dropped and told, the gathered are safe', () => {
  const model = turnedOut(after(joined(), clicks(1, 1), flush, sends, clicks(1)));
  assert.equal(view(model).value, 41);
  assert.deepEqual(view(model).notes[0], { key: 'lost.closed', values: { n: 2 } });
  const met = outgoing(after(model, away, hears(FIRST)));
  assert.equal(met.messages[0].client, `${SEED}-2`);
  const back = after(met.model, hears({ type: 'state', counter: 40, revision: 7, ack: 0 }));
  assert.deepEqual(outgoing(back).messages, [{ type: 'add', delta: 1, seen: 7, op: 1 }]);
  assert.equal(note(back), 'lost.closed');
});

test('a guest who is locked out looks on; a host counts', () => {
  const locked = hears({ type: 'state', counter: 40, revision: 8, settings: { locked: true } });
  const guest = after(joined(), locked, clicks(1));
  assert.equal(view(guest).value, 40);
  assert.equal(note(guest), 'locked');
  assert.equal(view(after(host(), locked, clicks(1))).value, 41);
});

test('the step counts, and is noted', () => {
  const model = after(joined(), hears({ type: 'state', counter: 40, revision: 8, settings: { step: 25 } }));
  assert.deepEqual(view(model).notes, [{ key: 'each', values: { n: 25 } }]);
  const clicked = click(model, -1);
  assert.equal(view(clicked).value, 15);
  assert.deepEqual(view(clicked).notes.map(({ key }) => key), ['took', 'each']);
});

test('the host sets the step, which counts at once and falls back when refused', () => {
  const wished = after(host(), clicks(1), (model) => configure(model, { step: 5 }));
  assert.deepEqual(outgoing(wished).messages, [
    { type: 'add', delta: 1, seen: 7, op: 1 },
    { type: 'configure', settings: { step: 5 }, op: 2 },
  ]);
  assert.equal(view(click(wished, 1)).value, 46);
  assert.equal(view(receive(wished, { type: 'error', code: 'not_host', op: 2 })).step, 1);
  assert.equal(configure(joined(), { step: 5 }).nextOp, 1);
});

test('no number beyond what a counter holds, and no delta beyond what an operation holds', () => {
  const top = after(joined(), hears({ type: 'state', counter: Number.MAX_SAFE_INTEGER, revision: 8 }), clicks(1));
  assert.equal(view(top).value, Number.MAX_SAFE_INTEGER);
  assert.equal(note(top), 'error.out_of_range');
  const many = after(joined(), (model) => ({ ...model, gathered: { delta: -2_500_000, clicks: 2_500, seen: 7 } }), flush);
  assert.deepEqual(outgoing(many).messages.map(({ delta }) => delta), [-1_000_000, -1_000_000, -500_000]);
});

test('the network and the people are for the host to see, and what is unknown is ignored', () => {
  const people = [{ person: 1, name: 'Ada', added: 3, role: 'guest', classic: false }];
  const model = after(host(), hears({ type: 'tomorrow' }), hears({ type: 'network', join: null, reach: 'none' }), hears({ type: 'roster', people }), hears(null));
  assert.equal(model.network.reach, 'none');
  assert.deepEqual(model.roster, people);
});

test('what the host asks for shows at once: set, reset, lock, title, goal', () => {
  const set = after(host(), clicks(1), (model) => ask(model, { type: 'set', value: 7 }), clicks(1));
  assert.equal(view(set).value, 8);
  assert.equal(view(ask(set, { type: 'reset' })).value, 0);
  assert.equal(view(ask(set, { type: 'undo' })).value, 8, 'what an undo gives, only the server knows');
  const changed = configure(host(), { locked: true, title: 'Laps', goal: 50 });
  const { locked, title, goal, done } = view(changed);
  assert.deepEqual({ locked, title, goal, done }, { locked: true, title: 'Laps', goal: 50, done: 0.8 });
  assert.equal(view(receive(changed, { type: 'error', code: 'not_host', op: 1 })).locked, false);
});

test('a guest asks for nothing', () => {
  assert.equal(ask(joined(), { type: 'reset' }).nextOp, 1);
});

test('nothing to undo is told as such', () => {
  const model = after(host(), (before) => ask(before, { type: 'undo' }), sends, hears({ type: 'error', code: 'nothing_to_undo', op: 1 }));
  assert.equal(note(model), 'error.nothing_to_undo');
});

test('a projector says in hello that it is no person', () => {
  const { messages } = outgoing(receive(begin(SEED, null, '', true), FIRST));
  assert.deepEqual(messages, [{ type: 'hello', client: `${SEED}-1`, screen: true }]);
});

test('a name goes with hello, and a new one with another hello; what is pending is not sent twice', () => {
  const { messages } = outgoing(receive(begin(SEED, null, 'Ada'), FIRST));
  assert.deepEqual(messages, [{ type: 'hello', client: `${SEED}-1`, name: 'Ada' }]);
  const named = after(joined(), clicks(1), flush, sends, (model) => rename(model, 'Grace'));
  const said = outgoing(named);
  assert.deepEqual(said.messages, [{ type: 'hello', client: `${SEED}-1`, name: 'Grace' }]);
  const answered = receive(said.model, { type: 'state', counter: 41, revision: 8, ack: 1, role: 'guest' });
  assert.deepEqual(outgoing(answered).messages, []);
  assert.equal(view(answered).value, 41);
  assert.equal(rename(begin(SEED), 'Ada').stage, 'away', 'not connected: the next hello has it');
});

test('removed: no click counts any more, and the page says so', () => {
  const model = after(removed(after(joined(), clicks(1))), clicks(1));
  assert.equal(view(model).value, 40);
  assert.equal(view(model).link, 'removed');
  assert.equal(view(model).mayClick, false);
  assert.equal(note(model), 'removed');
  assert.deepEqual(outgoing(model).messages, []);
});

test('who is removed is told what counted of theirs, and nothing that did not', () => {
  const away3 = after(joined(), clicks(1, 1, 1), flush, sends, hears({ type: 'state', counter: 43, revision: 8, ack: 1 }), clicks(1), flush, sends, clicks(-1, -1));
  const gone = removed(away3);
  assert.deepEqual(view(gone).missing, ['removed', 'removed.counts']);
  assert.deepEqual(view(gone).notes.slice(1), [{ key: 'added', values: { n: 3 } }]);
  assert.deepEqual(view(removed(joined())).notes.slice(1), []);
});

// --- which thing is broken ---

test('the plate hangs while there may be a connection in a moment, and where there was one', () => {
  assert.deepEqual(view(begin(SEED)).missing, []);
  assert.deepEqual(view(away(begin(SEED))).missing, []);
  assert.deepEqual(view(joined()).missing, []);
  for (const blocked of [null, 5_000]) assert.deepEqual(view(away(joined(), 2, blocked)).missing, []);
});

test('where there was no connection, the page says what it is that does not answer', () => {
  assert.deepEqual(view(away(begin(SEED), 2)).missing, ['stage.waiting']);
  assert.deepEqual(view(away(begin(SEED), 2, 0)).missing, ['blocked', 'blocked.why', 'blocked.do']);
  assert.deepEqual(view(away(begin(SEED), 2, 59_999)).missing, ['blocked', 'blocked.why', 'blocked.do']);
  assert.deepEqual(view(away(begin(SEED), 30, 60_000)).missing, ['blocked', 'blocked.why', 'blocked.other']);
  assert.deepEqual(view(away(begin(SEED), 8, 0)).notes, [{ key: 'retry', values: { n: 8 } }]);
  assert.deepEqual(view(away(away(begin(SEED), 8, 0), null, 0)).notes, [{ key: 'link.connecting' }]);
  assert.deepEqual(view(after(away(begin(SEED), 8, 0), away, joins())).missing, []);
});

test('a connection that is lost, and blocked then, says so unless there are clicks to tell of', () => {
  const blocked = away(joined(), 8, 5_000);
  assert.deepEqual(view(blocked).notes.map(({ key }) => key), ['blocked', 'blocked.why']);
  assert.equal(note(click(blocked, 1)), 'kept');
  assert.equal(note(after(blocked, away, joins())), 'shared');
});

test('where there is no number, nobody shares it', () => {
  assert.deepEqual(view(begin(SEED)).notes, []);
  assert.equal(note(joined()), 'shared');
});

// --- what is refused without a number ---

const LONG_NAME = 'Maximiliane-Alexandrina von Hohenfels-Babenberg';
const refuses = hears({ type: 'error', code: 'malformed', message: '' });

test('a name is whole and cut before it is said, and the person is told', () => {
  for (const [text, name, key] of [
    [LONG_NAME, LONG_NAME.slice(0, 40), 'name.cut'], ['Ada \ud83d', 'Ada', 'shared'], ['\u200b\u2800', undefined, 'name.unseen'], [' Ada ', 'Ada', 'shared'], ['', undefined, 'shared'],
  ]) {
    const model = after(begin(SEED, null, text), hears(FIRST));
    assert.equal(outgoing(model).messages[0].name, name);
    const known = after(model, sends, hears({ type: 'state', counter: 40, revision: 7, ack: 0, role: 'guest', person: 7 }));
    assert.equal(note(known), key);
    assert.equal(note(rename(joined(), text)), key === 'name.unseen' ? 'shared' : key, 'not before it is known what the host sees');
  }
});

test('what the host sees instead of a name is said once the server has said it', () => {
  const model = after(begin(SEED, null, '\u3164'), joins(0, { person: 7 }));
  assert.deepEqual(view(model).notes, [{ key: 'name.unseen', values: { name: '', person: 7 } }]);
  assert.deepEqual(view(click(model, 1)).notes.map(({ key }) => key), ['added']);
  const cut = after(begin(SEED, null, LONG_NAME), joins(0, { person: 7 }));
  assert.equal(view(cut).notes[0].values.name, LONG_NAME.slice(0, 40));
});

test('a host has no name to be told of', () => {
  assert.equal(note(after(begin(SEED, 's3cret', LONG_NAME), joins(0, { role: 'host', person: 1 }))), 'shared');
});

test('a hello that is refused is said again without the name, once, and what was clicked counts', () => {
  const model = after(begin(SEED, null, 'Ada'), hears(FIRST), sends, clicks(1), flush, refuses);
  const { model: again, messages } = outgoing(model);
  assert.deepEqual(messages, [{ type: 'hello', client: `${SEED}-1` }]);
  const known = receive(again, { type: 'state', counter: 40, revision: 7, ack: 0, role: 'guest', person: 7 });
  assert.equal(view(known).link, 'up');
  assert.deepEqual(outgoing(known).messages.map(({ op }) => op), [1]);
  assert.deepEqual(view(known).notes[0], { key: 'name.unseen', values: { person: 7 } });
  const twice = after(again, refuses);
  assert.deepEqual(outgoing(twice).messages, []);
  assert.equal(note(twice), 'error.other');
});

test('so is one for a new name, and the next name is tried again', () => {
  const model = after(joined(), (now) => rename(now, 'Ada'), sends, refuses);
  assert.equal('name' in outgoing(model).messages[0], false);
  const named = after(model, sends, hears({ type: 'state', counter: 40, revision: 7, ack: 0 }), (now) => rename(now, 'Bob'));
  assert.equal(outgoing(named).messages[0].name, 'Bob');
});

test('settings that are refused without their number leave no gap before the next clicks', () => {
  const asked = after(host(), (model) => configure(model, { step: 5 }), sends, refuses);
  assert.equal(note(asked), 'error.other');
  assert.equal(view(asked).step, 1);
  const { model, messages } = outgoing(after(asked, clicks(1), flush));
  assert.deepEqual(messages, [{ type: 'add', delta: 0, op: 1 }, { type: 'add', delta: 1, seen: 7, op: 2 }]);
  const refused = receive(model, { type: 'error', code: 'out_of_range', op: 1 });
  assert.equal(note(refused), 'added', 'of what took its number nobody needs to hear');
  assert.deepEqual(receive(refused, { type: 'state', counter: 41, revision: 8, ack: 2 }).pending, []);
});

test('nor do they where clicks had been sent after them, whether they were decided or not', () => {
  const asked = after(host(), (model) => configure(model, { step: 5 }), clicks(1), flush, sends, refuses);
  const { model, messages } = outgoing(asked);
  assert.deepEqual(messages.map(({ op, delta }) => [op, delta]), [[1, 0], [2, 5]]);
  assert.equal(outgoing(away(model)).messages.length, 0);
  assert.deepEqual(outgoing(after(away(model), joins(2))).messages, []);
});

test('what is refused twice without a number is left to what it is', () => {
  const asked = after(host(), (model) => configure(model, { step: 5 }), sends, refuses, sends);
  assert.deepEqual(outgoing(after(asked, refuses)).messages, []);
});

const goal = (value) => ({ type: 'state', counter: 40, revision: 8, settings: { goal: value } });
const counts = (counter, revision) => hears({ type: 'state', counter, revision });

test('how much of a goal is done, up and down, and where it is 0', () => {
  for (const [aim, value, done] of [[50, 40, 0.8], [50, 60, 1], [50, -5, 0], [-50, -40, 0.8], [-50, 5, 0], [0, 40, 0], [0, 0, 1]]) {
    assert.equal(view(after(joined(), hears(goal(aim)), counts(value, 9))).done, done, `${value} of ${aim}`);
  }
  assert.equal(view(joined()).done, null);
});

test('a goal is a joy when it is reached, once', () => {
  const reached = after(joined(), hears(goal(50)), counts(49, 9), counts(50, 10));
  assert.equal(reached.joys, 1);
  assert.equal(note(reached), 'goal.reached');
  assert.equal(after(reached, counts(48, 11), counts(51, 12)).joys, 1);
  assert.equal(after(reached, hears({ ...goal(52), counter: 50, revision: 11 }), counts(52, 12)).joys, 2, 'another goal');
});

test('a goal that was reached before anyone saw is no joy', () => {
  assert.equal(after(begin(SEED), hears({ ...FIRST, settings: { goal: 30 } }), sends, counts(41, 8)).joys, 0);
  assert.equal(after(joined(), hears(goal(30)), counts(41, 9)).joys, 0);
});

// A server that decides every operation once, and a network that breaks, repeats and delays as it likes.
function play(seed, steps = 120) {
  const roll = dice(seed);
  const server = { counter: 0, revision: 0, ack: 0 };
  let model = begin(SEED);
  let up = []; // on their way to the server
  let down = []; // on their way to the page
  let wanted = 0; // the sum of all clicks: this page is the only one that counts...
  let others = 0; // ...but for this
  const state = (extra) => ({ type: 'state', counter: server.counter, revision: server.revision, ...extra });
  const connect = () => {
    model = away(model);
    up = [];
    down = [state({ people: 1, epoch: 'e1', role: 'guest', settings: { step: 1 } })];
  };
  const post = () => {
    const out = outgoing(model);
    model = out.model;
    up.push(...out.messages);
  };
  const decide = () => {
    const message = up.shift();
    if (!message) return;
    const known = server.ack;
    if (message.op) {
      assert.ok(message.op <= known + 1, `seed ${seed}: a gap before operation ${message.op}`);
      if (message.op === known + 1) {
        server.counter += message.delta;
        server.revision += 1;
      }
    }
    server.ack = Math.max(known, message.op ?? 0);
    down.push(state({ ack: server.ack, role: 'guest' }));
  };
  const hear = () => {
    if (!down.length) return;
    const message = down.shift();
    if (roll() < 0.2) model = receive(model, message);
    model = receive(model, message);
    post();
  };
  const moves = [
    () => {
      const direction = roll() < 0.7 ? 1 : -1;
      if (model.counter !== null) wanted += direction;
      model = click(model, direction);
    },
    () => { model = flush(model); post(); },
    decide, decide, hear, hear,
    () => {
      others += 1;
      server.counter += 1;
      server.revision += 1;
      down.push(state());
    },
    () => { if (roll() < 0.4) connect(); },
  ];
  connect();
  for (let i = 0; i < steps; i += 1) {
    const before = view(model).value;
    const otherBefore = others;
    const move = moves[Math.floor(roll() * moves.length)];
    move();
    const { value } = view(model);
    if (value === null || before === null) continue;
    // What is shown is what this page wanted, plus as much of the others as it has heard: never its own clicks twice.
    const heardOfOthers = value - wanted;
    assert.ok(heardOfOthers >= 0 && heardOfOthers <= others, `seed ${seed}, step ${i}: ${value} of ${wanted} + 0..${others}`);
    if (move !== moves[0] && otherBefore === 0 && others === 0) assert.equal(value, before, `seed ${seed}, step ${i}: flicker`);
  }
  connect();
  while (up.length || down.length) {
    hear();
    decide();
  }
  assert.equal(view(model).value, wanted + others, `seed ${seed}: in the end`);
  assert.equal(server.counter, wanted + others, `seed ${seed}: at the server`);
  assert.deepEqual(model.pending, []);
}

test('whatever the network does, each click is shown once and counted once', () => {
  for (let seed = 1; seed <= 1_000; seed += 1) play(seed);
});
