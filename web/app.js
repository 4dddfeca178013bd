// Puts the parts together: what happens changes the model, and each model is shown and sent.

import { createAdopter } from './model/adoption.js';
import { formatter } from './views/digits.js';
import { choose, translator } from './model/i18n.js';
import { away, begin, click, flush, learn, outgoing, receive, removed, seal, turnedOut, view } from './model/logic.js';
import { createOutbox, ownerOf } from './model/outbox.js';
import { announcer, gatherer } from './model/pace.js';
import { painter, ring } from './paint.js';
import { createSocket } from './link/socket.js';
import { forgetSecret, recall, takeSecret } from './link/storage.js';

const KEYS = { '+': 1, ArrowUp: 1, '-': -1, '\u2212': -1, ArrowDown: -1 };
const RELOAD = 3_000; // ms
const WIRE = [`${location.origin.replace('http', 'ws')}/ws`, 'lan-counter.v1'];

const projector = location.pathname === '/projector';
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const kept = () => localStorage;
const tab = { location, history, storage: () => sessionStorage };
const secret = projector ? null : takeSecret(tab);
const env = {
  WebSocket,
  setTimeout: setTimeout.bind(window),
  clearTimeout: clearTimeout.bind(window),
  now: Date.now,
  steady: () => performance.now(),
  random: Math.random,
  still: () => calm.matches,
};

let left = false;
let model = begin(randomId(), secret, recall(kept, 'name')?.slice(0, 40) ?? '', projector);

// What the parts see of the page, and may do to it.
let page = {
  view: view(model),
  projector,
  onStage: projector,
  wifi: null, // in memory only
  shortcuts: recall(kept, 'keys') !== 'off',
  missing: [], // parts that could not be had
  network: null,
  roster: [],
  notices: [],

  change(how) {
    become(how);
    announce.own();
  },

  show(changed) {
    Object.assign(page, changed);
    paint(page);
  },

  async speak(language) { this.show(await words(language)); },

  // What a guest may never need comes when it is needed.
  async bring(...names) {
    try {
      for (const name of names) await (name === 'menu' ? bringMenu() : bringPart(name));
      this.show({ missing: [] });
    } catch {
      // It is asked for again once the server is back.
      this.show({ missing: names });
    }
  },

  async openMenu() {
    await this.bring('menu');
    if (!this.missing.length) (await import('./views/menu.js')).open(page);
  },

  send: (message) => socket.send(message),

  get model() { return model; },
  get isHost() { return this.view.role === 'host'; },
  get isUp() { return this.view.link === 'up'; },
  get title() { return this.view.title || this.t('app'); },
  get isLong() { return this.title.length > 40; },
  get number() { return this.figures(this.view.value ?? 0); },
  get more() { return `+${this.figures(this.view.step)}`; },
  get state() {
    const { link, retryIn, people, locked } = this.view;
    if (link === 'down') return retryIn === null ? this.t('link.trying') : this.t('link.waiting', { n: retryIn });
    if (link !== 'up') return this.t(`link.${link}`);
    if (!this.isHost) return this.t('link.up.guest', { n: people });
    return this.t(locked ? 'link.up.locked' : 'link.up.host');
  },
  get note() {
    const notes = this.missing.length ? [{ key: 'error.not_loaded' }] : this.view.notes;
    return sentences(notes.map(({ key, values }) => this.t(key, values)));
  },
  get spoken() {
    const { notes, done, link } = this.view;
    const lost = /down|removed/.test(link) ? this.state : '';
    const { news: newest, before } = model;
    const isTold = (note) => note === newest || before.includes(note) || (done === 1 && note.key === 'goal.reached');
    const told = notes.filter(isTold);
    const news = told.map(({ key, values }) => this.t(key, values)).join(' ').replaceAll('*', '');
    return `${lost} ${news} ${this.t('status', { title: this.title, value: this.number })}`.trim();
  },
};

const paint = painter(env);
const gather = gatherer(() => become(flush), env);
const announce = announcer(() => { document.querySelector('[role=status]').textContent = page.spoken; }, env);
const outbox = createOutbox(kept, env, () => become((same) => same));
const adopt = createAdopter(kept, ...WIRE, env, {
  may: () => page.isUp && !document.hidden && !projector,
  isOwn: (client) => client.startsWith(model.seed),
  told(outcome) {
    become((now) => learn(now, outcome));
    announce.own();
  },
});
const socket = createSocket(...WIRE, env, {
  message: hear,
  away: (seconds) => become((now) => away(now, seconds)),
  turnedOut: () => become(turnedOut),
  removed: () => become(removed),
});

