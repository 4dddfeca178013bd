// A plot on the page, which can be pointed at: by a pointer, or by the arrow keys. And what is written beside it.

import { flagPlace, keyed, layout, nearest } from '../model/plot.js';

const SVG = 'http://www.w3.org/2000/svg';
const USUAL = 16; // px: a person's text, unless they have asked for another size

/** The plots on the page, by name: functions that give a plot's `series`, its `title`, and what it is in words, `summary`. */
export const plots = new Map();

/** How times are written, `clock(at, 'second' | 'minute' | 'day')`, in the first of the locales that there is. */
export function clockOf(locales) {
  const formats = Object.fromEntries(Object.entries({
    minute: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
    second: { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
    day: { day: 'numeric', month: 'short' },
  }).map(([kind, parts]) => [kind, format(Intl.DateTimeFormat, locales, parts)]));
  return (at, kind) => formats[kind].format(at);
}

function format(Kind, locales, options) {
  try {
    return new Kind(locales, options);
  } catch {
    return new Kind('en', options); // the system's was "en-US@posix", say
  }
}

/** A number as an axis has room for it: from a million on 1.2M, say. */
export function shortOf(locales, figures) {
  const compact = format(Intl.NumberFormat, locales, { notation: 'compact', maximumFractionDigits: 1, numberingSystem: 'latn' });
  return (n) => (Math.abs(n) < 1_000_000 ? figures(n) : compact.format(n).replace('-', '\u2212'));
}

/** With its sign, as a change. */
export const signed = (n, figures) => `${n > 0 ? '+' : ''}${figures(n)}`;

const memo = new Map();

/** What a plot's words are on a page (page.js) in the language that it has now. */
export function wordsOf({ language, t, figures }) {
  if (memo.get('language') !== language) {
    const locales = [...navigator.languages.filter((tag) => tag.startsWith(language)), t('language.numbers')];
    const clock = clockOf(locales);
    memo.set('language', language).set('words', {
      clock,
      figures,
      short: shortOf(locales, figures),
      goal: (n) => t('plot.goal', { n: shortOf(locales, figures)(n) }),
      here: (n) => t('plot.here', { n }),
      signed: (n) => signed(n, figures),
      // What a change was, as its flag says it and as it is said aloud.
      flag: ({ kind, delta, who, at }) => t(kind === 'reset' ? 'plot.reset' : 'plot.change', { change: signed(delta, figures), who, time: clock(at, 'second') }),
      aloud: ({ delta, who, at, value }) => t('plot.said', { change: signed(delta, figures), who, time: clock(at, 'second'), value: figures(value) }),
    });
  }
  return memo.get('words');
}

/** An SVG of a layout's shapes; `dress(kind)` gives an element's further attributes. */
export function draw({ shapes, area: { width, height } }, dress = (kind) => ({ class: kind })) {
  const svg = element('svg', { viewBox: `0 0 ${width} ${height}`, width, height });
  svg.append(...shapes.map(({ tag, kind, at, text }) => element(tag, { ...dress(kind), ...at }, text)));
  return svg;
}

export function element(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

/**
 * Draws in `box`, an element that can have the focus, whenever its size changes or `redraw` is called. `series()` and
 * `words()` give what the layout wants, `say(text)` is told what the keys have chosen. Gives back `{ redraw, stop }`.
 */
export function plot(box, { series, words, say }) {
  const flag = Object.assign(document.createElement('div'), { className: 'flag', hidden: true });
  flag.append(document.createElement('b'), document.createElement('span'));
  const cross = element('path', { class: 'cross', d: '' });
  const spot = element('circle', { class: 'spot', r: 6.5 });
  box.append(flag);
  let drawn = null;
  let chosen = null; // the change, which stays the same one while others come

  function redraw() {
    const { clientWidth: width, clientHeight: height } = box;
    if (!width || !height) return;
    const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / USUAL;
    drawn = layout({ width, height, unit }, series(), words());
    const svg = draw(drawn);
    svg.setAttribute('aria-hidden', 'true');
    svg.style.setProperty('--fit', drawn.area.unit / unit);
    svg.append(cross, spot);
    box.querySelector('svg')?.remove();
    box.prepend(svg);
    choose(chosen && drawn.points.find(({ change }) => isSame(change, chosen)));
  }

  function choose(point) {
    chosen = point?.change ?? null;
    flag.hidden = !point;
    spot.toggleAttribute('hidden', !point);
    cross.setAttribute('d', point ? `M${point.x} ${drawn.area.top}V${drawn.area.floor}` : '');
    if (!point) return;
    spot.setAttribute('cx', point.x);
    spot.setAttribute('cy', point.y);
    const { figures, flag: told } = words();
    flag.firstChild.textContent = figures(chosen.value);
    flag.lastChild.textContent = told(chosen);
    const { x, y, leftwards } = flagPlace(drawn, point, flag.offsetWidth);
    flag.classList.toggle('leftwards', leftwards);
    flag.style.setProperty('--x', `${x}px`);
    flag.style.setProperty('--y', `${y}px`);
  }

  const on = (name, handle) => box.addEventListener(name, handle);
  const point = ({ clientX }) => drawn && choose(drawn.points[nearest(drawn.points, clientX - box.getBoundingClientRect().left)]);
  on('pointermove', point);
  on('pointerdown', point);
  // A finger leaves when it is lifted; what it has chosen stays for as long as the plot has the focus.
  on('pointerleave', ({ pointerType }) => pointerType !== 'touch' && choose(null));
  on('blur', () => choose(null));
  on('keydown', (event) => {
    const { key, target, ctrlKey, altKey, metaKey } = event;
    if (target !== box || !drawn || ctrlKey || altKey || metaKey) return;
    const next = keyed(key, drawn.points.findIndex(({ change }) => change === chosen), drawn.points.length);
    if (next === undefined) return;
    event.preventDefault();
    choose(drawn.points[next]);
    if (chosen) say(words().aloud(chosen));
  });
  const sizes = new ResizeObserver(redraw);
  sizes.observe(box);
  return { redraw, stop: () => sizes.disconnect() };
}

const isSame = (one, other) => one.at === other.at && one.value === other.value;
