import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const vendor = new URL('../../web/vendor/', import.meta.url);
const read = (name) => readFileSync(new URL(name, vendor));
const listed = new Map(read('checksums.txt').toString().trim().split('\n').map((line) => line.split('  ').reverse()));

test('what was written elsewhere is byte for byte what was vendored', () => {
  for (const [name, checksum] of listed) assert.equal(createHash('sha256').update(read(name)).digest('hex'), checksum, name);
});

test('every vendored script is listed and has its licence beside it', () => {
  const scripts = readdirSync(vendor).filter((name) => name.endsWith('.js'));
  assert.deepEqual(scripts, [...listed.keys()]);
  for (const name of scripts) assert.match(read(name.replace('.min.js', '.LICENSE.txt')).toString(), /MIT/);
});
