// Owns the connection. A dead socket looks open for minutes: nothing here waits for `onclose`.

export const TIMES = {
  connect: 4_000,
  beat: 10_000,
  glance: 2_000, // at the clock
  silence: 25_000,
  proof: 4_000, // for an ack, and after waking up
  late: 5_000, // a timer off by this much: the machine slept
  retryLeast: 500,
  retryMost: 3_000,
  blockedMost: 30_000, // where pages get through, but no connection
};
const OPEN = 1;
const TURNED_OUT = 1008;
const REMOVED = 4003;

/** A connection that comes back by itself: `connect()`, `send(object)`, `wake()`; `raw()` is its WebSocket. `env` has
 * WebSocket, timers, now, random, `answers()`, whether the server does so to a page, and for a lab `told(ms to the next
 * try, and at most)`; told are `on.message(object)`, `on.turnedOut()`, `on.removed()`,
 * after which it stays closed, and `on.away(seconds to the next try or null, ms since only pages get through or null)`. */
export function createSocket(url, protocol, env, on) {
  let socket = null;
  let failures = 0;
  let blocks = 0; // how often in a row a page got through, and no connection
  let blockedAt = 0;
  let isLive = false; // whether anything came by this socket
  let wasLive = false; // or by any
  let lastOp = 0;
  let doubts = 0; // how often in a row an ack was waited for in vain
  let heard = 0;
  let over = false;
  const timers = new Map();

  function stop(name) {
    env.clearTimeout(timers.get(name));
    timers.delete(name);
  }

  function after(name, delay, action) {
    stop(name);
    timers.set(name, env.setTimeout(() => {
      timers.delete(name);
      action();
    }, delay));
  }

  function letGo() {
    for (const name of [...timers.keys()]) stop(name);
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
    socket = null;
  }

  function connect() {
    letGo();
    if (over) return;
    lastOp = 0;
    isLive = false;
    away(null);
    socket = new env.WebSocket(url, protocol);
    after('connect', TIMES.connect, retry);
    socket.onopen = () => {
      stop('connect');
      listen();
      beat();
    };
    socket.onmessage = ({ data }) => take(JSON.parse(data));
    socket.onclose = ({ code }) => {
      if (code === TURNED_OUT) on.turnedOut();
      over = code === REMOVED;
      if (over) {
        letGo();
        on.removed();
      } else {
        retry();
      }
    };
  }

  function retry() {
    letGo();
    failures += 1;
    wait();
    if (!isLive) look();
  }

  function wait() {
    const [times, longest] = blocks ? [blocks, TIMES.blockedMost] : [failures, TIMES.retryMost];
    const most = Math.min(longest, TIMES.retryLeast * 2 ** times);
    const delay = TIMES.retryLeast + env.random() * (most - TIMES.retryLeast);
    env.told?.(delay, most);
    countdown(delay);
  }

  // Is it the server that does not answer, or does something on the way let pages through, but no connection?
  async function look() {
    const turn = failures;
    const before = blocks;
    const answered = await env.answers?.();
    if (turn !== failures || isLive || over || !(answered || before)) return;
    if (!before) blockedAt = env.now();
    blocks = answered ? before + 1 : 0;
    if (timers.has('retry')) wait();
    else away(null);
  }

  // A server that just comes back may answer to a page a moment before it does to a connection.
  function away(seconds) {
    on.away(seconds, blocks > Number(wasLive) ? env.now() - blockedAt : null);
  }

  function countdown(left) {
    const slice = left % 1_000 || 1_000;
    away(Math.ceil(left / 1_000));
    after('retry', slice, () => (left > slice ? countdown(left - slice) : connect()));
  }

  function take(message) {
    failures = blocks = 0;
    isLive = wasLive = true;
    stop('proof');
    listen();
    if (message.ack !== undefined || message.op !== undefined) {
      // What is `not_recorded` may take longer, but not be lost.
      stop('ack');
      if (message.ack < lastOp) expectAck();
      else if (lastOp) doubts = 0;
    }
    on.message(message);
  }

  function listen() {
    heard = env.now();
    after('silence', TIMES.silence, () => {
      if (late(heard, TIMES.silence)) prove();
      else if (isLive) connect();
      else giveUp();
    });
  }

  // It was opened, but what is said on it does not get through.
  function giveUp() {
    failures += 1;
    connect();
    look();
  }

  // In short steps: a timer's remaining time may stand still while the machine sleeps.
  function beat(left = TIMES.beat) {
    const from = env.now();
    after('beat', TIMES.glance, () => {
      const slept = late(from, TIMES.glance);
      const due = left <= TIMES.glance;
      beat(slept || due ? TIMES.beat : left - TIMES.glance);
      if (slept) prove();
      else if (due) ping();
    });
  }

  const late = (from, delay) => Math.abs(env.now() - from - delay) > TIMES.late;
  const ping = () => send({ type: 'ping', at: env.now() });
  // A server that answers all but this is slow to record: anew each time after 4 s, a class would only add to its load.
  const expectAck = () => after('ack', Math.min(TIMES.silence, TIMES.proof * 2 ** doubts), () => {
    doubts += 1;
    connect();
  });

  function prove() {
    after('proof', TIMES.proof, connect);
    ping();
  }

  function send(message) {
    if (socket?.readyState !== OPEN) {
      // A closing socket swallows what it is given.
      if (socket && !timers.has('connect')) connect();
      return;
    }
    socket.send(JSON.stringify(message));
    if (message.op === undefined) return;
    lastOp = message.op;
    if (!timers.has('ack')) expectAck();
  }

  function wake() {
    if (timers.has('retry')) connect();
    else if (socket && !timers.has('connect') && !timers.has('proof')) prove();
  }

  return { connect, send, wake, raw: () => socket };
}
