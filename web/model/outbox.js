// Clicks that outlive their page: all that the server has not acknowledged, in localStorage until it has. Why nothing of it
// counts twice, or is lost, is in README.md, beside this.

import { seal } from './logic.js';
import { attempt } from '../link/storage.js';

export const HOLD = 10_000; // ms
export const WAIT = 20_000;
export const RENEW = 4_000;
/** More at once the server would take for too much, and end the connection. */
export const MOST_OPS = 200;
const MOST_DELTA = 1_000_000;
const LONGEST = 20_000; // characters
const PREFIX = 'outbox.';

/** Under which id a page sends. */
export const clientOf = ({ seed, generation }) => `${seed}-${generation}`;

export const keyOf = (client) => PREFIX + client;

/** Whose outbox a key is: an id, '' if it can't be one's, null if the key is none of ours. */
export function ownerOf(key) {
  if (!key?.startsWith(PREFIX)) return null;
  return /^[\w-]{22,64}$/.exec(key.slice(PREFIX.length))?.[0] ?? '';
}

/** The operations to keep, each `[op, delta, seen, clicks]`, without a gap. */
export function toKeep(model) {
  const { pending } = seal(model);
  const other = pending.findIndex(({ message }) => message.type !== 'add' || !message.delta);
  const adds = pending.slice(0, other < 0 ? MOST_OPS : Math.min(other, MOST_OPS));
  return adds.map(({ message: { op, delta, seen }, clicks }) => [op, delta, seen, clicks]);
}

/** What a text in storage says, `{ epoch, at, released, ops }`, or null if it is no outbox. */
export function parse(text) {
  if (text.length > LONGEST) return null;
  let found;
  try {
    found = JSON.parse(text);
  } catch {
    return null;
  }
  const { epoch, at, released, ops } = found ?? {};
  if (typeof epoch !== 'string' || !Number.isFinite(at) || !Array.isArray(ops)) return null;
  if (!ops.length || ops.length > MOST_OPS || !ops.every(isOperation)) return null;
  return { epoch, at, released: released === true, ops };
}

function isOperation(entry, place, [first]) {
  if (!Array.isArray(entry) || entry.length !== 4) return false;
  const [op, delta, seen, clicks] = entry;
  // `seen` is null after a reset of one's own.
  if (![op, delta, seen ?? 0, clicks].every(Number.isSafeInteger)) return false;
  return op === first[0] + place && op > 0 && delta !== 0 && Math.abs(delta) <= MOST_DELTA && seen >= 0 && clicks >= 0;
}

/** A page's own outbox. `storage()` is a Storage, or throws; `due()` is called when `save` should be. */
export function createOutbox(storage, env, due) {
  let kept = null; // { key, ops, released }, as it was last written
  let writtenAt = 0;
  let beat = 0;
  let late = false;
  let timer = null;

  function remove() {
    env.clearTimeout(timer);
    // What can't be removed, because storage is now forbidden, no other page can read either.
    attempt(() => storage().removeItem(kept.key));
    kept = null;
  }

  function write(epoch) {
    const { key, ops, released } = kept;
    const text = JSON.stringify({ epoch, at: env.now(), beat: ++beat, released, ops: JSON.parse(ops) });
    if (!attempt(() => storage().setItem(key, text) ?? true)) {
      // Full, or forbidden: what an earlier click left there is no longer the whole.
      remove();
      return;
    }
    writtenAt = env.steady();
    env.clearTimeout(timer);
    if (!released) timer = env.setTimeout(renew, RENEW);
  }

  function renew() {
    late = true;
    due();
    late = false;
  }

  return {
    /** Whether another page may have adopted what is still gathered: seal before anything else. */
    lapsed: () => kept !== null && env.steady() - writtenAt >= HOLD,

    /** Keeps what is to be kept; `away` says that the person does not see the page, so that another may adopt it. */
    save(model, away) {
      const key = keyOf(clientOf(model));
      const idle = !model.pending.length && !model.gathered.clicks;
      const ops = idle ? '[]' : JSON.stringify(toKeep(model));
      const released = away && !model.gathered.clicks;
      if (kept && (kept.key !== key || ops === '[]')) remove();
      if (ops === '[]' || (kept && !late && kept.ops === ops && kept.released === released)) return;
      kept = { key, ops, released };
      write(model.epoch);
    },
  };
}
