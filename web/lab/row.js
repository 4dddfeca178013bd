// One row of the diagram: HTML on a grid, no SVG, so that it can be read aloud, searched and selected.

import { pieces } from '../model/i18n.js';

export const SVG = 'http://www.w3.org/2000/svg';

/** An element of these classes, and of this text. */
export function el(tag, classes = '', text = null) {
  const made = document.createElement(tag);
  if (classes) made.className = classes;
  if (text !== null) made.textContent = text;
  return made;
}

/** A text with its weights. */
export function weighted(sentence) {
  return pieces(sentence).map(({ text, strong }) => (strong ? el('b', '', text) : text));
}

/** What is read of a payload; what is struck out is a bar. */
export function payload(found, t) {
  return found.map((piece) => {
    if (piece !== null) return piece;
    const bar = el('s', 'struck');
    bar.append(el('span', 'sr', t('payload.struck')));
    return bar;
  });
}

/** The `<li>`s of a row: first, where nothing happened for long, one that says so. */
export function draw(row, { t, say, from }) {
  const found = [];
  if (row.quiet) {
    const quiet = el('li', `ev quiet${row.down ? ' down' : ''}`);
    quiet.append(el('span', '', t('ev.quiet', { s: say.seconds(Math.round(row.quiet * 10) / 10) })));
    found.push(quiet);
  }
  const li = el('li', 'ev');
  const { page, server } = row.lanes;
  for (const part of page.split(' ').filter(Boolean)) li.classList.add(`p-${part}`);
  if (server) li.classList.add(`s-${server}`);
  li.classList.toggle('down', row.down);
  if (row.what !== 'gap') li.append(el('time', '', say.clock(row.t - from)));
  if (row.hops) for (const hop of row.hops) li.append(arrow(hop, row, t, say));
  else li.append(...words(row, say, li));
  found.push(li);
  return found;
}

function words(row, say, li) {
  const { at, dot, text } = say.row(row);
  if (at === 'gap') {
    li.classList.add('gap');
    return [el('span', '', text)];
  }
  if (at === 'break') {
    const box = el('span', 'break');
    box.append(el('span', '', text));
    return [box];
  }
  const here = el('span', `here at-${at === 'page' ? 'p' : 's'}`);
  here.append(...weighted(text));
  return [el('i', `dot at-${at === 'page' ? 'p' : 's'} ${dot}`), here];
}

function arrow(hop, row, t, say) {
  const event = row.events[row.hops.indexOf(hop)] ?? row.events[0];
  const button = el('button', `hop ${hop.lane} ${hop.way}`);
  button.type = 'button';
  button.tabIndex = -1;
  button.setAttribute('aria-pressed', 'false');
  button.classList.toggle('many', hop.count > 1);
  button.classList.toggle('lost', Boolean(hop.lost || event.lost));
  button.classList.toggle('control', Boolean(hop.control));
  const below = el('span', 'raw');
  const what = el('span');
  what.append(...payload(say.raw(hop, event), t));
  below.append(what);
  if (hop.frame && hop.lane === 'ps') below.append(el('em', '', `${say.figures(hop.frame.size)} ${t('frame.bytes', { n: hop.frame.size })}`));
  button.append(el('span', 'say', say.hop(hop, event)), el('i', 'arrow'), below);
  button.hop = hop;
  button.happened = event;
  return button;
}

/** The diagram as a picture: an SVG text, in `colours` by name. `rows` are drawn from top to bottom. */
export function picture(rows, { t, say, from, title }, colours) {
  const [page, server, others, width, height] = [110, 560, 860, 920, 46];
  const line = { ps: [page, server], so: [server, others] };
  const make = (tag, attributes, text) => {
    const made = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  };
  const short = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);
  const total = 74 + rows.length * height;
  const svg = make('svg', { xmlns: SVG, viewBox: `0 0 ${width} ${total}`, width, height: total, 'font-family': 'system-ui, sans-serif', 'font-size': 13, fill: colours.ink });
  svg.append(make('title', {}, title), make('rect', { width, height: total, fill: colours.wall }));
  [[page, 'lab.page'], [server, 'lab.server'], [others, 'lab.others']].forEach(([x, key]) => {
    svg.append(make('text', { x, y: 30, 'text-anchor': 'middle', 'font-weight': 650 }, t(key)));
    svg.append(make('path', { d: `M${x} 44V${total - 12}`, stroke: colours.line, 'stroke-width': 2 }));
  });
  rows.forEach((row, place) => {
    const y = 74 + place * height;
    svg.append(make('text', { x: 12, y: y + 4, fill: colours.mute, 'font-family': 'monospace', 'font-size': 12 }, row.what === 'gap' ? '' : say.clock(row.t - from)));
    for (const hop of row.hops ?? []) {
      const event = row.events[row.hops.indexOf(hop)] ?? row.events[0];
      const [left, right] = line[hop.lane];
      const [start, end] = hop.way === 'go' ? [left, right] : [right, left];
      const back = hop.way === 'go' ? -1 : 1;
      const dashes = { ...(hop.lost || event.lost ? { 'stroke-dasharray': '6 5' } : hop.control && { 'stroke-dasharray': '2 3' }) };
      svg.append(make('path', { d: `M${start} ${y}H${end}`, stroke: colours.ink, 'stroke-width': hop.count > 1 ? 4 : 2, ...dashes }));
      svg.append(make('path', { d: `M${end} ${y}l${back * 11} -6v12z` }));
      const most = hop.lane === 'ps' ? 58 : 34;
      svg.append(make('text', { x: (left + right) / 2, y: y - 7, 'text-anchor': 'middle', 'font-weight': 600 }, short(say.hop(hop, event), most)));
      const raw = say.raw(hop, event).map((piece) => piece ?? '▆▆▆').join('');
      svg.append(make('text', { x: (left + right) / 2, y: y + 17, 'text-anchor': 'middle', fill: colours.mute, 'font-family': 'monospace', 'font-size': 11 }, short(raw, most)));
    }
    if (row.hops) return;
    const { at, text } = say.row(row);
    const x = at === 'server' ? server : page;
    svg.append(make('circle', { cx: x, cy: y, r: 5, fill: at === 'server' ? colours.ink : colours.blue }));
    svg.append(make('text', { x: x + 14, y: y + 4 }, short(text.replaceAll('*', ''), at === 'server' ? 46 : 110)));
  });
  return new XMLSerializer().serializeToString(svg);
}
