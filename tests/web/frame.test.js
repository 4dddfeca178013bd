import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sha1 } from '../../web/lab/bits.js';
import { bytesOf, closeCode, fields, parse, saying, texts } from '../../web/lab/frame.js';

const encoder = new TextEncoder();

function made(first, payload, key = null) {
  const n = payload.length;
  const mask = key ? 128 : 0;
  const length = n < 126 ? [mask | n] : n < 65_536 ? [mask | 126, n >> 8, n & 255] : [mask | 127, 0, 0, 0, 0, (n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
  return Uint8Array.from([first, ...length, ...(key ?? []), ...payload.map((byte, place) => (key ? byte ^ key[place % 4] : byte))]);
}

const KEY = [0x37, 0xfa, 0x21, 0x3d];
const named = (frame) => Object.fromEntries(fields(frame).map(({ id, bits, value }) => [id, value ?? bits]));

// RFC 6455, section 5.7.
test('the RFC’s own examples', () => {
  const unmasked = parse(bytesOf(btoa('\x81\x05Hello')));
  assert.deepEqual(named(unmasked), { fin: '1', rsv: '000', opcode: '0001', mask: '0', length: '0000101' });
  assert.deepEqual(texts(unmasked), ['Hello']);

  const masked = parse(Uint8Array.from([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]));
  assert.deepEqual(texts(masked), ['Hello']);
  assert.equal(named(masked).key, '37 fa 21 3d');
  assert.equal(masked.size, 11);

  assert.equal(parse(made(0x01, [...encoder.encode('Hel')])).fin, 0);
  const long = parse(Uint8Array.from([0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]));
  assert.deepEqual([long.length, long.rest, long.extra], [65_536, 65_536, 8]);
});

for (const n of [0, 1, 125, 126, 127, 65_535, 65_536]) {
  for (const key of [null, KEY]) {
    test(`a payload of ${n} bytes, ${key ? 'masked' : 'plain'}`, () => {
      const payload = Array.from({ length: n }, (_, place) => 48 + (place % 10));
      const frame = parse(made(0x81, payload, key));
      assert.equal(frame.length, n);
      assert.deepEqual(frame.plain, payload);
      assert.equal(frame.size, n + 2 + (n < 126 ? 0 : n < 65_536 ? 2 : 8) + (key ? 4 : 0));
      const found = named(frame);
      assert.equal(found.length, (n < 126 ? n : n < 65_536 ? 126 : 127).toString(2).padStart(7, '0'));
      assert.equal(found.extended, n < 126 ? undefined : n);
      assert.equal(fields(frame).reduce((sum, { bits }) => sum + bits.length, 0), frame.header.length * 8);
    });
  }
}

test('control frames and the codes of close', () => {
  assert.equal(parse(made(0x89, [], KEY)).opcode, 9);
  const code = (payload) => closeCode(parse(made(0x88, payload, KEY)));
  assert.equal(code([0x03, 0xe9, 65]), 1001);
  assert.equal(code([0x0f, 0xa3]), 4003);
  assert.equal(code([]), null);
  assert.equal(named(parse(made(0x88, [3, 232]))).code, 1000);
  assert.equal(closeCode(parse(made(0x8a, [3, 232]))), null);
});

test('what is struck out is nowhere, masked or plain, and the rest is read around it', () => {
  const payload = [...encoder.encode('{"type":"hello","client":"xxxx"}')];
  const frame = parse(made(0x81, payload, KEY), [[26, 30]]);
  assert.deepEqual(texts(frame), ['{"type":"hello","client":"', null, '"}']);
  assert.deepEqual(frame.sent.slice(26, 30), [null, null, null, null]);
  assert.equal(saying(frame).type, 'hello');
  assert.deepEqual(texts(parse(made(0x81, payload), [[0, payload.length]])), [null]);
  assert.equal(saying(parse(made(0x81, payload), [[0, payload.length]])), null);
});

test('a sign of several bytes is one, and what is no JSON says nothing', () => {
  assert.deepEqual(texts(parse(made(0x81, [...encoder.encode('é→')], KEY))), ['é→']);
  for (const text of ['', '{', '1', '"x"']) assert.equal(saying(parse(made(0x81, [...encoder.encode(text)]))), null);
});

test('accept is made of the key as in RFC 6455, section 1.3', () => {
  const digest = sha1(encoder.encode('dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11'));
  assert.equal(btoa(String.fromCharCode(...digest)), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  assert.equal(sha1(new Uint8Array(200)).length, 20);
});
