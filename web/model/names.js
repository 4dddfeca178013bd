// Names and titles as others see them: of whole code points, and a name of what can be seen (desktop/core/names.py).

export const LONGEST_TITLE = 80; // code points
const LONGEST_NAME = 40;

const BLANKS = /[\t-\r\x85\p{Z}\u2800\u{1d159}]/gu;
// Marks that nobody sees alter the sign before them: an emoji keeps its colours. U+FFFD stands for what was no sign.
const UNSEEN = /(?!\p{M})[\p{Cc}\p{Cf}\p{Cs}\p{DI}\ufdd0-\ufdef\ufffd-\uffff]/gu;

/** The name that a text makes, however long; '' if none of it can be seen. */
export function visible(text) {
  const name = text.replace(BLANKS, ' ').replace(UNSEEN, '').replace(/ +/g, ' ').trim();
  return name.replace(/\p{DI}/gu, '').trim() && name;
}

/** What a person who calls themselves so is called, `{ name, odd }`; `odd` is the sentence that says why it differs. */
export function called(text) {
  const whole = visible(text);
  const name = cut(whole, LONGEST_NAME);
  const odd = name !== whole ? 'name.cut' : text.trim() && !name && 'name.unseen';
  return { name, odd: odd || null };
}

/** A text of so many code points at most, without halves of any. */
export function cut(text, most) {
  return [...text.replace(/\p{Cs}/gu, '')].slice(0, most).join('').trim();
}
