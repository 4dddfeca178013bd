// Rolling figures: only the places that change move.

const QUICK = 140; // ms: numbers that come faster jump
const FALL = 125; // % of a figure's height
const ROLL = { duration: 260, easing: 'cubic-bezier(.2, .8, .2, 1)' };
const MINUS = '\u2212';
const THIN = '\u202f';
// em, in the font's own table. Below NARROWEST the plate's height is the limit.
const WIDTHS = {
  '.': 0.247, ',': 0.238, ':': 0.319, '+': 0.462, [MINUS]: 0.462, '\u00d7': 0.422, [THIN]: 0.2, '\u2019': 0.196,
  '[': 0.381, ']': 0.381, '%': 0.795, a: 0.487, b: 0.505, c: 0.486, d: 0.505, e: 0.492, f: 0.342,
};
const TABULAR = Array(10).fill(0.521);
const LETTER = 0.64; // of another font
const NARROWEST = 1.25;
/** The widths of 0 to 9 outside of the plate, where figures needn't stand still. */
export const PROPORTIONAL = [0.511, 0.319, 0.499, 0.487, 0.544, 0.488, 0.488, 0.451, 0.49, 0.482];

/** Gives back `figures(value)`: the groups of the first of the locales that there is, latin digits, a real minus. */
export function formatter(locales) {
  let format = null;
  const sign = ({ type, value }) => {
    if (type === 'minusSign') return MINUS;
    return type === 'group' ? value.replace(/\s/, THIN) : value;
  };
  return (value) => {
    // It has neither groups nor a sign; and on a slow phone Intl takes a tenth of a second to get up.
    if (value >= 0 && value < 1_000) return String(value);
    format ??= numberFormat(locales);
    return format.formatToParts(value).map(sign).join('');
  };
}

function numberFormat(locales) {
  try {
    return new Intl.NumberFormat(locales, { numberingSystem: 'latn' });
  } catch {
    return new Intl.NumberFormat('en'); // the system's was "en-US@posix", say
  }
}

/** The width of a text in em. */
export function width(text, figures = TABULAR) {
  return Math.max(NARROWEST, [...text].reduce((total, sign) => total + (figures[sign] ?? WIDTHS[sign] ?? LETTER), 0));
}

/** The style that lets a text fill the width of its box. */
export const fit = (text, figures) => ({ '--em': width(text, figures).toFixed(3) });

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
