// Puts the parts together: what happens changes the model, and each model is shown and sent.

import { createSocket } from './link/socket.js';
import { forgetSecret, keep, recall, takeSecret } from './link/storage.js';
import { createAdopter } from './model/adoption.js';
import { choose, translator } from './model/i18n.js';
import { away, begin, click, flush, learn, outgoing, receive, removed, seal, turnedOut, view } from './model/logic.js';
import { createOutbox, ownerOf } from './model/outbox.js';
import { announcer, gatherer } from './model/pace.js';
import { meet, rename } from './model/wishes.js';
import { formatter, xDigits } from './views/digits.js';
import { createPage, directionOf, sift, xRing } from './views/page.js';
import { xTap } from './views/tap.js';

const PAUSE = 1_000; // ms
const PATIENCE = 4_000; // for a page, where no connection came
const WIRE = [`${location.origin.replace('http', 'ws')}/ws`, 'lan-counter.v1'];

const projector = location.pathname === '/projector';
const inLab = location.pathname === '/lab';
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const kept = () => localStorage;
const tab = { location, history, storage: () => sessionStorage };
const secret = projector ? null : takeSecret(tab);
// The server has put them into the page.
const languages = JSON.parse(document.querySelector('meta[name=languages]').content || '{"en":"English"}');
const env = {
  WebSocket,
  setTimeout: setTimeout.bind(window),
  clearTimeout: clearTimeout.bind(window),
  now: Date.now,
  steady: () => performance.now(),
  random: Math.random,
  still: () => calm.matches,
  answers: () => fetch('/health', { cache: 'no-store', signal: AbortSignal.timeout?.(PATIENCE) }).then(isOurs).catch(() => false),
};

let left = false;
let menu = null;
let lab = null;
let lesson = null;
let start;
const started = new Promise((resolve) => { start = resolve; });
let model = begin(randomId(), secret, recall(kept, 'name') ?? '', projector, projector ? null : voter());
keepName();

let page = createPage({
  view: view(model),
  projector,
  inLab,
  shortcuts: recall(kept, 'keys') !== 'off',
  languages,
  model: () => model,
  count,
  change,
  rename: (name) => change((now) => rename(now, name)),
  say: (message) => socket.send(message),
  keep: (key, value) => keep(kept, key, value),
  keepName,
  words,
  openLesson: () => attend({ open: true }),
  async openMenu() {
    await menu;
    page.menuOpen = true;
  },
  async openLab() {
    page.menuOpen = false;
    lab ??= import('./lab/lab.js').catch(lost);
    (await lab).open(page, wire, socket);
  },
});
const gather = gatherer(() => become(flush), env);
const announce = announcer(() => { if (page.t && !page.lesson) page.announced = page.news; }, env);
const outbox = createOutbox(kept, env, () => become((same) => same));
const adopt = createAdopter(kept, ...WIRE, env, {
  may: () => page.isUp && !document.hidden && !projector,
  isOwn: (client) => client.startsWith(model.seed),
  voter: () => model.voter,
  told: (outcome) => change((now) => learn(now, outcome)),
});
// A lab that is open stands between it and the browser.
const wire = { ...env };
const socket = createSocket(...WIRE, wire, {
  message: hear,
  away: (...how) => become((now) => away(now, ...how)),
  turnedOut: () => become(turnedOut),
  removed: () => become(removed),
});

// Every change of the model passes here. What another page may have adopted by now is sealed first.
function become(how) {
  const { joys } = model;
  const { isUp, view: { missing: [before] } } = page;
  const { model: after, messages } = outgoing(how(outbox.lapsed() ? seal(model) : model));
  model = after;
  // Before it is sent: a page that dies here has lost nothing.
  outbox.save(model, document.hidden || left);
  // One by one, so that only what has changed is shown anew.
  Object.assign(page.view, view(model));
  Object.assign(page, { network: model.network, roster: model.roster, rooms: model.rooms, gone: model.gone, notices: model.notices });
  if (secret && !model.secret) forgetSecret(tab);
  if ((isUp && !page.isUp) || page.view.missing[0] !== before) announce.own();
  if (model.joys > joys) cheer();
  messages.forEach(socket.send);
  if (model.stage === 'over') socket.connect();
  if (!isUp && page.isUp) adopt();
}

// The person asks for it, so it is told at once.
function change(how) {
  become(how);
  announce.own();
}

function hear(message) {
  if (message.type === 'lesson') {
    attend(message);
    return;
  }
  const { news } = model;
  const { value } = page.view;
  become((now) => receive(now, message));
  if (model.news && model.news !== news) announce.own();
  else if (page.view.value !== value) announce.others();
}

