// The frame that is looked at, bit by bit: 32 bits a row, a sentence a field, the payload byte by byte.

import { fields, hex, texts } from './frame.js';
import { SVG, el, payload } from './row.js';

const MOST = 64; // bytes, until more is asked for
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'; // RFC 6455, section 1.3
const NAMES = { 0: 'frame.continuation', 1: 'frame.text', 2: 'frame.binary', 8: 'frame.close', 9: 'frame.ping', 10: 'frame.pong' };
const WAYS = { 'ps go': 'page-server', 'ps back': 'server-page', 'so go': 'server-others', 'so back': 'others-server' };
const FIELDS = { fin: 'FIN', rsv: 'RSV', opcode: 'opcode', mask: 'MASK' };
const RSV = ['RSV1', 'RSV2', 'RSV3'];

/** Where nothing is chosen yet. */
export function nothing(t) {
  const box = el('div', 'nothing');
  const row = el('div', 'bits');
  row.setAttribute('aria-hidden', 'true');
  for (let bit = 0; bit < 64; bit += 1) row.append(el('i'));
  box.append(row, el('b', '', t('frame.none')), el('p', '', t('frame.choose')));
  return box;
}

/** All that there is to see of an arrow: what it is, and what it carried. `wide` are the bytes in a line, `from` when the
 * diagram begins, `key` that of the handshake, `close` what ends the looking, if anything has to. */
export function sheet({ hop, event }, { t, say, from, wide, close, key }) {
  const header = el('header');
  const title = el('div', 'grow');
  const name = el('h2', '', titleOf(hop, event, t));
  name.id = 'frame-title';
  title.append(name, el('p', '', t(`way.${WAYS[`${hop.lane} ${hop.way}`]}`, { t: say.clock(hop.t - from) })));
  header.append(title);
  if (hop.frame && !(hop.count > 1)) {
    const size = el('p', 'size fig', say.figures(hop.frame.size));
    size.append(el('small', '', t('frame.bytes', { n: hop.frame.size })));
    header.append(size);
  }
  if (close) header.append(closer(close, t));
  return [header, ...details(hop, event, t, say.figures, wide, key)];
}

function closer(close, t) {
  const button = el('button', 'ico close');
  button.type = 'button';
  button.setAttribute('aria-label', t('lab.close'));
  const svg = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({ viewBox: '0 0 24 24', fill: 'none', stroke: 'currentColor', 'stroke-width': 2, 'aria-hidden': true })) svg.setAttribute(name, value);
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', 'M6 6l12 12M18 6L6 18');
  svg.append(path);
  button.append(svg);
  button.addEventListener('click', close);
  return button;
}

function titleOf(hop, event, t) {
  if (event.what === 'http') return t(hop.way === 'go' ? 'http.request' : 'http.response');
  if (event.what === 'try') return t('http.lost');
  if (hop.count > 1 || !hop.frame) return t('frame.many', { n: hop.count });
  return t(NAMES[hop.frame.opcode] ?? 'frame.text');
}

function details(hop, event, t, figures, wide, key) {
  if (event.what === 'http') return upgrade(hop, t, key);
  if (event.what === 'try') return [el('p', 'aside', t('ev.try.none'))];
  if (!hop.frame) return [el('p', 'aside', t('frame.others'))];
  const { frame } = hop;
  const found = [];
  if (hop.count > 1) found.push(el('p', 'aside', t('frame.newest', { n: hop.count, size: frame.size })));
  if (hop.lane === 'so') found.push(el('p', 'aside', t('frame.once')));
  if (event.lost) found.push(el('p', 'aside', t('frame.lost')));
  found.push(bits(frame, t), list(frame, t, figures));
  if (frame.length) found.push(...inside(frame, t, wide, hop));
  return found;
}

function list(frame, t, figures) {
  const box = el('div', 'fields');
  for (const { id, bits: written, value, say: [key, values] } of fields(frame)) {
    const said = el('dl', 'said');
    const name = el('dt', '', FIELDS[id] ?? t(`field.${id}`));
    name.append(el('code', '', typeof value === 'number' ? figures(value) : value ?? written));
    said.append(name, el('dd', '', t(key, values)));
    said.dataset.f = id;
    box.append(said);
  }
  return box;
}

// As section 5.2 draws it. What it says, the list says in words.
function bits(frame, t) {
  const box = el('div', 'bits tall');
  box.setAttribute('aria-hidden', 'true');
  const drawn = fields(frame).filter(({ isPayload }) => !isPayload).map(({ id, bits: written }) => ({ id, bits: written, name: id === 'extended' ? t('field.extended.short') : FIELDS[id] ?? t(`field.${id}`) }));
  const fill = frame.sent.slice(0, (4 - (frame.header.length % 4)) % 4);
  if (fill.length) drawn.push({ id: 'pay', name: t('payload').toLowerCase(), bits: fill.map((byte) => (byte === null ? '········' : byte.toString(2).padStart(8, '0'))).join('') });
  const total = drawn.reduce((sum, field) => sum + field.bits.length, 0);
  let at = 0;
  for (const field of drawn) {
    const parts = field.id === 'rsv' ? RSV.map((name, place) => ({ name, bits: field.bits[place] })) : [field];
    for (const part of parts) {
      for (let left = part.bits; left;) {
        if (at % 32 === 0) for (let byte = 0; byte < 4; byte += 1) box.append(el('span', 'byte', at + byte * 8 < total ? `${byte ? '' : `${t('frame.byte')} `}${at / 8 + byte}` : ''));
        const take = Math.min(left.length, 32 - (at % 32));
        const cell = el('span', ['bit', { key: 'key', pay: 'pay' }[field.id], take === 1 && 'one', at < 32 && 'top'].filter(Boolean).join(' '));
        cell.style.gridColumn = `span ${take}`;
        cell.dataset.f = field.id;
        const figures = el('span', 'v');
        for (const bit of left.slice(0, take)) figures.append(el('i', '', bit));
        cell.append(el('span', 'n', part.name.replace('opcode', 'op\u200bcode')), figures);
        box.append(cell);
        left = left.slice(take);
        at += take;
      }
    }
  }
  return box;
}