// Every change of the model passes here. What another page may have adopted by now is sealed first.
function become(how) {
  const { joys } = model;
  const { isUp } = page;
  const { model: after, messages } = outgoing(how(outbox.lapsed() ? seal(model) : model));
  model = after;
  // Before it is sent: a page that dies here has lost nothing.
  outbox.save(model, document.hidden || left);
  // The host's lists apart, so that they are not made anew at each click.
  page.show({ view: view(model), network: model.network, roster: model.roster, notices: model.notices });
  if (secret && !model.secret) forgetSecret(tab);
  if (isUp && !page.isUp) announce.own();
  if (!isUp && page.isUp && page.missing.length) page.bring(...page.missing);
  if (model.joys > joys) cheer();
  messages.forEach(socket.send);
  if (model.stage === 'over') socket.connect();
  if (!isUp && page.isUp) adopt();
}

function hear(message) {
  const { news } = model;
  const { value } = page.view;
  become((now) => receive(now, message));
  if (model.news && model.news !== news) announce.own();
  else if (page.view.value !== value) announce.others();
}

function count(direction) {
  const { mine } = model;
  become((now) => click(now, direction));
  announce.own();
  if (model.mine !== mine) {
    gather();
    ring();
  }
  if (!page.isUp) socket.wake();
}

// Nobody may come back to this page: what it has is sent now, or kept for another to send.
function leave() {
  become(seal);
}

function comeBack() {
  left = false;
  become((same) => same);
  socket.wake();
  adopt();
}

function cheer() {
  announce.own();
  if (!calm.matches) import('./views/joy.js').then(({ celebrate }) => celebrate(), () => {});
}

function listen() {
  const on = (selector, action) => document.querySelector(selector).addEventListener('click', action);
  on('.less', () => count(-1));
  on('.more', () => count(1));
  on('.menu', () => page.openMenu());
  addEventListener('online', socket.wake);
  addEventListener('pageshow', comeBack);
  addEventListener('pagehide', () => {
    left = true;
    leave();
  });
  document.addEventListener('visibilitychange', () => (document.hidden ? leave() : comeBack()));
  addEventListener('storage', ({ key }) => ownerOf(key) !== null && adopt());
  addEventListener('keydown', (event) => {
    const direction = page.shortcuts && !projector ? directionOf(event) : 0;
    if (!direction) return;
    event.preventDefault();
    count(direction);
  });
}

async function bringMenu() {
  const { bring } = await import('./views/menu.js');
  await bring(page);
}

async function bringPart(name) {
  const { part, reactive } = await import('./part.js');
  page = reactive(page);
  await part(name, page);
}

async function words(language) {
  const figures = formatter(navigator.languages.find((tag) => tag.startsWith(language)) ?? language);
  const answer = await fetch(`/static/locales/${language}.json`);
  return { language, figures, t: translator(figures, await answer.json(), language) };
}

// crypto.randomUUID is not there on plain http from another machine.
function randomId() {
  return crypto.getRandomValues(new Uint32Array(5)).join('-');
}

// One after the other: most, but not all, end with their own full stop.
function sentences(all) {
  return all.reduce((before, next) => `${before}${/\.\*?$/.test(before) ? '' : '.'} ${next}`);
}

// In a field the keys write, in a dialog they move, and the arrows move among radio buttons.
function directionOf({ key, target, ctrlKey, altKey, metaKey, shiftKey, repeat, isComposing }) {
  const arrow = key.startsWith('Arrow');
  if (ctrlKey || altKey || metaKey || (shiftKey && arrow) || repeat || isComposing) return 0;
  const own = arrow ? 'input, select, textarea, dialog, ul' : 'input:not([type=radio]), select, textarea, dialog';
  return target.closest?.(own) ? 0 : KEYS[key] ?? 0;
}

// Without its words a page is of no use: then from the start, until the server is there.
try {
  Object.assign(page, await words(choose([recall(kept, 'language') ?? '', ...navigator.languages])));
  if (secret) await page.bring('menu', 'host');
  if (projector) await page.bring('stage');
  paint(page);
  listen();
  socket.connect();
} catch {
  setTimeout(() => location.reload(), RELOAD);
}
