// Takes into a record what happens on the page's connection: what the server tells of it, and what the page itself does.

import { bytesOf, parse, saying } from './frame.js';
import { createLine } from './line.js';
import { TIMES } from '../link/socket.js';

const MOST = 20; // messages that fell, to be found again among the events

/** Watches `socket`, which is made with `wire`, of `page`, into `record`. Told are `on.full()`, that too many watch, `on.counter(n)`,
 * as the server says it, and `on.changed()`, that something is broken or no longer. Gives back the line, and what ends it. */
export function watch(page, wire, socket, record, on) {
  const { WebSocket: Native, answers } = wire;
  const { count } = page;
  const now = () => performance.now() / 1_000;
  let fallen = [];
  let waits = 0; // since there was a connection

  const isSame = (one, other) => ['ack', 'revision', 'counter'].every((key) => one[key] === other[key]);

  // What this page let fall the server tells of like anything else.
  function markLost(event) {
    const said = event.what === 'frame' && event.from === 'server' && fallen.length ? saying(parse(bytesOf(event.frame), event.struck)) : null;
    const before = fallen.length;
    if (said) fallen = fallen.filter((one) => !isSame(one, said));
    if (fallen.length < before) event.lost = true;
  }

  const line = createLine({ ...wire, now: () => performance.now(), Native }, {
    ...on,
    wire(message) {
      message.events.forEach(markLost);
      waits = 0;
      record.take(message, now());
    },
    begun() {
      record.begin();
      on.full(false);
    },
    full: () => on.full(true),
    heard: ({ type, counter }) => type === 'state' && on.counter(counter),
    happened({ at, message, ...event }) {
      if (event.what === 'lost') fallen = [...fallen, message].slice(-MOST);
      else record.note({ ...event, t: at === undefined ? now() : at / 1_000 });
    },
  });

  wire.WebSocket = function WebSocket(...how) { return line.open(...how); };
  wire.answers = () => (line.isCut ? Promise.resolve(false) : answers());
  wire.told = (ms, most) => {
    waits += 1;
    record.note({ what: 'wait', t: now(), s: ms / 1_000, least: TIMES.retryLeast / 1_000, most: most / 1_000, first: waits === 1 });
  };
  page.count = (direction) => {
    const { clicks, isUp } = page;
    const t = now(); // what it leads to is later
    count(direction);
    if (page.clicks > clicks) record.note({ what: 'tap', t, delta: direction * page.view.step, kept: !isUp });
  };
  if (socket.raw()) line.join(socket.raw());
  else socket.connect();

  return {
    line,
    leave() {
      Object.assign(wire, { WebSocket: Native, answers, told: undefined });
      page.count = count;
      line.leave();
    },
  };
}
