// The lesson's two drawings, each one SVG made by a function. Both measure their box, so text keeps its size.

import { SAMPLES } from './model.js';

const NS = 'http://www.w3.org/2000/svg';
const MOST = [50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 1_000_000, 10_000_000];
const HATCHED = 60; // lost, from which on there is room for a hatch

function node(tag, attributes, content) {
  const element = document.createElementNS(NS, tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (content !== undefined) element.textContent = content;
  return element;
}

function canvas(box, label) {
  const { clientWidth: w, clientHeight: h } = box;
  return { w, h, svg: node('svg', { viewBox: `0 0 ${w} ${h}`, width: w, height: h, role: 'img', 'aria-label': label }) };
}

/** Taps made and taps counted, both halves: `figures` as model.js has them; `unit` is the size of a pixel. */
export function drawPlot(box, { one, two, until }, { seconds, words, figures }, unit = 1) {
  const { w, h, svg } = canvas(box, words.label);
  const gap = 28 * unit;
  const base = h - 24 * unit;
  const half = (w - gap) / 2;
  const most = MOST.find((n) => n >= Math.max(one.made, two.made, 40)) ?? Math.max(one.made, two.made);
  const px = 14 * unit;
  const isNarrow = half < 180 * unit;
  const pattern = node('pattern', { id: 'hatch', width: 7 * unit, height: 7 * unit, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' });
  const defs = node('defs', {});
  pattern.append(node('rect', { class: 'hatch', width: 1.5 * unit, height: 7 * unit }));
  defs.append(pattern);
  svg.append(defs);
  [one, two].forEach((part, place) => {
    const put = (text, attributes, size = px) => svg.append(node('text', { 'font-size': size, ...attributes }, text));
    const x0 = place * (half + gap);
    const n = Math.max(0, Math.min(SAMPLES, until - place * SAMPLES));
    const x = (sample) => x0 + (sample / SAMPLES) * half;
    const y = (value) => base - (Math.min(value, most) / most) * (base - 56 * unit);
    const name = isNarrow ? String(place + 1) : words.halves[place];
    put(name, { x: x0, y: 14 * unit, class: !place || n ? 'name' : 'name later' }, Math.min(px * 1.07, half / (.66 * name.length)));
    for (const value of [most / 2, most]) {
      svg.append(node('line', { x1: x0, x2: x0 + half, y1: y(value), y2: y(value), class: 'rule' }));
      if (!place) put(figures(value), { x: x0, y: y(value) - 5 * unit, class: 'tick' }, 13 * unit);
    }
    svg.append(node('line', { x1: x0, x2: x0 + half, y1: base, y2: base, class: 'axis' }));
    put(words.seconds(0), { x: x0, y: h - 5 * unit, class: 'tick' }, 13 * unit);
    put(words.seconds(seconds), { x: x0 + half, y: h - 5 * unit, class: 'tick end' }, 13 * unit);
    if (!n) return;
    const points = part.points.slice(0, n + 1);
    const [made, counted] = points.at(-1);
    const line = points.map(([value], at) => `${at ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join('');
    const steps = points.map(([, value], at) => (at ? `H${x(at).toFixed(1)}V${y(value).toFixed(1)}` : `M${x(0)} ${y(value)}`)).join('');
    const isHatched = made - counted > HATCHED && y(counted) - y(made) > 70 * unit;
    if (isHatched) {
      const back = points.map(([, value], at) => `L${x(at).toFixed(1)} ${y(value).toFixed(1)}`).reverse().join('');
      svg.append(node('path', { d: `${line}${back}Z`, class: 'gap' }));
    }
    svg.append(node('path', { d: steps, class: 'counted', 'stroke-width': 5 * unit }), node('path', { d: line, class: 'made', 'stroke-width': 2 * unit }));
    // Right of a line that is young, left of an old one.
    const isOld = n > SAMPLES * .65;
    const lx = x(n) + (isOld ? -8 : 10) * unit;
    const said = isOld ? 'say end' : 'say';
    const isOver = place && n === SAMPLES && made && made === counted;
    put(isOver && !isNarrow ? words.same(made) : words.made(made), { x: lx, y: y(made) + (isOld ? -9 : 4) * unit, class: said });
    if (isOver) return;
    put(words.counted(counted), { x: lx + (isOld ? 0 : 6 * unit), y: isHatched ? y(counted) - 9 * unit : Math.min(base - 6 * unit, y(counted) + 26 * unit), class: `${said} blue` });
    if (isHatched && n > SAMPLES * .15) {
      const middle = isOld ? (y(counted) + y(points[Math.round(n * .7)][0])) / 2 : (y(counted) + y(made)) / 2;
      put(words.lost(made - counted), { x: isOld ? x(n * .7) : lx, y: middle + 8 * unit, class: isOld ? 'lost' : 'lost start' }, 17 * unit);
    }
  });
  box.replaceChildren(svg);
}

/** Two messages that crossed, with their times in ms since the half began. */
export function drawCrossing(box, { before, after, sent, got, told }, { words, figures }, unit = 1) {
  const { w, h, svg } = canvas(box, words.label);
  const [aSent, bSent] = sent;
  const [aGot, bGot] = got;
  const first = Math.min(aSent, bSent);
  const last = Math.max(bGot, told);
  const isNarrow = w < 320 * unit;
  const xa = (isNarrow ? 47 : 58) * unit;
  const xs = w * (isNarrow ? .5 : .53);
  const xb = w - (isNarrow ? 46 : 58) * unit;
  const top = 104 * unit;
  const px = 14 * unit;
  const mono = 13 * unit;
  // In their order, and as far from each other as times that differ by less can't be drawn.
  const times = [...new Set([aSent, bSent, aGot, bGot, told])].sort((one, other) => one - other);
  const least = (isNarrow ? 34 : 24) * unit;
  const room = Math.max(0, h - top - 20 * unit - least * (times.length - 1));
  const places = new Map();
  times.forEach((time, at) => places.set(time, top + at * least + room * (time - first) / Math.max(.1, last - first)));
  const y = (time) => places.get(time);
  const put = (x, yy, text, cls, size = px) => svg.append(node('text', { x, y: yy, class: cls, 'font-size': size }, text));
  const sign = (x, text, cls) => {
    const [width, height, r, y0] = [(isNarrow ? 50 : 64) * unit, 44 * unit, 10 * unit, 26 * unit];
    svg.append(
      node('rect', { x: x - width / 2, y: y0, width, height, rx: r, class: `badge ${cls} out` }),
      node('rect', { x: x - width / 2 + 4 * unit, y: y0 + 4 * unit, width: width - 8 * unit, height: height - 8 * unit, rx: r - 3 * unit, class: `badge ${cls} in`, 'stroke-width': 1.5 * unit }),
    );
    put(x, y0 + height / 2 + 10 * unit, text, `badge fig mid ${cls} n`, Math.min(30, 90 / text.length) * unit);
  };
  put(xa, 14 * unit, words.one, 'mid strong');
  put(xs, 14 * unit, words.server, 'mid strong');
  put(xb, 14 * unit, words.other, 'mid strong');
  for (const x of [xa, xs, xb]) svg.append(node('line', { x1: x, x2: x, y1: 70 * unit, y2: h, class: 'life', 'stroke-width': 2 * unit }));
  sign(xa, figures(after), 'page');
  sign(xs, figures(before), 'server');
  sign(xb, figures(after), 'page');
  const arrow = (x1, ya, x2, yb, cls) => {
    const turn = Math.atan2(yb - ya, x2 - x1);
    const size = 11 * unit;
    const corner = (d, side) => `${x2 - d * Math.cos(turn) - side * Math.sin(turn)} ${yb - d * Math.sin(turn) + side * Math.cos(turn)}`;
    svg.append(
      node('line', { x1, y1: ya, x2: x2 - 8 * unit * Math.cos(turn), y2: yb - 8 * unit * Math.sin(turn), class: `arr ${cls}`, 'stroke-width': 2.5 * unit }),
      node('path', { d: `M${x2} ${yb}L${corner(size, size / 2)}L${corner(size, -size / 2)}Z`, class: `tip ${cls}` }),
    );
  };
  arrow(xs, y(aGot), xb, y(told), 'soft');
  arrow(xa, y(aSent), xs, y(aGot), '');
  arrow(xb, y(bSent), xs, y(bGot), 'blue');
  // Where the two lines cross.
  const k1 = (y(told) - y(aGot)) / (xb - xs);
  const k2 = (y(bSent) - y(bGot)) / (xb - xs);
  const dx = (y(bGot) - y(aGot)) / (k1 - k2);
  svg.append(node('circle', { cx: xs + dx, cy: y(aGot) + k1 * dx, r: 9 * unit, class: 'ring', 'stroke-width': 2.5 * unit }));
  const when = (time) => (time / 1_000).toFixed(3);
  const off = 8 * unit;
  put(xa - off, y(aSent) + 4 * unit, when(aSent), 'end mono', mono);
  put(xb + off, y(bSent) + 4 * unit, when(bSent), 'mono', mono);
  put(xb + off, y(told) + 4 * unit, when(told), 'mono', mono);
  put(xa + off * 1.4, y(aSent) - 6 * unit, `{"counter":${after}}`, 'mono strong', mono);
  put(xb - off, y(bSent) - 8 * unit, `{"counter":${after}}`, 'mono strong end blue', mono);
  const heard = (time, yy, text, cls) => {
    const said = node('text', { x: xs - off * 1.3, y: yy, class: `end strong ${cls}`, 'font-size': px });
    const clock = { class: 'when', 'font-size': mono };
    if (isNarrow) said.append(node('tspan', {}, text), node('tspan', { ...clock, x: xs - off * 1.3, dy: 14 * unit }, when(time)));
    else said.append(node('tspan', clock, when(time)), node('tspan', { dx: 9 * unit }, text));
    svg.append(said);
  };
  heard(aGot, y(aGot) + 18 * unit, words.becomes, '');
  heard(bGot, y(bGot) + 5 * unit, words.stays, 'blue');
  for (const time of [aGot, bGot]) svg.append(node('circle', { cx: xs, cy: y(time), r: 5 * unit, class: time === bGot ? 'spot blue' : 'spot' }));
  box.replaceChildren(svg);
}
