import assert from 'node:assert/strict';
import { test } from 'node:test';

import { begin, click, flush, outgoing, receive, view } from '../../web/model/logic.js';
import { ask, meet } from '../../web/model/wishes.js';

const SEED = '0123456789-0123456789';
const VOTER = '9876543210-9876543210';
const RULES = { title: '', step: 1, goal: null, locked: false, classic: true, each: 1 };

const after = (model, ...steps) => steps.reduce((now, step) => step(now), model);
const hears = (message) => (model) => receive(model, message);
const state = (more) => hears({ type: 'state', counter: 5, revision: 7, ...more });
const clicks = (direction) => (model) => click(model, direction);
const sends = (model) => outgoing(model).model;
const refused = (op) => hears({ type: 'error', code: 'over_limit', op });

function joined({ each = 1, role = 'guest', settings, ...more } = {}) {
  const rules = { ...RULES, each, ...settings };
  const { hands = { up: 5, of: 27 } } = more;
  return after(
    begin(SEED, role === 'host' ? 's3cret' : null, '', false, VOTER),
    state({ people: 3, epoch: 'e1', role: 'guest', settings: rules, hands }),
    sends,
    state({ people: 3, epoch: 'e1', role, settings: rules, ack: 0, hands, ...(role === 'guest' && { hand: 0 }), ...more }),
  );
}

const noted = (model) => view(model).notes.map(({ key }) => key).join(' ');

test('hello says who the person is, and again where another page of theirs has said so first', () => {
  const first = receive(begin(SEED, null, '', false, VOTER), { type: 'state', counter: 0, revision: 0, epoch: 'e1' });
  assert.deepEqual(outgoing(first).messages, [{ type: 'hello', client: `${SEED}-1`, voter: VOTER }]);
  const met = meet(joined(), 'another-another-another');
  assert.equal(outgoing(met).messages[0].voter, 'another-another-another');
  const same = joined();
  assert.equal(meet(same, VOTER), same);
});

test('one tap raises the hand, another lowers it, before anybody has answered', () => {
  const up = click(joined(), 1);
  assert.deepEqual([view(up).own, view(up).value, noted(up)], [1, 6, 'hand.up']);
  assert.deepEqual(view(up).hands, { up: 6, of: 27 });
  const down = click(up, -1);
  assert.deepEqual([view(down).own, view(down).value, noted(down)], [0, 5, 'hand.down']);
  assert.deepEqual(outgoing(flush(down)).messages, []);
});

test('a page that is loaded anew finds the hand as it is', () => {
  const model = joined({ hand: 1 });
  assert.deepEqual([view(model).own, noted(model)], [1, 'hand.up']);
  assert.deepEqual([view(model).mayAdd, view(model).mayTake, view(model).mayClick], [false, true, true]);
});

test('before it is told what it has, a page counts nothing', () => {
  const model = after(begin(SEED, null, '', false, VOTER), state({ epoch: 'e1', settings: RULES, hands: { up: 5, of: 27 } }));
  assert.deepEqual([view(model).mayAdd, view(model).mayTake], [false, false]);
  assert.equal(view(click(model, 1)).value, 5);
});

test('what is acknowledged and what is on its way are never added up twice', () => {
  const sent = after(joined(), clicks(1), flush, sends);
  assert.equal(view(sent).own, 1);
  const told = after(sent, state({ counter: 6, revision: 8, ack: 1, hand: 1, hands: { up: 6, of: 27 } }));
  assert.deepEqual([view(told).own, view(told).value, view(told).hands.up], [1, 6, 6]);
});

test('a hand that is up twice, or down twice, is told in plain words', () => {
  assert.equal(noted(click(joined({ hand: 1 }), 1)), 'hand.twice');
  assert.equal(noted(click(joined(), -1)), 'hand.none');
  const late = after(joined(), clicks(1), flush, sends, state({ hand: 1 }), refused(1));
  assert.deepEqual([noted(late), view(late).own, view(late).value], ['hand.twice', 1, 5]);
  const many = after(joined({ each: null }), clicks(1), clicks(1), flush, sends, state({ settings: RULES, hand: 0 }), refused(1));
  assert.deepEqual([noted(many), view(many).own], ['error.over_limit', 0]);
});

