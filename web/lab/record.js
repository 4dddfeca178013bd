// What has happened, in its order, and what stands on each row of the diagram. No DOM.
//
// An event is the server's, as `wire` has it, or this page's own; `t` is when, in seconds of this page's clock. A row is
// one event, or a state that went to this page and to everyone else at once.

import { CLOSE, bytesOf, parse, saying } from './frame.js';

export const KEPT = 5_000; // events
const QUIET = 2; // s
const TOGETHER = 0.012; // s
const NONE = { at: -Infinity, t: -Infinity };
const SERVERS = ['http', 'frame', 'others', 'journal', 'broadcast', 'skipped', 'gap'];
const PAGES = ['tap', 'wait', 'try', 'closed', 'broken', 'watched', 'unanswered', 'silent', 'decided', 'repeated'];

/** The rows, oldest first. `changed(from, gone)` is told that those from there on are others now, and how many are gone. */
export function createRecord(changed = () => {}) {
  let rows = [];
  let clock = null; // this page's time less the server's, at most
  let newest = NONE; // of the server's events: by its clock, and by this page's

  function add(event) {
    const row = rowOf(event);
    let place = rows.length;
    while (place && rows[place - 1].t > row.t) place -= 1;
    const before = rows[place - 1];
    if (event.what === 'broadcast' && before && goesWith(before, row)) {
      row.hops[0].value ??= before.hops[0].said.counter; // what is sent in one beat is one number
      before.hops.push(...row.hops);
      before.events.push(event);
      place -= 1;
    } else {
      rows.splice(place, 0, row);
    }
    return place;
  }

  // As a clock is known better, what happened later on the server still stands below.
  function shown(at) {
    if (at < newest.at) return at + clock;
    newest = { at, t: Math.max(newest.t, at + clock) };
    return newest.t;
  }

  return {
    get rows() { return rows; },

    /** A new connection: its server may have another clock. */
    begin() {
      clock = null;
      newest = NONE;
    },

    /** A `wire` message of the server's, which came at `t`. */
    take({ now, events }, t) {
      clock = Math.min(clock ?? Infinity, t - now);
      const places = events.map((event) => add({ ...event, t: shown(event.at) }));
      this.trim(Math.min(...places, rows.length));
    },

    /** Something on this page. */
    note(event) { this.trim(add(event)); },

    /** All of these, as they were saved. */
    fill(events) {
      events.forEach(add);
      this.trim(0);
    },

    /** The key of the handshake that a `hop` is part of. */
    keyOf(hop) {
      const asked = rows.filter(({ what, t }) => what === 'http' && t <= hop.t).flatMap(({ hops }) => hops).filter(({ way }) => way === 'go');
      return /^Sec-WebSocket-Key: (.*)$/mi.exec(asked.at(-1)?.text ?? '')?.[1] ?? '';
    },

    /** Those who came first are forgotten. */
    trim(from) {
      const over = Math.max(0, rows.length - KEPT);
      rows = over ? rows.slice(over) : rows;
      lanes(rows);
      changed(Math.max(0, from - over), over);
    },

    /** What `restore` understands. */
    save: () => ({ kind: 'lan-counter.wire', version: 1, events: rows.flatMap(({ events }) => events) }),
  };
}

/** A record of what was saved. Throws where it was not. */
export function restore(saved) {
  if (saved?.kind !== 'lan-counter.wire' || saved.version !== 1 || !Array.isArray(saved.events)) throw new TypeError('no record');
  const record = createRecord();
  const isOne = (event) => Number.isFinite(event?.t) && [...SERVERS, ...PAGES].includes(event.what);
  if (!saved.events.every(isOne)) throw new TypeError('no event');
  record.fill(saved.events);
  return record;
}

function goesWith(before, row) {
  const [hop] = before.hops ?? [];
  return before.hops?.length === 1 && hop.lane === 'ps' && hop.way === 'back' && hop.said?.type === 'state' && row.t - before.t < TOGETHER;
}

function rowOf(event) {
  const { what, t, count = 1 } = event;
  const row = { t, what, events: [event] };
  const way = event.from === 'page' ? 'go' : 'back';
  if (what === 'http') return { ...row, hops: [{ lane: 'ps', way, text: String(event.text), t }] };
  if (what === 'frame') {
    const frame = parse(bytesOf(event.frame), event.struck);
    return { ...row, hops: [{ lane: 'ps', way, t, count, frame, said: saying(frame), control: frame.opcode >= CLOSE, lost: event.lost === true }] };
  }
  if (what === 'others') return { ...row, hops: [{ lane: 'so', way: 'back', t, count, seconds: event.until - event.at }] };
  if (what === 'broadcast') {
    const frame = event.frame ? parse(bytesOf(event.frame)) : null;
    return { ...row, hops: [{ lane: 'so', way: 'go', t, count, to: event.to, frame, value: frame ? saying(frame)?.counter : undefined }] };
  }
  if (what === 'try') return { ...row, hops: [{ lane: 'ps', way: 'go', t, lost: true, tries: event.n }] };
  return row;
}

// What stands on the lifelines beside a row: a bar where something works or waits, none where nothing is connected, and
// how long nothing happened before it.
function lanes(rows) {
  let gathering = null; // the newest tap of those that are not sent yet
  let waiting = false;
  let working = null;
  let down = false;
  let before = null;
  for (const row of rows) {
    const { what } = row;
    const [hop] = row.hops ?? [];
    const next = { page: '', server: '', last: false };
    row.quiet = before && what !== 'watched' && row.t - before.t > QUIET ? row.t - before.t : 0;
    if (what === 'http' && hop.way === 'go') down = false;
    if (what === 'closed' || what === 'unanswered' || what === 'silent') down = true;
    if (what === 'tap' && !row.events[0].kept) {
      next.page = gathering ? 'mid' : 'start';
      gathering = row;
      gathering.lanes = next;
    } else if (what === 'wait') {
      next.page = 'start waits';
      waiting = true;
    } else if (waiting) {
      const ends = what === 'try' || what === 'http';
      next.page = ends ? 'end waits' : 'mid waits';
      waiting = !ends;
    } else if (gathering) {
      const sent = what === 'frame' && hop.way === 'go' && hop.said?.op !== undefined;
      next.page = sent || what === 'closed' ? 'end' : 'mid';
      if (sent) gathering.lanes.last = true;
      if (sent || what === 'closed') gathering = null;
    }
    const asks = (what === 'frame' && hop.way === 'go' && hop.said?.op !== undefined) || what === 'others';
    const tells = row.hops?.some(({ lane, way, said, frame }) => (lane === 'so' && way === 'go') || (way === 'back' && frame && said?.ack !== undefined && !said.epoch));
    if (asks) {
      next.server = working ? 'mid' : 'start';
      working = row;
    } else if (working && row.t - working.t < QUIET) {
      next.server = tells ? 'end' : 'mid';
      if (tells) working = null;
    } else {
      working = null;
    }
    row.lanes = next;
    row.down = down;
    before = row;
  }
}
