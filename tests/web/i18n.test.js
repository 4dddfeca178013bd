import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { formatter } from '../../web/views/digits.js';
import { choose, pieces, translator } from '../../web/model/i18n.js';

const sentences = (language) => JSON.parse(readFileSync(new URL(`../../web/locales/${language}.json`, import.meta.url), 'utf8'));
const speak = (language, ...regions) => {
  const found = sentences(language);
  const rules = found['language.numbers'];
  return translator(formatter([...regions, rules]), found, rules);
};
const t = speak('en');

test('values and plural forms', () => {
  assert.equal(t('link.up.guest', { n: 1 }), 'Live with 1 person');
  assert.equal(t('link.up.guest', { n: 2_418 }), 'Live with 2,418 people');
  assert.equal(t('key.more', { n: 1 }), 'Add one');
  assert.equal(t('key.less', { n: 5 }), 'Take 5 away');
  assert.equal(t('window', { value: -3, title: 'a $& b' }), '\u22123 · a $& b');
});

test('in French nothing is singular, and numbers are French', () => {
  const fr = speak('fr');
  assert.equal(fr('link.up.guest', { n: 0 }), 'En direct avec 0 personne');
  assert.equal(fr('added', { n: 1_234 }), 'Vous avez ajouté *1\u202f234*');
});

test('in Corsican, which browsers may not know, numbers are as in French', () => {
  assert.equal(speak('co', 'co', 'co-FR')('added', { n: 1_234 }).match(/\*(.*)\*/)[1], '1\u202f234');
});

test('numbers are those of the person’s region', () => {
  const given = (...regions) => speak('pt', ...regions)('goal', { n: 12_345 }).match(/\d.*/)[0];
  assert.equal(given('pt-BR'), '12.345');
  assert.equal(given('pt-PT'), '12\u202f345');
});

test('weights are pieces on the page', () => {
  assert.deepEqual(pieces(t('kept', { n: 3 })), [
    { text: '', strong: false },
    { text: '3 clicks kept on this device.', strong: true },
    { text: ' They are sent once the server is back.', strong: false },
  ]);
});

test('the first wish that can be met, whatever its region; else English', () => {
  const languages = { 'en': 'English', 'fr': 'Français', 'gsw': 'Schwiizerdütsch', 'pt': 'Português', 'pt-BR': 'Português do Brasil' };
  const chosen = (...wished) => choose(wished, languages);
  assert.equal(chosen('fr-CA', 'en'), 'fr');
  assert.equal(chosen('de-DE', 'FR'), 'fr');
  assert.equal(chosen('', 'de', 'en-GB', 'fr'), 'en');
  assert.equal(chosen('en-US@posix', 'fr'), 'en');
  assert.equal(chosen('pt-br', 'pt'), 'pt-BR');
  assert.equal(chosen('pt-AO'), 'pt');
  assert.equal(chosen('gsw-CH', 'de'), 'gsw');
  assert.equal(chosen('fro', 'fy'), 'en');
  assert.equal(chosen(), 'en');
  assert.equal(choose(['fr'], {}), 'en');
});
