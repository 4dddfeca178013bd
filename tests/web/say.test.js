// The lab's words, in both its languages, and that each event has some.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { createRecord } from '../../web/lab/record.js';
import { remember, speaker } from '../../web/lab/say.js';
import { translator } from '../../web/model/i18n.js';

const lab = new URL('../../web/lab/', import.meta.url);
const read = (name) => readFileSync(new URL(name, lab), 'utf8');
const words = Object.fromEntries(readdirSync(new URL('words/', lab)).map((name) => [name.replace('.json', ''), JSON.parse(read(`words/${name}`))]));
const forms = (sentence) => (typeof sentence === 'string' ? [sentence] : Object.values(sentence));
const placeholders = (text) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort().join(' ');
const code = readdirSync(lab).filter((name) => /\.(js|html)$/.test(name)).map(read).join('\n');

test('two languages, with the same sentences, values and weights', () => {
  assert.deepEqual(Object.keys(words), ['en', 'fr']);
  assert.deepEqual(Object.keys(words.fr), Object.keys(words.en));
  for (const [key, sentence] of Object.entries(words.fr)) {
    assert.equal(typeof sentence, typeof words.en[key], key);
    assert.equal(placeholders(forms(sentence).at(-1)), placeholders(forms(words.en[key]).at(-1)), key);
    for (const form of [...forms(sentence), ...forms(words.en[key])]) assert.equal(form.split('*').length % 2, 1, key);
    for (const form of forms(sentence)) assert.doesNotMatch(form, / [:;?!»]|« |[\p{L}\d}][;?!]|\u202f:|\u00a0[;?!]|[^\u00a0]:(?!\/)|'/u, key);
    for (const form of forms(words.en[key])) assert.doesNotMatch(form, / [:;?!]|'/, key);
  }
});

test('every sentence that is used is there', () => {
  const used = [...code.matchAll(/\b[tw]\('([a-z][\w.-]+)'/g), ...code.matchAll(/\? '([a-z]+\.[\w.]+)'/g), ...code.matchAll(/: '([a-z]+\.[\w.]+)'/g)].map(([, key]) => key);
  assert.ok(used.length > 60, `${used.length}`);
  for (const key of used) assert.ok(key in words.en, key);
  for (const how of ['freeze', 'slow', 'lose']) for (const end of ['', '.why', '.on', '.off']) assert.ok(`break.${how}${end}` in words.en);
  for (const type of ['set', 'reset', 'undo', 'configure', 'remove', 'watch', 'break', 'network', 'roster', 'notice']) assert.ok(`ev.${type}` in words.en);
});

const frame = (from, said, first = 0x81) => {
  const text = typeof said === 'string' ? said : JSON.stringify(said);
  const length = text.length < 126 ? String.fromCharCode(text.length) : `\x7e${String.fromCharCode(text.length >> 8, text.length & 255)}`;
  return { what: 'frame', from, frame: btoa(String.fromCharCode(first) + length + text) };
};
const SAID = [
  [frame('page', { type: 'hello', client: 'x' }), 'Says who it is'],
  [frame('server', { type: 'state', counter: 39, epoch: 'e' }), 'The number as it stands: 39'],
  [frame('server', { type: 'state', counter: 39, epoch: 'e', ack: 0 }), 'Nothing of yours is waiting'],
  [frame('page', { type: 'add', op: 1, delta: 3 }), 'Add 3. My operation 1'],
  [frame('page', { type: 'add', op: 2, delta: -1 }), 'Take 1. My operation 2'],
  [frame('page', { type: 'add', op: 2, delta: -1 }), 'Sends it again: add 1. My operation 2'],
  [frame('page', { type: 'hello', client: 'x' }), 'Says who it is, the same as before'],
  [frame('server', { type: 'state', counter: 42, ack: 2 }), '42. Your operation 2 is decided'],
  [{ ...frame('server', { type: 'state', counter: 57 }), count: 6, until: 2 }, '6 states, the newest 57'],
  [frame('server', { type: 'state', counter: 5, people: 3 }), '3 people are here'],
  [{ ...frame('server', { type: 'state', counter: 5, ack: 1 }), lost: true }, '5. The answer is lost'],
  [frame('server', { type: 'error', code: 'locked' }), 'Refused: locked'],
  [frame('server', { type: 'roster' }), 'Who is here'],
  [frame('server', { type: 'tune' }), 'A message: tune'],
  [frame('server', '', 0x89), 'Ping, from the server'],
  [frame('page', '', 0x8a), 'Pong'],
  [frame('server', '\x03\xe9', 0x88), 'Closed with 1001'],
  [frame('page', 'nonsense'), 'Text frame'],
  [{ what: 'others', from: 'page', count: 14, until: 1.2 }, '14 frames in 0.2 s'],
  [{ what: 'broadcast', from: 'server', to: 27, count: 6 }, '6 states, to 27'],
  [{ what: 'http', from: 'page', text: 'GET /ws HTTP/1.1\r\nSec-WebSocket-Key: a==' }, 'Asks for a WebSocket'],
  [{ what: 'try', n: 2 }, 'Try 2'],
];

test('what each arrow says', () => {
  const say = speaker(translator(String, words.en, 'en'), String, 'en');
  const record = createRecord();
  SAID.forEach(([event], place) => record.take({ now: 0, events: [{ at: 1, ...event }].map((one) => ({ ...one, at: place + 1, ...(one.until && { until: place + 1.2 }) })) }, 0));
  remember(record.rows);
  const rows = record.rows.filter(({ hops }) => hops);
  assert.deepEqual(rows.map(({ hops: [hop], events: [event] }) => say.hop(hop, event)), SAID.map(([, text]) => text));
});

test('what each row without an arrow says, in both languages', () => {
  const say = speaker(translator(String, words.en, 'en'), String, 'en');
  const french = speaker(translator(String, words.fr, 'fr'), String, 'fr');
  const rows = (event, last = false) => ({ events: [event], what: event.what, lanes: { last } });
  const text = (event, last) => say.row(rows(event, last)).text;
  assert.equal(text({ what: 'tap', delta: 1 }, true), '*+1*, then 250 ms without a tap');
  assert.equal(text({ what: 'tap', delta: -1, kept: true }), '*-1*, kept on this device');
  assert.equal(text({ what: 'journal', operations: 1, own: 1, ms: 0.812 }), 'In the journal after *0.8 ms*');
  assert.equal(text({ what: 'journal', operations: 3, own: 1, ms: 1.44 }), 'With 2 others in *one transaction*, 1.4 ms');
  assert.equal(text({ what: 'journal', operations: 14, count: 6 }), '14 operations in *6 transactions*');
  assert.equal(text({ what: 'journal', operations: 14, ms: 20.4 }), '14 operations in *one transaction*, 20 ms');
  assert.equal(text({ what: 'closed', code: 1006 }), 'Closed without a goodbye: 1006');
  assert.equal(text({ what: 'closed', code: 1001, why: 'Bye.' }), 'Closed with 1001: Bye.');
  assert.equal(text({ what: 'wait', s: 0.714, least: 0.5, most: 1, first: true }), 'Waits *0.71 s*: by chance, from 0.5 to 1 s. The original: 3 s, always');
  assert.equal(text({ what: 'unanswered', s: 8 }), 'No answer for *8 s*: the page connects anew');
  assert.equal(text({ what: 'silent', s: 25 }), 'Nothing came for *25 s*: the page connects anew');
  assert.equal(text({ what: 'decided', op: 3 }), 'Operation 3 is *already decided*: not sent again');
  assert.equal(text({ what: 'repeated', op: 3 }), 'Operation 3 is *already decided*: not added twice');
  assert.equal(text({ what: 'broken', how: 'freeze', on: true }), 'Frozen: what comes is held here');
  assert.equal(text({ what: 'gap', count: 120 }), 'A gap: 120 events are not drawn. The diagram was slow, the number was not.');
  assert.equal(text({ what: 'skipped', count: 1 }), '*1 state skipped* for this page: it was slow');
  assert.match(french.row(rows({ what: 'journal', operations: 1, ms: 0.8 })).text, /^Au journal après \*0,8\sms\*$/);
});
