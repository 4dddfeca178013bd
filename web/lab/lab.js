// The lab: what crosses this page's connection, as it happens. Fetched when it is opened; it costs nobody else anything.

import { details, titleOf, wayOf } from './bits.js';
import { bytesOf, parse, saying } from './frame.js';
import { createLine } from './line.js';
import { createRecord, restore } from './record.js';
import { draw, el, picture } from './row.js';
import { remember, speaker } from './say.js';
import Alpine from '../vendor/alpine-csp-3.17.4.min.js';
import { translator } from '../model/i18n.js';
import { TIMES } from '../link/socket.js';
import { fit } from '../views/digits.js';

const PAUSE = 1_000; // ms
const DRAWN = 400; // rows
const STEP = 100;
const LOST = 20; // messages that fell, to be found again among the events
const NEAR = 4; // px from the end
const WORDS = ['en', 'fr'];
const SHEET = matchMedia('(max-width: 900px)');
const CLOSE_ICON = 'M6 6l12 12M18 6L6 18';

let page = null;
let wire = null; // what the page's connection is made with
let socket = null;
let nodes = null; // of the page, while it is open
let vocabulary = null;
let ready = null;

/** Opens it over the page: `link` is what its `connection` is made with. */
export async function open(over, link, connection) {
  if (nodes) return;
  nodes = [];
  [page, wire, socket] = [over, link, connection];
  const language = WORDS.includes(page.language) ? page.language : 'en';
  ready ??= prepare();
  const [markup, sentences] = await Promise.all([read('lab/lab.html'), read(`lab/words/${language}.json`), ready]);
  vocabulary = { language, t: translator(page.figures, JSON.parse(sentences), language) };
  nodes = [...new DOMParser().parseFromString(markup, 'text/html').body.children];
  page.inLab = true;
  document.body.append(...nodes);
}

async function read(name) {
  for (;;) {
    try {
      const answer = await fetch(`/static/${name}`);
      if (answer.ok) return await answer.text();
    } catch { /* it is asked for again */ }
    await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
  }
}

async function prepare() {
  Alpine.data('lab', lab);
  const style = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '/static/lab/lab.css' });
  const styled = new Promise((resolve) => { style.onload = resolve; });
  document.head.append(style);
  await styled;
}

