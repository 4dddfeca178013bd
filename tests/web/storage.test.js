import assert from 'node:assert/strict';
import { test } from 'node:test';

import { forgetSecret, keep, recall, takeSecret } from '../../web/link/storage.js';

function tab(hash, kept = {}) {
  const replaced = [];
  const items = new Map(Object.entries(kept));
  const storage = { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => items.set(key, value), removeItem: (key) => items.delete(key) };
  return {
    items, replaced, storage: () => storage,
    location: { hash, pathname: '/', search: '' },
    history: { replaceState: (state, title, url) => replaced.push(url) },
  };
}

const forbidden = () => { throw new Error('storage is forbidden'); };

test('the secret goes from the address into the tab', () => {
  const here = tab('#host=s3cret-_A');
  assert.equal(takeSecret(here), 's3cret-_A');
  assert.deepEqual(here.replaced, ['/']);
  assert.equal(takeSecret(tab('', Object.fromEntries(here.items))), 's3cret-_A');
});

test('without one, this is a guest’s page and its address is left alone', () => {
  const here = tab('#elsewhere');
  assert.equal(takeSecret(here), null);
  assert.deepEqual(here.replaced, []);
});

test('a secret that is refused is forgotten', () => {
  const here = tab('', { host: 'old' });
  forgetSecret(here);
  assert.equal(takeSecret(here), null);
});

test('where storage is forbidden the secret works until the page is loaded again', () => {
  assert.equal(takeSecret({ ...tab('#host=s3'), storage: forbidden }), 's3');
  assert.equal(takeSecret({ ...tab(''), storage: forbidden }), null);
  forgetSecret({ storage: forbidden });
});

test('choices are kept where that is allowed, and else forgotten', () => {
  const { storage } = tab('');
  keep(storage, 'language', 'fr');
  assert.equal(recall(storage, 'language'), 'fr');
  assert.equal(recall(storage, 'name'), null);
  keep(forbidden, 'name', 'Ada');
  assert.equal(recall(forbidden, 'name'), null);
});
