import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const web = fileURLToPath(new URL('../../web/', import.meta.url));
const read = (name) => readFileSync(web + name, 'utf8');
const html = read('index.html');
const references = [...html.matchAll(/\s(?:href|src)="([^"]+)"/g)].map(([, url]) => url);

// A script and all that it imports, but for what it imports when it runs.
function modules(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const [, path] of read(name).matchAll(/from '(\.{1,2}\/[^']+)'/g)) modules(posix.join(posix.dirname(name), path), found);
  return found;
}

const total = (names) => [...new Set(names)].reduce((sum, name) => {
  const bytes = readFileSync(web + name);
  return sum + Math.min(gzipSync(bytes, { level: 9 }).length, bytes.length);
}, 0);
const fonts = [...read('tokens.css').matchAll(/url\(([^)]+)\)/g)].map(([, name]) => name);
const alpine = 'vendor/alpine-csp-3.17.4.min.js';
const heaviest = readdirSync(`${web}locales`).filter((name) => name.endsWith('.json')).map((name) => `locales/${name}`).sort((one, other) => total([other]) - total([one]))[0];
const guest = [
  'index.html', heaviest, ...fonts, ...references.map((url) => url.slice('/static/'.length)), ...modules('app.js'),
  alpine, 'views/joy.js', 'views/menu.css', ...modules('views/menu.js'),
];
const parts = ['menu', 'host', 'stage', 'past'];
const lab = [...modules('lab/lab.js')].filter((name) => name.startsWith('lab/'));

test('everything the page asks for is here, and under /static/', () => {
  for (const url of references) {
    assert.match(url, /^\/static\//);
    assert.ok(existsSync(web + url.slice('/static/'.length)), url);
  }
  for (const part of parts) for (const kind of ['css', 'js']) assert.ok(existsSync(`${web}views/${part}.${kind}`), part + kind);
});

test('every module of a guest’s is preloaded, so that one round trip fetches them all, and no other', () => {
  const preloaded = [...html.matchAll(/rel="modulepreload" href="\/static\/([^"]+)"/g)].map(([, name]) => name);
  assert.deepEqual(preloaded.sort(), [...modules('app.js'), alpine].filter((name) => name !== 'app.js').sort());
});

test('what a guest’s menu imports is there before it', () => {
  const known = modules('app.js');
  assert.deepEqual([...modules('views/menu.js')].filter((name) => name !== 'views/menu.js' && !known.has(name)), []);
});

test('nothing inline but what asks again for files, which even an old browser can read; and zoom is not forbidden', () => {
  assert.doesNotMatch(html, /<style|\sstyle="|\son\w+="|maximum-scale|user-scalable/);
  const [[, script], ...others] = html.matchAll(/<script(?![^>]+src=)[^>]*>(.*?)<\/script>/gs);
  assert.deepEqual(others, []);
  assert.doesNotMatch(script, /=>|`|\b(let|const|class|async)\s/);
});

test('the lab is nobody’s who does not open it, and has nothing inline either', () => {
  assert.ok(lab.length > 5);
  assert.deepEqual(lab.filter((name) => guest.includes(name)), []);
  const markup = read('lab/lab.html');
  assert.doesNotMatch(markup, /<script|<style|\sstyle="|\son\w+="/);
  for (const name of lab) assert.doesNotMatch(read(name), /innerHTML|insertAdjacentHTML|setAttribute\('style'|\beval\b/, name);
});

test('text grows with the person’s own size, but where it follows the screen', () => {
  for (const name of readdirSync(web, { recursive: true }).filter((file) => file.endsWith('.css') && !file.endsWith('stage.css'))) {
    assert.doesNotMatch(read(name), /font(-size)?:[^;]*\b\d+px[^;]*;/g, name);
  }
});

test('all that a guest may ever load weighs at most 64 KB, compressed', () => {
  assert.ok(total(guest) <= 64 * 1_024, `${total(guest)} bytes`);
});
