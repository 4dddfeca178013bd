// Sends what pages before this one, or beside it, have left in their outboxes: why that is safe, README.md says.
// One at a time, over a second connection that says hello as the page that made the clicks, and as nobody's (`screen`).

import { WAIT, keyOf, ownerOf, parse } from './outbox.js';
import { TIMES } from '../link/socket.js';
import { attempt } from '../link/storage.js';

export const PAUSE = 5_000; // ms
/** A page that is only just out of sight most often gets its acknowledgement itself. */
export const GRACE = 500;
/** Clicks of the last lesson are none of this one's. */
export const TOO_OLD = 12 * 3_600_000;
const REFUSALS = ['locked', 'stale', 'out_of_range', 'over_limit'];
const TURNED_OUT = 1008;
const REMOVED = 4003;

/** Gives back `look()`, to be called whenever there may be something to adopt. `storage()` is a Storage, or throws;
 * `on.may()` says whether now is the time, `on.isOwn(client)` whose id this page's are, `on.voter()` who the person is,
 * `on.told(outcome)` hears how many clicks had which end, by the key of the sentence that says it. */
export function createAdopter(storage, url, protocol, env, on) {
  let watched = new Map(); // by key: the text, since when it is so, and when to try it
  let busy = false;
  let timer = null;

  const read = (key) => attempt(() => storage().getItem(key));
  const remove = (key) => attempt(() => storage().removeItem(key));

  function keys() {
    const all = attempt(() => Array.from({ length: storage().length }, (_, i) => storage().key(i))) ?? [];
    return all.filter((key) => ownerOf(key) !== null && !on.isOwn(ownerOf(key)));
  }

  function look() {
    env.clearTimeout(timer);
    if (busy || !on.may()) return;
    const now = env.steady();
    const before = watched;
    watched = new Map();
    let unreadable = 0;
    for (const key of keys()) {
      const text = read(key);
      if (text === null) continue;
      const known = before.get(key);
      const record = known?.text === text ? known.record : ownerOf(key) && parse(text);
      if (!record) {
        unreadable += 1;
        remove(key);
      } else if (record === known?.record) {
        watched.set(key, known);
      } else {
        // Two pages that find it at the same moment should not both go for it.
        const wait = record.released ? GRACE * (1 + 2 * env.random()) : WAIT;
        watched.set(key, { text, record, at: now + wait });
      }
    }
    if (unreadable) on.told({ 'before.unreadable': unreadable });
    const [key, found] = [...watched].find(([, { at }]) => at <= now) ?? [];
    if (found) {
      adopt(key, found);
    } else if (watched.size) {
      const next = Math.min(...[...watched.values()].map(({ at }) => at));
      // No later than PAUSE: what has changed meanwhile is seen then.
      timer = env.setTimeout(look, Math.min(PAUSE, next - now));
    }
  }

  function adopt(key, found) {
    busy = true;
    drain({ client: ownerOf(key), voter: on.voter() }, found.record, url, protocol, env, (outcome) => {
      busy = false;
      if (outcome) {
        // Its owner may be awake again, and have put more there.
        if (read(key) === found.text) remove(key);
        watched.delete(key);
        on.told(outcome);
      } else {
        found.at = env.steady() + PAUSE;
      }
      look();
    });
  }

  return look;
}

/** Sends a record's operations as `who` says; `done` gets the outcome, or null if it has to be tried again. */
export function drain(who, { epoch, at, ops }, url, protocol, env, done) {
  const socket = new env.WebSocket(url, protocol);
  const refused = new Map();
  let known = null;
  let timer = null;

  const clicks = (which) => ops.filter(which).reduce((sum, [, , , n]) => sum + n, 0);
  const isKnown = ([op]) => op <= known;
  const isNew = ([op]) => !isKnown([op]);

  function end(outcome) {
    env.clearTimeout(timer);
    socket.onmessage = socket.onclose = null;
    socket.close();
    done(outcome && { ...(known !== null && { 'before.known': clicks(isKnown) }), ...outcome });
  }

  function wait(delay) {
    env.clearTimeout(timer);
    timer = env.setTimeout(() => end(null), delay);
  }

  function take({ type, ack, epoch: found, code, op }) {
    if (type === 'error' && op !== undefined) {
      wait(code === 'not_recorded' ? TIMES.silence : TIMES.proof);
      if (code !== 'not_recorded') refused.set(op, REFUSALS.includes(code) ? code : 'other');
      return;
    }
    if (type !== 'state') return;
    if (found !== undefined && found !== epoch) {
      end({ 'lost.epoch': clicks(() => true) });
    } else if (ack === undefined) {
      if (found !== undefined && known === null) say({ type: 'hello', ...who, screen: true });
    } else {
      wait(TIMES.proof);
      if (known === null) send(ack);
      if (ack >= ops.at(-1)[0]) end(told());
    }
  }

  function send(ack) {
    known = ack;
    const left = ops.filter(isNew);
    if (left.length && env.now() - at > TOO_OLD) end({ 'before.old': clicks(isNew) });
    else for (const [op, delta, seen] of left) say({ type: 'add', op, delta, seen });
  }

  function told() {
    const outcome = { 'before.counted': clicks(([op]) => op > known && !refused.has(op)) };
    for (const code of refused.values()) {
      outcome[`before.${code}`] = clicks(([op]) => op > known && refused.get(op) === code);
    }
    return outcome;
  }

  function say(message) {
    socket.send(JSON.stringify(message));
  }

  socket.onmessage = ({ data }) => take(JSON.parse(data));
  socket.onclose = ({ code }) => {
    const isOut = code === TURNED_OUT || code === REMOVED;
    end(isOut ? { 'lost.closed': clicks(isNew) } : null);
  };
  wait(TIMES.connect);
}
