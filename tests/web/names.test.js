import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { LONGEST_TITLE, called, cut, visible } from '../../web/model/names.js';

// The server's tests have the same: both sides have to agree.
const CASES = JSON.parse(readFileSync(new URL('names.json', import.meta.url), 'utf8'));

test('a name is what can be seen of a text, and cut', () => {
  for (const [text, name] of CASES) assert.equal(called(text).name, name, JSON.stringify(text));
});

test('a name is its own name', () => {
  for (const [, name] of CASES) assert.deepEqual(called(name), { name, odd: null });
});

test('who is called otherwise is told why, unless nothing but spaces went', () => {
  for (const text of ['', '  ', ' Ada ', 'Ada\u200b', 'Ada \ud83d', 'x'.repeat(40), '😀'.repeat(40)]) assert.equal(called(text).odd, null);
  for (const text of ['x'.repeat(41), '😀'.repeat(41), `${'x'.repeat(40)} y`]) assert.equal(called(text).odd, 'name.cut');
  for (const text of ['\u200b', '\u2800', '\ud83d', '\u3164\u3164', '\ufe0f', '\u0007']) assert.equal(called(text).odd, 'name.unseen');
});

test('every control, format and surrogate character goes', () => {
  for (let code = 0; code < 0x11_0000; code += 1) {
    const sign = String.fromCodePoint(code);
    if (/[\p{Cc}\p{Cf}\p{Cs}]/u.test(sign)) assert.match(visible(`a${sign}b`), /^a ?b$/, code.toString(16));
  }
});

test('a title is cut by code points, and to whole ones', () => {
  assert.equal(cut('😀'.repeat(81), LONGEST_TITLE), '😀'.repeat(80));
  assert.equal(cut(' Laps \ud83d', LONGEST_TITLE), 'Laps');
  assert.equal(cut('\ude00Laps\ud83d now', LONGEST_TITLE), 'Laps now');
  assert.equal(cut(`${'x'.repeat(79)} y`, LONGEST_TITLE), 'x'.repeat(79));
  assert.ok(cut('👨‍👩‍👧', LONGEST_TITLE).length === 8);
});
