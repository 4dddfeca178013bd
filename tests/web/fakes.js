// A clock that only moves when it is told to, and a WebSocket that only does what a test says.

/** `env` for the page's modules; `pass(ms)` runs what falls due, in order; `sleep(ms)` moves the clock but no timer. */
export function fakeEnv({ random = () => 0.5 } = {}) {
  let now = 1_000_000;
  let asleep = 0;
  let number = 0;
  const due = new Map();
  return {
    now: () => now + asleep,
    steady: () => now + asleep,
    random,
    still: () => false,
    setTimeout(action, delay) {
      due.set(++number, { at: now + delay, action });
      return number;
    },
    clearTimeout: (timer) => due.delete(timer),
    pass(ms) {
      const until = now + ms;
      for (;;) {
        const [next] = [...due].filter(([, { at }]) => at <= until).sort(([m, a], [n, b]) => a.at - b.at || m - n);
        if (!next) break;
        const [timer, { at, action }] = next;
        due.delete(timer);
        now = Math.max(now, at);
        action();
      }
      now = until;
    },
    sleep(ms) { asleep += ms; },
    get timers() { return due.size; },
  };
}

/** A WebSocket class; the sockets that were made of it are in `made`, oldest first. */
export function fakeWebSocket() {
  return class FakeWebSocket {
    static made = [];

    constructor(url, protocol) {
      Object.assign(this, { url, protocol, readyState: 0, sent: [] });
      FakeWebSocket.made.push(this);
    }

    static get last() { return FakeWebSocket.made.at(-1); }

    send(text) { this.sent.push(JSON.parse(text)); }
    close() { this.readyState = 2; }

    open() {
      this.readyState = 1;
      this.onopen();
    }
    say(message) { this.onmessage({ data: JSON.stringify(message) }); }
    end(code = 1006) {
      this.readyState = 3;
      this.onclose({ code });
    }
  };
}

/** A Storage, as much as the page uses of it; while `full`, it takes nothing more. */
export function fakeStorage(entries = {}) {
  const items = new Map(Object.entries(entries));
  return {
    full: false,
    items,
    get length() { return items.size; },
    key: (place) => [...items.keys()][place] ?? null,
    getItem: (key) => items.get(key) ?? null,
    setItem(key, value) {
      if (this.full) throw new Error('QuotaExceededError');
      items.set(key, value);
    },
    removeItem: (key) => items.delete(key),
  };
}

/** A repeatable random number generator, 0 <= n < 1. */
export function dice(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