test('a reset, an undo or another tab: the key shows it', () => {
  const model = joined({ hand: 1 });
  assert.equal(view(after(model, state({ counter: 0, revision: 8, hand: 0 }))).own, 0);
  assert.equal(view(after(joined(), state({ counter: 6, revision: 8, hand: 1 }))).own, 1);
});

test('with more for each, + and − say what is left, and stop', () => {
  const model = after(joined({ each: 3 }), clicks(1), clicks(1));
  assert.deepEqual(view(model).notes, [{ key: 'hand.left', values: { left: 1, n: 3 } }]);
  const full = click(model, 1);
  assert.deepEqual([view(full).mayAdd, view(full).mayTake], [false, true]);
  assert.deepEqual(view(click(full, 1)).notes, [{ key: 'error.over_limit', values: { n: 3 } }]);
});

test('one click counts no more than one may add', () => {
  const model = joined({ each: 3, settings: { step: 5 } });
  assert.deepEqual([view(model).step, view(model).mayAdd], [3, true]);
  assert.equal(view(click(model, 1)).own, 3);
  assert.equal(view(joined({ role: 'host', settings: { step: 5 } })).step, 5);
});

test('the host counts without a limit, and is told what is in no hand', () => {
  const model = after(joined({ role: 'host' }), clicks(1), clicks(1));
  assert.deepEqual([view(model).value, view(model).mayAdd, view(model).mayTake], [7, true, true]);
  assert.deepEqual(view(model).hands, { up: 5, of: 27 });
  assert.equal(noted(model), 'hands.rest');
  assert.equal(noted(joined({ role: 'host' })), 'shared');
});

test('a limit is told to those whom it concerns as it is set, and hands are shown while there is one', () => {
  const open = joined({ each: null, hands: null });
  assert.equal(view(open).hands, null);
  const set = after(open, state({ settings: RULES, hand: 0, hands: { up: 0, of: 27 } }));
  assert.deepEqual([noted(set), view(set).hands], ['each.now', { up: 0, of: 27 }]);
  assert.equal(noted(click(set, 1)), 'hand.up');
  const gone = after(set, state({ settings: { ...RULES, each: null } }));
  assert.deepEqual([noted(gone), view(gone).hands], ['shared', null]);
  const host = after(joined({ role: 'host' }), (now) => ask(now, { type: 'configure', settings: { each: null } }));
  assert.equal(view(host).hands, null);
});

test('without a goal everyone here is one: reached once a round, by those who saw the way', () => {
  const model = joined({ hands: { up: 2, of: 4 } });
  assert.equal(view(model).done, 0.5);
  const all = after(model, state({ hands: { up: 4, of: 4 } }));
  assert.deepEqual([view(all).done, all.joys, noted(all)], [1, 1, 'hands.all hand.down']);
  const again = after(all, state({ hands: { up: 3, of: 4 } }), state({ hands: { up: 4, of: 4 } }));
  assert.equal(again.joys, 1);
  const next = after(again, state({ hands: { up: 0, of: 4 } }), state({ hands: { up: 4, of: 4 } }));
  assert.equal(next.joys, 2);
  assert.equal(joined({ hands: { up: 4, of: 4 } }).joys, 0, 'nobody saw the way');
  assert.equal(view(joined({ hands: { up: 1, of: 1 } })).done, 0, 'one alone is not everyone');
});

test('another goal goes before everyone here', () => {
  const model = joined({ settings: { goal: 10 }, hands: { up: 4, of: 4 } });
  assert.deepEqual([view(model).done, noted(model)], [0.5, 'hand.down']);
});
