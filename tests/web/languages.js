// What holds for the words of the page, and for those of a part that has its own: all languages say the same, each with its own
// signs.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const web = new URL('../../web/', import.meta.url);

const forms = (sentence) => (typeof sentence === 'string' ? [sentence] : Object.values(sentence));
const placeholders = (text) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort().join(' ');

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

/** The languages of a folder below web/, code to sentences. */
export function read(folder) {
  const names = readdirSync(new URL(folder, web)).filter((name) => name.endsWith('.json'));
  return Object.fromEntries(names.map((name) => [name.replace('.json', ''), JSON.parse(readFileSync(new URL(folder + name, web), 'utf8'))]));
}

/** Tests that they are equal. */
export function hold(folder) {
  const locales = read(folder);
  const { en } = locales;
  for (const [language, sentences] of Object.entries(locales)) {
    // What is counted in sentences never comes near a million, where some have a form of their own: `other` does for it.
    const numbers = sentences['language.numbers'] ?? read('locales/')[language]['language.numbers'];
    const rules = new Intl.PluralRules(numbers);
    const needed = [...new Set([...Array.from({ length: 10_001 }, (_, n) => rules.select(n)), 'other'])].sort();

    test(`${folder}${language}: numbers and plurals that a browser knows`, () => {
      assert.deepEqual(Intl.PluralRules.supportedLocalesOf(numbers), [numbers]);
    });

    test(`${folder}${language}: the same keys in the same order`, () => {
      assert.deepEqual(Object.keys(sentences), Object.keys(en));
      // A key that stands there twice would be read without a word.
      const text = readFileSync(new URL(`${folder}${language}.json`, web), 'utf8');
      const keys = [...text.matchAll(/^  "([\w.-]+)":/gm)].map(([, key]) => key);
      assert.deepEqual(keys, Object.keys(sentences));
    });

    test(`${folder}${language}: the same values, weights and kinds of sentence`, () => {
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

    test(`${folder}${language}: every plural form that its numbers need`, () => {
      for (const [key, sentence] of Object.entries(sentences)) {
        if (typeof sentence === 'object') assert.deepEqual(Object.keys(sentence).sort(), needed, key);
      }
    });

    if (language !== 'en') test(`${folder}${language}: no sentence was left in English`, () => {
      const words = (key) => forms(en[key]).at(-1).replace(/\{\w+\}/g, '');
      const left = Object.keys(en).filter((key) => /[a-z]{2} [a-z]/.test(words(key)) && forms(sentences[key]).at(-1) === forms(en[key]).at(-1));
      assert.deepEqual(left, []);
    });

    test(`${folder}${language}: real apostrophes, ellipses and minus signs, and its own quotation marks and spaces`, () => {
      const forbidden = [/'|"|\.\.\.| -(?!-)|  /, ...FORBIDDEN[language] ?? []];
      for (const [key, sentence] of Object.entries(sentences)) {
        for (const form of forms(sentence)) for (const signs of forbidden) assert.doesNotMatch(form, signs, key);
      }
    });
  }
}
