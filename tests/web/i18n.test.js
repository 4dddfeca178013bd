import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { formatter } from '../../web/views/digits.js';
import { choose, pieces, translator } from '../../web/model/i18n.js';

const sentences = (language) => JSON.parse(readFileSync(new URL(`../../web/locales/${language}.json`, import.meta.url), 'utf8'));
const speak = (language) => translator(formatter(language), sentences(language), language);
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

test('weights are pieces on the page', () => {
  assert.deepEqual(pieces(t('kept', { n: 3 })), [
    { text: '', strong: false },
    { text: '3 clicks kept on this device.', strong: true },
    { text: ' They are sent once the server is back.', strong: false },
  ]);
});

test('the first wish that can be met, whatever its region; else English', () => {
  assert.equal(choose(['fr-CA', 'en']), 'fr');
  assert.equal(choose(['de-DE', 'FR']), 'fr');
  assert.equal(choose(['', 'de', 'en-GB', 'fr']), 'en');
  assert.equal(choose(['co']), 'en');
  assert.equal(choose([]), 'en');
});