const lab = () => {
  // Kept out of what Alpine watches: it changes with each frame.
  let record = null; // of what happens
  let shown = null; // or of what was saved
  let line = null;
  let say = null;
  let first = 0; // of the rows that are drawn
  let drawn = []; // for each its elements
  let chosen = null; // { row, hop, event }
  let fallen = [];
  let due = false;
  let from = Infinity; // the row from which on they have changed
  let query = '';
  let blurTimer = null;
  let waits = 0; // since there was a connection
  let until = null;

  return {
    paused: false,
    missed: 0,
    looking: false,
    found: '',
    about: '',
    told: '',
    said: '',
    full: false,
    opened: false,
    empty: true,
    server: '',
    phone: SHEET.matches,
    broken: { cut: false, freeze: false, slow: false, lose: false },

    tongue: vocabulary.language,
    w: (key, values) => vocabulary.t(key, values),

    init() {
      say = speaker(this.w, this.figures, vocabulary.language);
      shown = record = createRecord((...how) => this.changed(...how));
      this.follow = () => { this.phone = SHEET.matches; this.look_at(); };
      SHEET.addEventListener('change', this.follow);
      const { WebSocket: Native, answers } = wire;
      line = createLine({ ...wire, now: () => performance.now(), Native }, {
        wire: (message) => this.wired(message),
        full: () => { this.full = true; },
        begun: () => { record.begin(); this.full = false; },
        heard: (message) => this.heard(message),
        happened: (event) => this.happened(event),
        changed: () => this.refresh(),
      });
      const { count } = page;
      until = () => {
        Object.assign(wire, { WebSocket: Native, answers, told: undefined });
        page.count = count;
      };
      wire.WebSocket = function WebSocket(...how) { return line.open(...how); };
      wire.answers = () => (line.isCut ? Promise.resolve(false) : answers());
      wire.told = (ms, most) => this.waits(ms / 1_000, most / 1_000);
      page.count = (direction) => {
        const { clicks, isUp } = page;
        count(direction);
        if (page.clicks > clicks) record.note({ what: 'tap', t: performance.now() / 1_000, delta: direction * page.view.step, kept: !isUp });
      };
      if (this.model.counter !== null) this.server = this.figures(this.model.counter);
      if (socket.raw()) line.join(socket.raw());
      else socket.connect();
      this.look_at();
      this.$nextTick(() => this.$refs.title.focus());
    },

    destroy() {
      SHEET.removeEventListener('change', this.follow);
      until();
      line.leave();
    },

    leave() {
      this.inLab = false;
      for (const node of nodes) node.remove();
      nodes = null;
      if (location.pathname === '/lab') history.replaceState(history.state, '', '/');
    },

    // --- what happens ---

    wired(message) {
      const t = performance.now() / 1_000;
      for (const event of message.events) if (event.what === 'frame' && event.from === 'server' && fallen.length) event.lost = this.isLost(event);
      waits = 0;
      record.take(message, t);
    },

    heard({ type, counter }) {
      if (type === 'state') this.server = this.figures(counter);
    },

    isLost(event) {
      const said = saying(parse(bytesOf(event.frame), event.struck));
      const place = said ? fallen.findIndex((one) => one.ack === said.ack && one.revision === said.revision && one.counter === said.counter) : -1;
      if (place >= 0) fallen.splice(place, 1);
      return place >= 0;
    },

    happened({ at, message, ...event }) {
      if (event.what === 'lost') {
        fallen = [...fallen, message].slice(-LOST);
        return;
      }
      record.note({ ...event, t: (at ?? performance.now()) / 1_000 });
    },

    waits(s, most) {
      waits += 1;
      record.note({ what: 'wait', t: performance.now() / 1_000, s, least: TIMES.retryLeast / 1_000, most, first: waits === 1 });
    },

    changed(place, gone) {
      from = Math.min(from, place);
      if (gone && shown === record) {
        first -= gone;
        this.pausedAt -= gone;
      }
      if (due) return;
      due = true;
      requestAnimationFrame(() => {
        due = false;
        if (nodes) this.draw();
      });
    },

    // --- the rows ---

    draw() {
      const { rows } = record;
      if (shown === record) {
        const isNew = rows.length - (first + drawn.length);
        if (this.paused) this.missed = Math.max(0, rows.length - this.pausedAt);
        else this.window(Math.max(0, rows.length - DRAWN), Math.min(from, rows.length - Math.max(0, isNew)));
      }
      from = Infinity;
    },

    // Draws the rows from `start` on; those from `place` on anew.
    window(start, place) {
      const flow = this.$refs.flow;
      const { rows } = shown;
      remember(rows);
      if (first < 0 || start < first || start > first + drawn.length) {
        flow.replaceChildren();
        drawn = [];
        first = start;
      }
      while (first < start && drawn.length) {
        drawn.shift().nodes.forEach((node) => node.remove());
        first += 1;
      }
      // A bar may have become longer, or an arrow have got an answer, some rows before.
      let keep = Math.max(0, Math.min(place - first, drawn.length));
      while (keep > 0 && drawn[keep - 1].looks !== looksOf(rows[first + keep - 1])) keep -= 1;
      for (const { nodes: old } of drawn.splice(keep)) old.forEach((node) => node.remove());
      const origin = rows[0]?.t ?? 0;
      const words = { t: this.w, say, from: origin };
      const fresh = document.createDocumentFragment();
      for (const row of rows.slice(first + drawn.length, first + DRAWN)) {
        const made = draw(row, words);
        const isNew = !row.wasDrawn;
        row.wasDrawn = true;
        for (const li of made) li.classList.toggle('new', isNew && !this.opened);
        this.mark(made);
        drawn.push({ nodes: made, looks: looksOf(row) });
        fresh.append(...made);
      }
      flow.append(fresh);
      this.empty = !rows.length;
      this.restore();
      if (!this.paused) flow.scrollTop = flow.scrollHeight;
    },

    // The arrow that was chosen keeps that, and Tab's one stop.
    restore() {
      const hops = [...this.$refs.flow.querySelectorAll('.hop')];
      const found = hops.find((button) => button.happened === chosen?.event && button.hop.lane === chosen.hop.lane);
      for (const button of hops) {
        button.setAttribute('aria-pressed', String(button === found));
        button.tabIndex = -1;
      }
      const stop = found ?? hops.at(-1);
      if (stop) stop.tabIndex = 0;
    },

    pause(is) {
      this.paused = is;
      this.pausedAt = record.rows.length;
      this.missed = 0;
      if (is) return;
      if (shown !== record) {
        shown = record;
        this.opened = false;
        this.show_all();
      }
      this.window(Math.max(0, record.rows.length - DRAWN), first + drawn.length);
    },

    show_all() {
      drawn = [];
      first = 0;
      this.$refs.flow.replaceChildren();
      chosen = null;
      this.look_at();
    },

    scrolled({ deltaY }) {
      const { flow } = this.$refs;
      const isUp = deltaY === undefined ? flow.scrollTop + flow.clientHeight < flow.scrollHeight - NEAR : deltaY < 0;
      if (isUp && !this.paused && flow.scrollHeight > flow.clientHeight) this.pause(true);
    },

    // At an end of what is drawn there may be more: what is seen stays where it is.
    reached() {
      if (!this.paused) return;
      const { flow } = this.$refs;
      const { scrollTop } = flow;
      const height = (rows) => rows.flatMap(({ nodes: all }) => all).reduce((sum, { offsetHeight }) => sum + offsetHeight, 0);
      if (scrollTop < NEAR && first > 0) {
        const more = Math.min(STEP, first);
        this.window(first - more, 0);
        flow.scrollTop = scrollTop + height(drawn.slice(0, more));
      } else if (scrollTop + flow.clientHeight > flow.scrollHeight - NEAR && first + drawn.length < shown.rows.length) {
        const less = height(drawn.slice(0, STEP));
        this.window(first + STEP, first + drawn.length);
        flow.scrollTop = scrollTop - less;
      }
    },

    // --- searching ---

    look() {
      this.looking = !this.looking;
      if (this.looking) this.$nextTick(() => this.$refs.find.focus());
    },

    search(value) {
      query = value.trim().toLowerCase();
      if (query && !this.paused) this.pause(true);
      this.mark([...this.$refs.flow.children]);
      if (!query) {
        this.found = '';
        return;
      }
      const { rows } = shown;
      const origin = rows[0]?.t ?? 0;
      const words = { t: this.w, say, from: origin };
      const hits = rows.flatMap((row, place) => (draw(row, words).some((li) => li.textContent.toLowerCase().includes(query)) ? [place] : []));
      this.found = this.w('lab.found', { n: hits.length });
      if (!hits.length || this.$refs.flow.querySelector('mark')) return;
      this.window(Math.max(0, hits.at(-1) - STEP), 0);
      this.$refs.flow.querySelector('mark')?.scrollIntoView({ block: 'center' });
    },

    mark(items) {
      for (const li of items) {
        for (const mark of li.querySelectorAll('mark')) mark.replaceWith(mark.textContent);
        li.normalize();
        const hit = !query || li.textContent.toLowerCase().includes(query);
        li.classList.toggle('dim', !hit);
        if (!query || !hit) continue;
        const walker = document.createTreeWalker(li, NodeFilter.SHOW_TEXT);
        const found = [];
        while (walker.nextNode()) found.push(walker.currentNode);
        for (const node of found) {
          const place = node.data.toLowerCase().indexOf(query);
          if (place < 0 || node.parentNode.closest('.sr')) continue;
          const rest = node.splitText(place);
          rest.splitText(query.length);
          const mark = el('mark');
          rest.replaceWith(mark);
          mark.append(rest);
        }
      }
    },

    // --- choosing ---

    chose(target) {
      const button = target.closest('.hop');
      if (!button) return;
      chosen = { hop: button.hop, event: button.happened, t: button.happened.t };
      this.restore();
      this.look_at();
      if (this.phone) this.openDialog(this.$refs.sheet);
    },

    look_at() {
      const { panel, sheetPanel, sheet, aside } = this.$refs;
      const box = this.phone ? sheetPanel : panel;
      if (!this.phone && sheet.open) sheet.close();
      box.replaceChildren(...(chosen ? this.sheet(box) : [nothing(this.w)]));
      (this.phone ? sheet : aside).scrollTop = 0;
    },

    sheet(box) {
      const { hop, event, t } = chosen;
      const header = el('header');
      const title = el('div', 'grow');
      const name = el('h2', '', titleOf(hop, event, this.w));
      name.id = 'frame-title';
      title.append(name, el('p', '', wayOf(hop, say.clock(t - (shown.rows[0]?.t ?? t)), this.w)));
      header.append(title);
      if (hop.frame && !(hop.count > 1)) {
        const size = el('p', 'size fig', this.figures(hop.frame.size));
        size.append(el('small', '', this.w('frame.bytes', { n: hop.frame.size })));
        header.append(size);
      }
      if (this.phone) header.append(this.closer());
      const wide = (box.clientWidth || innerWidth - 32) > 380 ? 16 : 8;
      const found = details(hop, event, { t: this.w, figures: this.figures, wide, handshake: (one) => this.keyOf(one) });
      return [header, ...found];
    },

    closer() {
      const button = el('button', 'ico close');
      button.type = 'button';
      button.setAttribute('aria-label', this.w('lab.close'));
      const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
      const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      for (const [key, value] of Object.entries({ viewBox: '0 0 24 24', fill: 'none', stroke: 'currentColor', 'stroke-width': 2, 'aria-hidden': true })) svg.setAttribute(key, value);
      path.setAttribute('d', CLOSE_ICON);
      svg.append(path);
      button.append(svg);
      button.addEventListener('click', () => this.closeDialog(button));
      return button;
    },

    // Of an answer the key is in the request before it.
    keyOf(hop) {
      const read = (one) => /^Sec-WebSocket-Key: (.*)$/mi.exec(one.text)?.[1];
      const own = read(hop);
      if (own) return own;
      const before = shown.rows.filter(({ what, t }) => what === 'http' && t <= hop.t).flatMap(({ hops }) => hops).filter(({ way }) => way === 'go');
      return before.length ? read(before.at(-1)) : '';
    },

    sheetClosed() {
      this.$refs.flow.querySelector('.hop[tabindex="0"]')?.focus();
    },

    // One stop for Tab; up and down go from arrow to arrow.
    walk(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      const all = [...this.$refs.flow.querySelectorAll('.hop')];
      const next = all[all.indexOf(document.activeElement) + step];
      event.preventDefault();
      event.stopPropagation(); // they count nothing here
      if (!next) return;
      if (!this.paused) this.pause(true);
      next.focus();
      if (!this.phone) this.chose(next);
    },

    light({ type, target }) {
      const id = type === 'pointerover' ? target.closest('[data-f]')?.dataset.f : undefined;
      for (const one of target.closest('.frame').querySelectorAll('[data-f]')) one.classList.toggle('lit', one.dataset.f === id);
    },

    // --- saving ---

    shut(back) {
      this.$refs.save.open = false;
      if (back) this.$refs.save.firstElementChild.focus();
    },

    blurred({ relatedTarget }) {
      clearTimeout(blurTimer);
      if (relatedTarget && !this.$refs.save.contains(relatedTarget)) this.shut(false);
    },

    saveFile() {
      this.hand(JSON.stringify(shown.save()), 'application/json', 'json');
    },

    savePicture() {
      const colours = Object.fromEntries(['ink', 'mute', 'line', 'blue', 'wall'].map((name) => [name, getComputedStyle(this.$root).getPropertyValue(`--${name}`).trim()]));
      remember(shown.rows);
      const rows = shown.rows.slice(first, first + DRAWN);
      const svg = picture(rows, { t: this.w, say, from: shown.rows[0]?.t ?? 0, title: this.w('lab.title') }, colours);
      this.hand(svg, 'image/svg+xml', 'svg');
    },

    hand(content, type, ending) {
      this.shut(true);
      const url = URL.createObjectURL(new Blob([content], { type }));
      const link = Object.assign(document.createElement('a'), { href: url, download: `wire.${ending}` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    },

    async openFile(field) {
      this.shut(true);
      const [file] = field.files;
      if (!file) return;
      try {
        shown = restore(JSON.parse(await file.text()));
      } catch {
        this.told = this.said = this.w('lab.open.bad');
        return;
      } finally {
        field.value = '';
      }
      this.opened = true;
      this.told = '';
      this.paused = true;
      this.pausedAt = record.rows.length;
      this.missed = 0;
      this.show_all();
      this.window(Math.max(0, shown.rows.length - DRAWN), 0);
      this.$refs.flow.scrollTop = this.$refs.flow.scrollHeight;
    },

    // --- breaking ---

    breakIt(how) {
      line.toggle(how);
      this.refresh();
      this.about = how;
    },

    refresh() {
      Object.assign(this.broken, line.states, { cut: line.isCut });
    },

    get aboutIt() {
      const { about, broken } = this;
      if (this.full) return this.w('lab.full');
      if (broken.cut) return this.w('break.cut.on');
      const on = ['freeze', 'slow', 'lose'].find((how) => broken[how]);
      if (on && (!about || about === on)) return this.w(`break.${on}.on`);
      return about ? this.w(`break.${about}.why`) : this.w('break.why');
    },

    // --- what stands above ---

    get status() {
      if (this.told) return this.told;
      if (this.opened) return this.w('lab.opened');
      if (this.full && this.isUp) return this.w('lab.full');
      return this.isUp ? this.w('lab.live') : this.state;
    },
    get others() { return this.figures(Math.max(0, this.view.people - (this.view.people ? 1 : 0))); },
    get serverFit() { return fit(this.server || '0'); },
    get emptyWhy() { return this.w('lab.empty.do') + (this.view.people < 2 ? ` ${this.w('lab.empty.alone')}` : ''); },
  };
};

// A row is drawn anew where any of this has changed.
function looksOf({ lanes, down, quiet, hops, events }) {
  return [lanes.page, lanes.server, lanes.last, down, quiet.toFixed(1), hops?.length, hops?.[0].again, events[0].count].join();
}

function nothing(t) {
  const box = el('div', 'nothing');
  const bits = el('div', 'bits');
  bits.setAttribute('aria-hidden', 'true');
  for (let bit = 0; bit < 64; bit += 1) bits.append(el('i'));
  box.append(bits, el('b', '', t('frame.none')), el('p', '', t('frame.choose')));
  return box;
}
