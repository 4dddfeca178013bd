// The languages are held equal, and the page says nothing that isn't in them.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { LANGUAGES } from '../../web/model/i18n.js';

const web = new URL('../../web/', import.meta.url);
const read = (name) => readFileSync(new URL(name, web), 'utf8');
const locales = Object.fromEntries(LANGUAGES.map((language) => [language, JSON.parse(read(`locales/${language}.json`))]));
const { en } = locales;
const forms = (sentence) => (typeof sentence === 'string' ? [sentence] : Object.values(sentence));
const placeholders = (text) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort().join(' ');

test('a file for each language, and no other', () => {
  assert.deepEqual(readdirSync(new URL('locales/', web)).sort(), LANGUAGES.map((language) => `${language}.json`).sort());
});

for (const [language, sentences] of Object.entries(locales)) {
  // What is counted in sentences never comes near a million, where French has a form of its own.
  const rules = new Intl.PluralRules(language);
  const needed = [...new Set(Array.from({ length: 10_001 }, (_, n) => rules.select(n)))].sort();

  test(`${language}: the same keys in the same order`, () => {
    assert.deepEqual(Object.keys(sentences), Object.keys(en));
  });

  test(`${language}: the same values, weights and kinds of sentence`, () => {
    for (const [key, sentence] of Object.entries(sentences)) {
      assert.equal(typeof sentence, typeof en[key], key);
      const whole = placeholders(forms(en[key]).at(-1));
      for (const form of forms(sentence)) {
        const names = placeholders(form);
        // "Add one" says its number in a word.
        assert.ok(names === whole || (typeof sentence === 'object' && names === ''), `${key}: ${names} for ${whole}`);
        assert.equal(form.split('*').length % 2, 1, `${key}: a weight without an end`);
        assert.ok(form.trim(), key);
      }
      assert.equal(forms(sentence).at(-1).includes('*'), forms(en[key]).at(-1).includes('*'), key);
    }
  });

  test(`${language}: every plural form that its numbers need`, () => {
    for (const [key, sentence] of Object.entries(sentences)) {
      if (typeof sentence === 'object') assert.deepEqual(Object.keys(sentence).sort(), needed, key);
    }
  });

  test(`${language}: real apostrophes, ellipses and minus signs`, () => {
    for (const [key, sentence] of Object.entries(sentences)) {
      for (const form of forms(sentence)) assert.doesNotMatch(form, /'|"|\.\.\.| - /, key);
    }
  });
}

test('in French, a sign of two parts is not torn from its word', () => {
  for (const [key, sentence] of Object.entries(locales.fr)) {
    for (const form of forms(sentence)) {
      assert.doesNotMatch(form, / [:;?!»]|« |[\p{L}\d}][;?!]/u, key);
      assert.doesNotMatch(form, /\u202f:|\u00a0[;?!]/, key);
    }
  }
});

// A key is named whole, or made of a prefix and what the server or the model says.
const MADE = {
  'link.': ['connecting', 'removed'],
  'error.': ['locked', 'stale', 'out_of_range', 'not_host', 'nothing_to_undo', 'no_longer_host', 'not_recorded', 'other'],
  'before.': ['counted', 'known', 'locked', 'stale', 'out_of_range', 'other', 'old', 'unreadable'],
  'join.': ['lan', 'local', 'none', 'virtual', 'tunnel', 'link-local'],
  'tiding.': [
    'gone', 'gone.from', 'gone.which', 'gone.port', 'again', 'port', 'port.why', 'nobody', 'taken', 'taken.one', 'close',
    'move', 'stay', 'try', 'ok',
  ],
  'help.': ['blocks', 'unknown', 'allows', 'off', 'looking', 'unseen'],
  'help.do.': ['blocks', 'unknown'],
  'notice.': ['set_aside', 'went_back', 'not_saved'],
};
const code = readdirSync(web, { recursive: true }).filter((name) => !name.startsWith('vendor') && /\.(js|html)$/.test(name)).map(read).join('\n');
const named = new Set([...code.matchAll(/'([a-z]+(?:[.-][\w-]+)*)'/g)].map(([, quoted]) => quoted));
for (const [prefix, ends] of Object.entries(MADE)) ends.forEach((end) => named.add(prefix + end));

// What the native window says, and the server to whoever comes astray, is said from here.
const isNative = (key) => /^(native|plain)\./.test(key);

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