// A lesson takes the page over, once what it is made of is there. Where that does not come, the counter goes on.
async function attend(message) {
  await started;
  lesson ??= import('./lesson/lesson.js').then((part) => part.attend(page, Alpine, env));
  try {
    (await lesson)(message);
  } catch {
    setTimeout(() => { lesson = null; }, PATIENCE);
  }
}

function count(direction) {
  if (page.lesson) {
    page.lesson.count(direction);
    return;
  }
  const { mine } = model;
  change((now) => click(now, direction));
  if (model.mine !== mine) {
    gather();
    page.clicks += 1;
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
  addEventListener('online', socket.wake);
  addEventListener('pageshow', comeBack);
  addEventListener('pagehide', () => {
    left = true;
    leave();
  });
  document.addEventListener('visibilitychange', () => (document.hidden ? leave() : comeBack()));
  addEventListener('storage', ({ key }) => {
    if (ownerOf(key) !== null) adopt();
    // Two first pages of a browser: the one that was slower has said who the person is.
    if (key === 'voter') become((now) => meet(now, voter()));
  });
  addEventListener('keydown', sift, true);
  addEventListener('keydown', (event) => {
    const direction = page.shortcuts && !projector ? directionOf(event) : 0;
    if (!direction) return;
    event.preventDefault();
    page.count(direction);
  });
}

// A person is a browser, as far as it keeps anything: without, a page.
function voter() {
  const known = recall(kept, 'voter');
  if (/^[\w-]{22,64}$/.test(known)) return known;
  const fresh = randomId();
  keep(kept, 'voter', fresh);
  return fresh;
}

// As others see it: what an earlier page has kept may be too long, or cut through a sign.
function keepName() {
  if ((recall(kept, 'name') ?? '') !== model.name) keep(kept, 'name', model.name);
}

// A portal or a proxy may answer in its place.
async function isOurs(answer) {
  const { status, full } = await answer.json();
  return status === 'ok' && !full;
}

// The words of a language, and how it writes numbers. Throws where they can't be had.
async function words(language) {
  const files = secret || projector ? [language, `host/${language}`] : [language];
  const all = await Promise.all(files.map(async (name) => (await fetch(`/static/locales/${name}.json`)).json()));
  const sentences = Object.assign({}, ...all);
  const rules = sentences['language.numbers'];
  const figures = formatter([...navigator.languages.filter((tag) => tag.startsWith(language)), rules]);
  return { language, figures, t: translator(figures, sentences, rules) };
}

// A part of the page that not everybody needs, or not at first.
async function part(name, module = import(`./views/${name}.js`).catch(lost)) {
  const style = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: `/static/views/${name}.css` });
  const styled = new Promise((resolve) => { style.onload = resolve; });
  document.head.append(style);
  const [{ default: components }, { default: Alpine }] = await Promise.all([module, framework, styled]);
  Object.entries(components).forEach(([key, component]) => Alpine.data(key, component));
}

// By another name a module is fetched anew, so that nobody's page is loaded again while they click. What it imports has
// to be there already.
function anew(name) {
  let tries = 0;
  return untilItComes(() => import(`./views/${name}.js?${tries += 1}`));
}

// Who needs a module that got lost waits, until the page comes again.
function lost() {
  dispatchEvent(new Event('lost'));
  return new Promise(() => {});
}

async function untilItComes(action) {
  for (;;) {
    try {
      return await action();
    } catch {
      await new Promise((resolve) => { setTimeout(resolve, PAUSE); });
    }
  }
}

// A browser asks once for the font that a style sheet names.
async function draw() {
  try {
    await document.fonts.load('1em Figures');
  } catch {
    await untilItComes(async () => {
      document.fonts.add(await new FontFace('Figures', 'url(/static/fonts/figures.woff2)', { weight: '400 700' }).load());
    });
  }
}

// crypto.randomUUID is not there on plain http from another machine.
function randomId() {
  return crypto.getRandomValues(new Uint32Array(5)).join('-');
}

// What has to travel goes first: Alpine takes its time to get up. A lab connects by itself, and sees all of it.
if (!inLab) socket.connect();
const framework = import('./vendor/alpine-csp-3.17.4.min.js').catch(lost);
const language = choose([recall(kept, 'language') ?? '', ...navigator.languages], languages);
const needed = secret ? ['menu', 'host', 'stage', 'past'] : projector ? ['stage', 'past'] : [];
const [spoken, { default: Alpine }] = await Promise.all([untilItComes(() => words(language)), framework, ...needed.map((name) => part(name))]);
page = Alpine.reactive(page);
Object.assign(page, spoken);
Alpine.directive('digits', xDigits(Alpine, env));
Alpine.directive('ring', xRing);
Alpine.directive('tap', xTap);
Alpine.data('page', () => page);
Alpine.start();
start();
listen();
draw();
if (inLab) page.openLab();
if (!secret && !projector) menu = part('menu', anew('menu'));
