// The lab: what crosses this page's connection, as it happens. Fetched when it is opened; it costs nobody else anything.

import { nothing, sheet } from './bits.js';
import { createFlow } from './flow.js';
import { createRecord, restore } from './record.js';
import { picture } from './row.js';
import { speaker } from './say.js';
import { watch } from './watch.js';
import Alpine from '../vendor/alpine-csp-3.17.4.min.js';
import { translator } from '../model/i18n.js';
import { fit } from '../views/digits.js';

const PAUSE = 1_000; // ms
const WORDS = ['en', 'fr'];
const SHEET = matchMedia('(max-width: 900px)');

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
  let watching = null;
  let say = null;
  let flow = null;
  let chosen = null; // an arrow's `hop` and `event`
  let due = false;
  let from = Infinity; // the row from which on they have changed

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
      flow = createFlow(this.$refs.flow, { t: this.w, say });
      flow.show(record);
      this.follow = () => { this.phone = SHEET.matches; this.look(); };
      SHEET.addEventListener('change', this.follow);
      if (this.model.counter !== null) this.server = this.figures(this.model.counter);
      watching = watch(page, wire, socket, record, {
        full: (is) => { this.full = is; },
        counter: (number) => { this.server = this.figures(number); },
        changed: () => this.refresh(),
      });
      this.look();
      this.$nextTick(() => this.$refs.title.focus());
    },

    destroy() {
      SHEET.removeEventListener('change', this.follow);
      watching.leave();
    },

    leave() {
      this.inLab = false;
      for (const node of nodes) node.remove();
      nodes = null;
      if (location.pathname === '/lab') history.replaceState(history.state, '', '/');
      setTimeout(() => document.querySelector('#main .tools .ico, #main .menu')?.focus());
    },

    // --- the rows ---

    changed(place, gone) {
      from = Math.min(from, place);
      if (gone) {
        this.pausedAt -= gone;
        if (shown === record) flow.forget(gone);
      }
      if (due) return;
      due = true;
      requestAnimationFrame(() => {
        due = false;
        if (nodes) this.draw();
      });
    },

    draw() {
      this.empty = !shown.rows.length;
      if (this.paused) {
        this.missed = Math.max(0, record.rows.length - this.pausedAt);
        return;
      }
      flow.newest(from);
      from = Infinity;
    },

    pause(is) {
      this.paused = is;
      this.pausedAt = record.rows.length;
      this.missed = 0;
      if (is) return;
      if (this.opened) this.show(record, false);
      else this.draw();
    },

    show(other, opened) {
      shown = other;
      this.opened = opened;
      chosen = null;
      from = Infinity;
      flow.show(shown);
      this.empty = !shown.rows.length;
      this.look();
    },

    scrolled({ deltaY }) {
      const isUp = deltaY === undefined ? !flow.atEnd : deltaY < 0;
      if (isUp && !this.paused && flow.canScroll) this.pause(true);
    },

    reached() { if (this.paused) flow.reached(); },

    // --- searching ---

    seek() {
      this.looking = !this.looking;
      if (this.looking) this.$nextTick(() => this.$refs.find.focus());
    },

    search(signs) {
      if (signs.trim() && !this.paused) this.pause(true);
      const n = flow.search(signs);
      this.found = n === null ? '' : this.w('lab.found', { n });
    },

    // --- choosing ---

    chose(target) {
      const button = target.closest('.hop');
      if (!button) return;
      chosen = { hop: button.hop, event: button.happened };
      flow.choose(button.hop);
      this.look();
      if (this.phone) this.openDialog(this.$refs.sheet);
    },

    // What is chosen, beside the rows or over them.
    look() {
      const { panel, sheetPanel, sheet: dialog, aside } = this.$refs;
      const box = this.phone ? sheetPanel : panel;
      if (!this.phone && dialog.open) dialog.close();
      const from = shown.rows[0]?.t ?? 0;
      const wide = (box.clientWidth || innerWidth - 32) > 380 ? 16 : 8;
      const close = this.phone ? () => this.closeDialog(box) : null;
      box.replaceChildren(...(chosen ? sheet(chosen, { t: this.w, say, from, wide, close, key: shown.keyOf(chosen.hop) }) : [nothing(this.w)]));
      (this.phone ? dialog : aside).scrollTop = 0;
    },

    sheetClosed() { this.$refs.flow.querySelector('.hop[tabindex="0"]')?.focus(); },

    // One stop for Tab; up and down go from arrow to arrow.
    walk(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation(); // they count nothing here
      const next = flow.beside(step);
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
      if (relatedTarget && !this.$refs.save.contains(relatedTarget)) this.shut(false);
    },

    saveFile() {
      this.hand(JSON.stringify(shown.save()), 'application/json', 'json');
    },

    savePicture() {
      const colours = Object.fromEntries(['ink', 'mute', 'line', 'blue', 'wall'].map((name) => [name, getComputedStyle(this.$root).getPropertyValue(`--${name}`).trim()]));
      const svg = picture(flow.drawn, { t: this.w, say, from: shown.rows[0]?.t ?? 0, title: this.w('lab.title') }, colours);
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
        const other = restore(JSON.parse(await file.text()));
        this.told = '';
        this.paused = true;
        this.pausedAt = record.rows.length;
        this.missed = 0;
        this.show(other, true);
      } catch {
        this.told = this.said = this.w('lab.open.bad');
      }
      field.value = '';
    },

    // --- breaking ---

    breakIt(how) {
      watching.line.toggle(how);
      this.refresh();
      this.about = how;
    },

    refresh() {
      Object.assign(this.broken, watching.line.states, { cut: watching.line.isCut });
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
