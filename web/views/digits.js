// Rolling figures: only the places that change move.

const QUICK = 140; // ms: numbers that come faster jump
const FALL = 125; // % of a figure's height
const ROLL = { duration: 260, easing: 'cubic-bezier(.2, .8, .2, 1)' };
const MINUS = '\u2212';
const THIN = '\u202f';
// em, in the plate's font. Below NARROWEST the plate's height is the limit.
const WIDTHS = { '.': 0.232, ',': 0.232, ':': 0.25, [MINUS]: 0.45, [THIN]: 0.176, '\u2019': 0.22 };
const FIGURE = 0.548;
const LETTER = 0.64;
const NARROWEST = 1.25;
export const NARROW_ONE = 0.4;

/** Gives back `figures(value)`: the locale's groups, latin digits, a real minus. */
export function formatter(locale) {
  let format;
  try {
    format = new Intl.NumberFormat(locale, { numberingSystem: 'latn' });
  } catch {
    format = new Intl.NumberFormat('en'); // the system's was "en-US@posix", say
  }
  const sign = ({ type, value }) => {
    if (type === 'minusSign') return MINUS;
    return type === 'group' ? value.replace(/\s/, THIN) : value;
  };
  return (value) => format.formatToParts(value).map(sign).join('');
}

/** The width of a text in em; a 1 is narrower outside of the plate. */
export function width(text, one = FIGURE) {
  const widthOf = (sign) => (sign === '1' ? one : WIDTHS[sign] ?? (/[\d+]/.test(sign) ? FIGURE : LETTER));
  return Math.max(NARROWEST, [...text].reduce((total, sign) => total + widthOf(sign), 0));
}

/** The style that lets a text fill the width of its box. */
export const fit = (text, one) => ({ '--em': width(text, one).toFixed(3) });

/** Gives back `show(value, figures)`, which rolls the figures in `box`. */
export function roller(box, env) {
  let shown = null;
  let last = 0;
  return (value, figures) => {
    const text = [...figures(value)];
    const now = env.now();
    const rolling = shown !== null && value !== shown && now - last > QUICK && !env.still();
    const way = value > shown ? 'above' : 'below';
    if (value !== shown) last = now;
    shown = value;
    while (box.children.length < text.length) box.prepend(span(box, 'd'));
    while (box.children.length > text.length) box.firstChild.remove();
    text.forEach((sign, place) => turn(box.children[place], sign, rolling && way));
  };
}

/** `x-digits="number"`: makes the directive that shows it by a roller, in the language of the page around it. */
export function xDigits(Alpine, env) {
  return (element, { expression }, { evaluateLater, effect }) => {
    const read = evaluateLater(expression);
    const show = roller(element, env);
    effect(() => {
      const { figures } = Alpine.$data(element);
      read((value) => value !== null && show(value, figures));
    });
  };
}

function turn(cell, sign, way) {
  const old = cell.dataset.c;
  if (old === sign) return;
  cell.dataset.c = sign;
  cell.getAnimations({ subtree: true }).forEach((animation) => animation.cancel());
  cell.textContent = sign;
  if (!way || !old) return;
  const ghost = span(cell, `g ${way}`);
  ghost.textContent = old;
  cell.append(ghost);
  const from = `translateY(${way === 'above' ? FALL : -FALL}%)`;
  cell.animate([{ transform: from }, { transform: 'none' }], ROLL).finished.then(() => ghost.remove(), () => {});
}

function span(near, className) {
  return Object.assign(near.ownerDocument.createElement('span'), { className });
}
