// The page's own connection, as the lab has it: it is watched, and may be broken on purpose. It works on the browser's own
// WebSocket, between that and `socket.js`, which knows nothing of it.

export const CUT_FOR = 2_000; // ms
export const LATE = 300; // ms
const BYTE = 8 / 50; // ms, at 50 kbit/s
const OPEN = 1;
const SOON = 3_500; // ms: as long as the page waits for an answer, at least

/** What the lab does to connections. `env` has the timers, `now()` in ms, and `Native`, the browser's WebSocket; `on.wire(message)`
 * is told what the server tells, `on.full()` that too many watch, `on.heard(message)` what else comes, `on.happened(event)`
 * what happens here, `on.begun()` that a connection is new, `on.changed()` that something is broken, or no longer. */
export function createLine(env, on) {
  const states = { freeze: false, slow: false, lose: false };
  let raw = null;
  let deliver = null; // what `socket.js` hears by
  let tell = null; // and is told of the end
  let undo = () => {};
  let cutUntil = 0;
  let tries = 0;
  let known = 0; // up to which operation this page has heard that it is decided
  let lost = 0; // the one whose answer was lost, until it is heard of
  let repeats = 0;
  let hides = false;
  let sent = 0; // the newest operation that was not answered, 0 if there is none
  let sentAt = 0;
  let heardAt = 0;
  let held = [];
  let queues = []; // of what is late, in its order: what came, and what goes

  // Does what waits, one after the other, each when it is due.
  function queue(act) {
    const waiting = [];
    let dueAt = 0;
    return {
      get isBusy() { return waiting.length > 0; },
      add(item, size) {
        const now = env.now();
        dueAt = Math.max(now + (states.slow ? LATE : 0), dueAt) + size * BYTE;
        waiting.push(item);
        env.setTimeout(() => waiting.length && act(waiting.shift()), dueAt - now);
      },
      finish() { waiting.splice(0).forEach(act); },
    };
  }

  // The answer that is to be lost, and then the one to `hello` that would tell of it: so the page says it again.
  function fall(message) {
    if (message.ack === undefined) return message;
    const answersHello = message.epoch !== undefined;
    if (hides && answersHello) {
      hides = false;
      repeats = lost;
      on.happened({ what: 'lost', message });
      return { ...message, ack: Math.min(known, lost - 1), revision: 0 };
    }
    if (hides || (states.lose && message.ack > known && !answersHello)) {
      lost ||= message.ack;
      hides = true;
      if (states.lose) set('lose', false, false);
      on.happened({ what: 'lost', message });
      return null;
    }
    known = message.ack;
    if (repeats && known >= repeats) {
      on.happened({ what: 'repeated', op: repeats });
      repeats = lost = 0;
    } else if (answersHello && sent > 0 && sent <= known) {
      on.happened({ what: 'decided', op: sent });
    }
    if (sent <= known) sent = 0;
    else sentAt = env.now();
    return message;
  }

  function hear(event) {
    const text = event.data;
    const message = JSON.parse(text);
    if (message.type === 'wire') return on.wire(message);
    if (message.type === 'error' && message.code === 'full') return on.full();
    heardAt = env.now();
    on.heard(message);
    const rest = message.type === 'state' ? fall(message) : message;
    if (rest) deliver?.(rest === message ? event : { data: JSON.stringify(rest) });
    return null;
  }

  // Why the page itself lets go of a connection that is open.
  function why() {
    const now = env.now();
    if (sent && now - sentAt >= SOON) on.happened({ what: 'unanswered', s: Math.round((now - sentAt) / 1_000) });
    else on.happened({ what: 'silent', s: Math.round((now - heardAt) / 1_000) });
  }

  function came(event) {
    const [coming] = queues;
    if (states.freeze) held.push(event);
    // What the lab itself is told takes no room on the line.
    else if (states.slow || coming.isBusy) coming.add(event, event.data.startsWith('{"type":"wire"') ? 0 : event.data.length);
    else hear(event);
  }

  function take(socket, at) {
    raw = socket;
    held = [];
    const say = (text) => { if (socket.readyState === OPEN) Object.getPrototypeOf(socket).send.call(socket, text); };
    const going = queue(say);
    queues = [queue((event) => raw === socket && (states.freeze ? held.push(event) : hear(event))), going];
    heardAt = env.now();
    deliver = socket.onmessage;
    tell = socket.onclose;
    socket.onmessage = socket.onclose = null;
    let closes = false;
    const own = {
      onmessage: { configurable: true, get: () => deliver, set: (heard) => { deliver = heard; } },
      onclose: { configurable: true, get: () => tell, set: (told) => { tell = told; } },
      send: {
        configurable: true,
        value(text) {
          const { op } = JSON.parse(text);
          if (op && !sent) sentAt = env.now();
          sent = Math.max(sent, op ?? 0);
          if (states.slow || going.isBusy) going.add(text, text.length);
          else say(text);
        },
      },
      close: {
        configurable: true,
        value(...how) {
          if (!closes && wasOpen && socket.readyState === OPEN) why();
          closes ||= socket.readyState <= OPEN;
          Object.getPrototypeOf(socket).close.apply(socket, how);
        },
      },
    };
    Object.defineProperties(socket, own);
    let wasOpen = socket.readyState === OPEN;
    const listeners = {
      open: () => {
        wasOpen = true;
        tries = 0;
      },
      message: (event) => raw === socket && came(event),
      close: (event) => {
        if (raw !== socket || closes) return;
        if (wasOpen) on.happened({ what: 'closed', code: event.code, why: event.reason });
        else on.happened({ what: 'try', n: tries, at });
        tell?.(event);
      },
    };
    for (const [name, heard] of Object.entries(listeners)) socket.addEventListener(name, heard);
    undo = () => {
      for (const [name, heard] of Object.entries(listeners)) socket.removeEventListener(name, heard);
      const handlers = { onmessage: deliver, onclose: tell };
      for (const name of Object.keys(own)) delete socket[name];
      Object.assign(socket, handlers);
      say('{"type":"watch","wire":false}');
      raw = null;
    };
  }

  function set(how, is, told = true) {
    states[how] = is;
    if (told) on.happened({ what: 'broken', how, on: is });
    if (how === 'freeze' && !is) for (const event of held.splice(0)) came(event);
    on.changed();
  }

  return {
    states,
    get isCut() { return env.now() < cutUntil; },

    /** Makes a connection as `new WebSocket` does: watched from its first byte, or, while it is cut, with no answer. */
    open(url, protocol) {
      tries += 1;
      const socket = new env.Native(`${url}?${this.isCut ? 'cut' : 'watch'}`, protocol);
      on.begun();
      take(socket, env.now());
      return socket;
    },

    /** Watches one that is there already. */
    join(socket) {
      take(socket, env.now());
      on.happened({ what: 'watched' });
      if (socket.readyState === OPEN) socket.send('{"type":"watch","wire":true}');
    },

    toggle(how) {
      if (how !== 'cut') return set(how, !states[how]);
      if (raw?.readyState !== OPEN) return null;
      cutUntil = env.now() + CUT_FOR;
      Object.getPrototypeOf(raw).send.call(raw, '{"type":"break"}');
      return env.setTimeout(() => on.changed(), CUT_FOR + 20); // it may be early
    },

    /** All as it was. */
    leave() {
      for (const how of Object.keys(states)) states[how] = false;
      held.splice(0).forEach(hear);
      for (const late of queues) late.finish();
      cutUntil = 0;
      undo();
    },
  };
}
