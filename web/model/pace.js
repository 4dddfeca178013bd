// When to send, and when to speak. Times are in ms.

const QUIET = 250;
const LONGEST = 1_000;
const OWN = 400;
const OTHERS = 5_000;

/** Gives back what to call at each click; `action` follows. */
export function gatherer(action, env) {
  let quiet = null;
  let longest = null;
  const done = () => {
    env.clearTimeout(quiet);
    env.clearTimeout(longest);
    longest = null;
    action();
  };
  return () => {
    env.clearTimeout(quiet);
    quiet = env.setTimeout(done, QUIET);
    longest ??= env.setTimeout(done, LONGEST);
  };
}

/** Calls `say` after `own()` clicks and `others()`, politely. */
export function announcer(say, env) {
  let timer = null;
  let last = -Infinity;
  function schedule(delay) {
    env.clearTimeout(timer);
    timer = env.setTimeout(() => {
      timer = null;
      last = env.now();
      say();
    }, delay);
  }
  return {
    own: () => schedule(OWN),
    others: () => timer ?? schedule(Math.min(OTHERS, Math.max(0, last + OTHERS - env.now()))),
  };
}
