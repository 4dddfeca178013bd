// The languages are held equal, and the page says nothing that isn't in them.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const web = new URL('../../web/', import.meta.url);
const read = (name) => readFileSync(new URL(name, web), 'utf8');
const names = readdirSync(new URL('locales/', web)).filter((name) => name.endsWith('.json'));
const folder = (path) => Object.fromEntries(names.map((name) => [name.replace('.json', ''), JSON.parse(read(`${path}${name}`))]));
const guests = folder('locales/');
const hosts = folder('locales/host/');
const locales = Object.fromEntries(Object.keys(guests).map((language) => [language, { ...guests[language], ...hosts[language] }]));
const { en } = locales;
const forms = (sentence) => (typeof sentence === 'string' ? [sentence] : Object.values(sentence));
const placeholders = (text) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort().join(' ');

test('each language has a name of its own, under a code that a browser may wish for', () => {
  const own = Object.values(locales).map((sentences) => sentences['language.own']);
  assert.equal(new Set(own).size, own.length);
  assert.deepEqual(Intl.getCanonicalLocales(Object.keys(locales)), Object.keys(locales));
});

// What its signs are, beyond what holds for all. A language that isn't here has no rules of its own.
const LOOSE = [/ [:;?!]/, /[\u00a0\u202f][:;?!]/];
const FRENCH = [/ [:;?!»]|« |[\p{L}\d}][;?!]/u, /\u202f:|\u00a0[;?!]|[^\u00a0]:(?!\/)/, /[“”„]/];
const FORBIDDEN = {
  co: FRENCH,
  de: [...LOOSE, /[«»”]|[^\u00a0]…/],
  en: LOOSE,
  es: [...LOOSE, /(^|[.:] )[^¿]*\?|(^|[.:] )[^¡]*!/, /« | »/],
  fr: FRENCH,
  it: [...LOOSE, /[“”„]|« | »/],
  pt: [...LOOSE, /[«»„]/],
};

for (const [language, sentences] of Object.entries(locales)) {
  // What is counted in sentences never comes near a million, where some have a form of their own: `other` does for it.
  const rules = new Intl.PluralRules(sentences['language.numbers']);
  const needed = [...new Set([...Array.from({ length: 10_001 }, (_, n) => rules.select(n)), 'other'])].sort();

  test(`${language}: numbers and plurals that a browser knows`, () => {
    assert.deepEqual(Intl.PluralRules.supportedLocalesOf(sentences['language.numbers']), [sentences['language.numbers']]);
  });

  test(`${language}: the same keys in the same order`, () => {
    assert.deepEqual(Object.keys(guests[language]), Object.keys(guests.en));
    assert.deepEqual(Object.keys(hosts[language]), Object.keys(hosts.en));
    assert.deepEqual(Object.keys(guests[language]).filter((key) => key in hosts[language]), []);
    // A key that stands there twice would be read without a word.
    for (const file of [`${language}.json`, `host/${language}.json`]) {
      const keys = [...read(`locales/${file}`).matchAll(/^  "([\w.-]+)":/gm)].map(([, key]) => key);
      assert.deepEqual(keys, [...new Set(keys)], file);
    }
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

  if (language !== 'en') test(`${language}: no sentence was left in English`, () => {
    const words = (key) => forms(en[key]).at(-1).replace(/\{\w+\}/g, '');
    const left = Object.keys(en).filter((key) => /[a-z]{2} [a-z]/.test(words(key)) && forms(sentences[key]).at(-1) === forms(en[key]).at(-1));
    assert.deepEqual(left, []);
  });

  test(`${language}: real apostrophes, ellipses and minus signs, and its own quotation marks and spaces`, () => {
    const forbidden = [/'|"|\.\.\.| -(?!-)|  /, ...FORBIDDEN[language] ?? []];
    for (const [key, sentence] of Object.entries(sentences)) {
      for (const form of forms(sentence)) for (const signs of forbidden) assert.doesNotMatch(form, signs, key);
    }
  });
}

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
  'notice.': ['set_aside', 'went_back', 'not_saved', 'not_shared'],
  'sharing.': ['saved', 'dropped'],
};
const code = readdirSync(web, { recursive: true }).filter((name) => !name.startsWith('vendor') && /\.(js|html)$/.test(name)).map(read).join('\n');
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
  const isHosts = new Set(['link.up.host', 'link.up.locked', 'people.host', 'people.classic', 'hands.rest', 'reset', 'set', 'stage']);
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
