// The languages are held equal, and the page says nothing that isn't in them.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { hold, read as languages } from './languages.js';

const web = new URL('../../web/', import.meta.url);
const read = (name) => readFileSync(new URL(name, web), 'utf8');
const guests = languages('locales/');
const hosts = languages('locales/host/');
const locales = Object.fromEntries(Object.keys(guests).map((language) => [language, { ...guests[language], ...hosts[language] }]));
const { en } = locales;

hold('locales/');
hold('locales/host/');
hold('locales/export/');
hold('lesson/words/');

test('each language has a name of its own, under a code that a browser may wish for', () => {
  const own = Object.values(locales).map((sentences) => sentences['language.own']);
  assert.equal(new Set(own).size, own.length);
  assert.deepEqual(Intl.getCanonicalLocales(Object.keys(locales)), Object.keys(locales));
});

test('what a host reads, and what a part says for itself, is there in every language of the page, and nothing twice', () => {
  assert.deepEqual(Object.keys(languages('lesson/words/')), Object.keys(locales));
  assert.deepEqual(Object.keys(languages('locales/export/')), Object.keys(locales));
  assert.deepEqual(Object.keys(hosts), Object.keys(guests));
  assert.deepEqual(Object.keys(guests.en).filter((key) => key in hosts.en), []);
});

// A key is named whole, or made of a prefix and what the server or the model says.
const MADE = {
  'link.': ['connecting', 'removed'],
  'error.': ['locked', 'stale', 'out_of_range', 'over_limit', 'not_host', 'nothing_to_undo', 'no_longer_host', 'not_recorded', 'other'],
  'before.': ['counted', 'known', 'locked', 'stale', 'out_of_range', 'over_limit', 'other', 'old', 'unreadable'],
  'join.': ['lan', 'local', 'none', 'virtual', 'tunnel', 'link-local'],
  'tiding.': [
    'gone', 'gone.from', 'gone.which', 'gone.port', 'again', 'port', 'port.why', 'nobody', 'taken', 'taken.one', 'close',
    'move', 'stay', 'try', 'ok',
  ],
  'help.': ['blocks', 'unknown', 'allows', 'off', 'looking', 'unseen'],
  'help.do.': ['blocks', 'unknown'],
  'history.': ['round', 'five', 'today', 'all'],
  'last.': ['1', '2', '3', '4', '5', '6', '7', '8'],
  'people.': ['guest', 'classic', 'host'],
  'take.': ['workbook.why', 'rounds.why', 'changes.why', 'svg.why', 'png.why', 'changes.its', 'svg.its', 'png.its', 'changes', 'svg', 'png'],
  'notice.': ['set_aside', 'went_back', 'not_saved', 'not_shared'],
  'sharing.': ['saved', 'dropped'],
};
const code = readdirSync(web, { recursive: true }).filter((name) => !/^(vendor|lab)/.test(name) && /\.(js|html)$/.test(name)).map(read).join('\n');
const named = new Set([...code.matchAll(/'([a-z]+(?:[.-][\w-]+)*)'/g)].map(([, quoted]) => quoted));
for (const [prefix, ends] of Object.entries(MADE)) ends.forEach((end) => named.add(prefix + end));

// In index.html a host's parts are within templates, as is the projector.
function guestsMarkup(html) {
  let depth = 0;
  return html.split('\n').filter((line) => {
    const opens = /<template x-if="(isHost|onStage)"/.test(line);
    if (depth || opens) depth += (line.match(/<template/g) ?? []).length - (line.match(/<\/template/g) ?? []).length;
    return !depth && !opens;
  }).join('\n').replaceAll(/isHost \? '[\w.-]+'/g, '');
}

test('a guest is told nothing that only hosts and projectors have the words for', () => {
  const modules = [...read('index.html').matchAll(/href="\/static\/((?:link|model|views)[^"]+js)"/g)].map(([, name]) => name);
  const shown = guestsMarkup(read('index.html'));
  assert.ok(shown.includes("t('hand')") && !shown.includes("t('stage.how')"));
  const code = ['app.js', 'views/menu.js', ...modules].map(read).join('\n') + shown;
  const said = new Set([...code.matchAll(/'([a-z]+(?:[.-][\w-]+)*)'/g)].map(([, quoted]) => quoted));
  // What only a host can be told, or asks for in what it sends; and a component’s name.
  const isHosts = new Set(['link.up.host', 'link.up.locked', 'people.host', 'people.classic', 'hands.rest', 'reset', 'set', 'stage', 'lesson']);
  assert.deepEqual([...said].filter((key) => key in hosts.en && !isHosts.has(key)), []);
});

// What the native window says, and the server to whoever comes astray, is said from there; what a language is called, the
// server tells the page.
const isNative = (key) => /^(native|plain)\./.test(key) || key === 'language.own';

test('every sentence is used', () => {
  assert.deepEqual(Object.keys(en).filter((key) => !named.has(key) && !isNative(key)), []);
});

test('every sentence that is used is there', () => {
  const used = [
    ...code.matchAll(/\bt\('([\w.-]+)'[,)]/g),
    ...code.matchAll(/\bt\([^()']*\? '([\w.-]+)' : '([\w.-]+)'/g),
    ...code.matchAll(/(?:key|does|copyKey|problem): '([\w.-]+)'/g),
  ].flatMap(([, ...keys]) => keys.filter(Boolean));
  assert.ok(used.length > 80, `${used.length}`);
  for (const key of used) assert.ok(key in en, key);
  for (const [prefix, ends] of Object.entries(MADE)) {
    assert.match(code, new RegExp(`\`${prefix.replaceAll('.', '\\.')}\\$\\{|'${prefix.replaceAll('.', '\\.')}`), prefix);
    for (const end of ends) assert.ok(prefix + end in en, prefix + end);
  }
});

test('a lesson’s sentences: every one is used, and every one that is used is there', () => {
  const { en: words } = languages('lesson/words/');
  const lesson = ['lesson/lesson.js', 'lesson/lesson.html'].map(read).join('\n');
  const quoted = new Set([...lesson.matchAll(/'([a-z]+(?:\.[a-z]+)*)'/g)].map(([, key]) => key));
  assert.deepEqual(Object.keys(words).filter((key) => !quoted.has(key) && key !== 'language.numbers'), []);
  const used = [...lesson.matchAll(/\b(?:tell|say)\('([\w.]+)'/g), ...lesson.matchAll(/\btell\([^()']*\? '([\w.]+)' : '([\w.]+)'/g)];
  for (const key of used.flatMap(([, ...keys]) => keys.filter(Boolean))) assert.ok(key in words, key);
  assert.ok(used.length > 40);
});