function inside(frame, t, wide, hop) {
  const head = el('h3', '', t('payload'));
  head.append(el('span', '', t(frame.key ? 'payload.masked' : 'payload.plain')));
  const box = el('div');
  box.append(octets(frame, wide, t, MOST));
  if (frame.plain.length > MOST) {
    const more = el('button', 'link', t('payload.all', { n: frame.plain.length }));
    more.type = 'button';
    more.addEventListener('click', () => box.replaceChildren(octets(frame, wide, t, Infinity)));
    box.append(more);
  }
  const whole = el('code', 'whole');
  whole.append(...payload(texts(frame), t));
  const found = [head, box, el('h3', '', t('payload.text')), whole];
  const struck = frame.plain.filter((byte) => byte === null).length + frame.rest;
  if (struck) found.push(el('p', 'aside', t(hop.way === 'go' ? 'payload.struck.why' : 'payload.struck.others', { n: struck })));
  return found;
}

function octets(frame, wide, t, most) {
  const box = el('div', 'octets');
  box.setAttribute('aria-hidden', 'true');
  box.style.setProperty('--n', wide);
  const sign = (byte) => (byte > 32 && byte < 127 ? String.fromCharCode(byte) : byte === 32 ? '␣' : '·');
  const line = (set, name, kind, cells) => {
    const run = el('span', `run ${kind}`);
    run.append(...cells.map((cell) => (cell === null ? el('i', 'x', 'x') : el('i', '', cell))));
    set.append(el('span', 'nm', t(`payload.${name}`)), run);
  };
  for (let from = 0; from < Math.min(frame.plain.length, most); from += wide) {
    const set = el('div', 'set');
    const cut = (bytes) => bytes.slice(from, from + wide);
    line(set, 'sent', 'm', cut(frame.sent).map((byte) => (byte === null ? null : hex(byte))));
    if (frame.key) line(set, 'key', 'k', cut(frame.plain).map((_, place) => hex(frame.key[(from + place) % 4])));
    line(set, 'read', 'c', cut(frame.plain).map((byte) => (byte === null ? null : sign(byte))));
    box.append(set);
  }
  return box;
}

// How accept is made of the key.
function upgrade(hop, t, key) {
  const asks = hop.way === 'go';
  const found = [el('code', 'whole', hop.text), el('p', 'aside', t(asks ? 'http.ask' : 'http.agree'))];
  if (!key) return found;
  const digest = sha1(new TextEncoder().encode(key + GUID));
  const steps = el('div', 'steps');
  const values = [key, GUID, digest.map(hex).join(''), btoa(String.fromCharCode(...digest))];
  values.forEach((value, place) => {
    const step = el('div', '', t(`accept.${place + 1}`));
    step.append(el('code', '', value));
    steps.append(step);
  });
  return [...found, el('h3', '', t('accept')), steps];
}

/** FIPS 180-4, section 6.1: on a page over plain http a browser offers none. */
export function sha1(bytes) {
  const length = bytes.length;
  const data = new Uint8Array(Math.ceil((length + 9) / 64) * 64);
  data.set(bytes);
  data[length] = 0x80;
  const view = new DataView(data.buffer);
  view.setUint32(data.length - 4, length * 8);
  const turn = (word, by) => (word << by) | (word >>> (32 - by));
  const hash = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  for (let block = 0; block < data.length; block += 64) {
    const words = Array.from({ length: 16 }, (_, place) => view.getInt32(block + place * 4));
    for (let place = 16; place < 80; place += 1) words.push(turn(words[place - 3] ^ words[place - 8] ^ words[place - 14] ^ words[place - 16], 1));
    let [a, b, c, d, e] = hash;
    words.forEach((word, place) => {
      const [f, k] = place < 20 ? [(b & c) | (~b & d), 0x5a827999] : place < 40 ? [b ^ c ^ d, 0x6ed9eba1]
        : place < 60 ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc] : [b ^ c ^ d, 0xca62c1d6];
      [a, b, c, d, e] = [(turn(a, 5) + f + e + k + word) | 0, a, turn(b, 30), c, d];
    });
    [a, b, c, d, e].forEach((word, place) => { hash[place] = (hash[place] + word) | 0; });
  }
  return hash.flatMap((word) => [24, 16, 8, 0].map((by) => (word >>> by) & 255));
}

