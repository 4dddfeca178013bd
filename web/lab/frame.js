// A frame as RFC 6455, section 5.2, has it: its bytes in, what stands in them out. No DOM.

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;
const FORMS = { 126: 2, 127: 8 };

/** What base64 says, as bytes. Throws where it is none. */
export function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
}

/** A frame's parts. `struck` are the payload's bytes that are struck out, `[[from, to], …]`: null in `sent` and `plain`.
 * `rest` is how many bytes of the payload were never taken down. */
export function parse(bytes, struck = []) {
  const short = bytes[1] & 127;
  const extra = FORMS[short] ?? 0;
  const masked = bytes[1] >> 7;
  const start = 2 + extra + 4 * masked;
  const length = extra ? bytes.slice(2, 2 + extra).reduce((sum, byte) => sum * 256 + byte, 0) : short;
  const key = masked ? [...bytes.slice(start - 4, start)] : null;
  const sent = [...bytes.slice(start)];
  for (const [from, to] of struck) sent.fill(null, from, Math.min(to, sent.length));
  const plain = key ? sent.map((byte, place) => (byte === null ? null : byte ^ key[place % 4])) : sent;
  return {
    fin: bytes[0] >> 7, rsv: (bytes[0] >> 4) & 7, opcode: bytes[0] & 15, masked, short, extra, length, key,
    header: [...bytes.slice(0, start)], sent, plain, rest: length - sent.length, size: start + length,
  };
}

/** The number in a close frame, null in any other and where there is none. */
export function closeCode({ opcode, plain: [high, low] }) {
  return opcode === CLOSE && low !== undefined && low !== null ? high * 256 + low : null;
}

/** What is to be read of a payload, in pieces: texts, and for what is struck out null. */
export function texts({ plain }) {
  const pieces = [];
  let from = 0;
  const end = (to) => { if (to > from) pieces.push(decode(plain.slice(from, to))); };
  plain.forEach((byte, place) => {
    if (byte !== null) return;
    end(place);
    from = place + 1;
    if (pieces.at(-1) !== null) pieces.push(null);
  });
  end(plain.length);
  return pieces;
}

const decode = (bytes) => new TextDecoder().decode(Uint8Array.from(bytes));

/** What a text frame says, or null where it is no JSON object. A value that is struck out is some other. */
export function saying({ opcode, fin, plain }) {
  if (opcode !== TEXT || !fin) return null;
  try {
    const said = JSON.parse(decode(plain.map((byte) => byte ?? 0x31))); // a figure may stand in a text, and be a number
    return typeof said === 'object' ? said : null;
  } catch {
    return null;
  }
}

const bits = (number, width) => number.toString(2).padStart(width, '0');
const all = (bytes) => bytes.map((byte) => bits(byte, 8)).join('');
export const hex = (byte) => byte.toString(16).padStart(2, '0');

/** The header's fields, in their order: `id`, `bits`, `value` if not the bits, and `say`, the key of a sentence and its values. */
export function fields(frame) {
  const { fin, rsv, opcode, masked, short, extra, length, key, header } = frame;
  const found = [
    { id: 'fin', bits: bits(fin, 1), say: [`field.fin.${fin}`] },
    { id: 'rsv', bits: bits(rsv, 3), say: ['field.rsv'] },
    { id: 'opcode', bits: bits(opcode, 4), say: [[0, 1, 2, 8, 9, 10].includes(opcode) ? `field.opcode.${opcode}` : 'field.opcode.other'] },
    { id: 'mask', bits: bits(masked, 1), say: [`field.mask.${masked}`] },
    { id: 'length', bits: bits(short, 7), say: extra ? [`field.length.${short}`] : ['field.length.7', { n: length }] },
  ];
  if (extra) found.push({ id: 'extended', bits: all(header.slice(2, 2 + extra)), value: length, say: ['field.extended.say', { n: length }] });
  if (key) found.push({ id: 'key', bits: all(key), value: key.map(hex).join(' '), say: ['field.key.say'] });
  const code = closeCode(frame);
  if (code !== null) found.push({ id: 'code', bits: bits(code, 16), value: code, say: ['field.code', { code: String(code) }], isPayload: true });
  return found;
}
