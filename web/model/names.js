// Names and titles as others see them: whole code points, and of a name what can be seen (desktop/core/names.py).

export const LONGEST_NAME = 40; // code points
export const LONGEST_TITLE = 80;

const BLANKS = /[\t-\r\x85\p{Z}\u2800\u{1d159}]/gu;
// Letters, such as fillers, that nobody sees, noncharacters, and U+FFFD, which stands for what could not be read.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\u115f\u1160\u2065\u3164\uffa0\ufff0-\ufff8\ufffd-\uffff\ufdd0-\ufdef\u{e0000}-\u{e00ff}\u{e01f0}-\u{e0fff}]/gu;
// Marks that are nothing without the sign before them.
const SELECTORS = /[\u034f\u17b4\u17b5\u180b-\u180d\u180f\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;

/** The name that a text makes, whole; '' if none of it can be seen. */
export function visible(text) {
  const name = text.replace(BLANKS, ' ').replace(UNSEEN, '').replace(/ +/g, ' ').trim();
  return name.replace(SELECTORS, '').trim() ? name : '';
}

/** A text of so many code points at most, without halves of any. */
export function cut(text, most) {
  return [...text].filter((sign) => !/\p{Cs}/u.test(sign)).slice(0, most).join('').trim();
}
