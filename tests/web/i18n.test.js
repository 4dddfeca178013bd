import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { formatter } from '../../web/digits.js';
import { pieces, translator } from '../../web/i18n.js';

const t = translator(formatter('en'));
const read = (name) => readFileSync(new URL(`../../web/${name}`, import.meta.url), 'utf8');

test('values and plural forms', () => {
  assert.equal(t('link.up.guest', { n: 1 }), 'Live with 1 person');
  assert.equal(t('link.up.guest', { n: 2_418 }), 'Live with 2,418 people');
  assert.equal(t('key.more', { n: 1 }), 'Add one');
  assert.equal(t('key.less', { n: 5 }), 'Take 5 away');
  assert.equal(t('window', { value: -3, title: 'a $& b' }), '\u22123 · a $& b');
});

test('numbers look as they do in the reader’s locale', () => {
  assert.equal(translator(formatter('fr'))('added', { n: 1_234 }), 'You added *1\u202f234*');
});

test('weights are pieces on the page', () => {
  assert.deepEqual(pieces(t('kept', { n: 3 })), [
    { text: '', strong: false },
    { text: '3 clicks kept on this device.', strong: true },
    { text: ' They are sent once the server is back.', strong: false },
  ]);
});

test('another language can take the place of this one', () => {
  const fr = translator(formatter('fr'), { added: { one: '{n} ajout', other: '{n} ajouts' } }, 'fr');
  assert.equal(fr('added', { n: 0 }), '0 ajout');
});

test('every key that the page names has a sentence', () => {
  const named = ['app.js', 'logic.js', 'index.html'].flatMap((name) => [
    ...read(name).matchAll(/\bt\('([\w.]+)'[,)]/g),
    ...read(name).matchAll(/'((?:error|lost|kept|join|link)\.[\w.]+)'/g),
    ...read(name).matchAll(/key: '([\w.]+)'/g),
  ].map(([, key]) => key));
  assert.ok(named.length > 30);
  for (const key of named) assert.ok(t(key, { n: 2 }), key);
  for (const reach of ['lan', 'local', 'none']) assert.ok(t(`join.${reach}`));
});
