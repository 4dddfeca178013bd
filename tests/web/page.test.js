import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const web = fileURLToPath(new URL('../../web/', import.meta.url));
const read = (name) => readFileSync(web + name, 'utf8');
const html = read('index.html');
const references = [...html.matchAll(/\s(?:href|src)="([^"]+)"/g)].map(([, url]) => url);

test('everything the page asks for is here, and under /static/', () => {
  for (const url of references) {
    assert.match(url, /^\/static\//);
    assert.ok(existsSync(web + url.slice('/static/'.length)), url);
  }
});

test('every module that is imported is preloaded, so that one round trip fetches them all', () => {
  const imported = readdirSync(web).filter((name) => name.endsWith('.js'))
    .flatMap((name) => [...read(name).matchAll(/from '\.\/([^']+)'/g)].map(([, path]) => `/static/${path}`));
  for (const url of new Set(imported)) assert.ok(html.includes(`rel="modulepreload" href="${url}"`), url);
});

test('nothing inline, which the Content-Security-Policy would refuse, and zoom is not forbidden', () => {
  assert.doesNotMatch(html, /<style|\sstyle="|<script(?![^>]+src=)|\son\w+="/);
  assert.doesNotMatch(html, /maximum-scale|user-scalable/);
});

test('the page weighs less than 40 KB, compressed', () => {
  const parts = ['index.html', 'fonts/plaque.woff2', ...references.map((url) => url.slice('/static/'.length))];
  const weight = (name) => Math.min(gzipSync(readFileSync(web + name), { level: 9 }).length, readFileSync(web + name).length);
  const total = [...new Set(parts)].reduce((sum, name) => sum + weight(name), 0);
  assert.ok(total < 40_000, `${total} bytes`);
});
