// Binds the parts to the page.

import { NARROW_ONE, formatter, roller, width } from './digits.js';
import { pieces, translator } from './i18n.js';
import { away, begin, click, configure, flush, outgoing, receive, turnedOut, view } from './logic.js';
import { announcer, gatherer } from './pace.js';
import { forgetSecret, takeSecret } from './secret.js';
import { createSocket } from './socket.js';
import Alpine from './vendor/alpine-csp-3.17.4.min.js';

const KEYS = { '+': 1, ArrowUp: 1, '-': -1, '\u2212': -1, ArrowDown: -1 };
const COPIED_FOR = 2_500; // ms

const root = document.documentElement;
const figures = formatter(navigator.language);
const t = translator(figures);
const fit = (text, one) => ({ '--em': width(text, one).toFixed(3) });
const calm = matchMedia('(prefers-reduced-motion: reduce)');
const tab = { location, history, storage: () => sessionStorage };
const env = {
  WebSocket,
  setTimeout: setTimeout.bind(window),
  clearTimeout: clearTimeout.bind(window),
  now: Date.now,
  random: Math.random,
  still: () => calm.matches,
};

Alpine.data('counter', () => {
  let model = begin(randomId(), takeSecret(tab));
  let socket, gather, announce, roll;

  return {
    view: view(model),
    status: '',
    copyKey: 'join.copy',
    t,

    init() {
      roll = roller(this.$refs.num, figures, env);
      gather = gatherer(() => this.become(flush(model)), env);
      announce = announcer(() => { this.status = this.spoken; }, env);
      socket = createSocket(`${location.origin.replace('http', 'ws')}/ws`, 'lan-counter.v1', env, {
        message: (message) => this.hear(message),
        away: (seconds) => this.become(away(model, seconds)),
        turnedOut: () => this.become(turnedOut(model)),
      });
      socket.connect();
      addEventListener('online', socket.wake);
      addEventListener('pageshow', socket.wake);
      addEventListener('pagehide', () => this.become(flush(model)));
      addEventListener('visibilitychange', () => (document.hidden ? this.become(flush(model)) : socket.wake()));
      addEventListener('keydown', (event) => {
        const direction = directionOf(event);
        if (!direction) return;
        event.preventDefault();
        this.count(direction);
      });
    },

    // Every change of the model passes here, to be shown and sent.
    become(next) {
      const { secret } = model;
      const wasUp = this.isUp;
      const { model: after, messages } = outgoing(next);
      model = after;
      this.view = view(model);
      this.paint(this.view);
      if (secret && !model.secret) forgetSecret(tab);
      if (wasUp && !this.isUp) announce.own();
      messages.forEach(socket.send);
      if (model.stage === 'over') socket.connect();
    },

    paint({ value, link }) {
      if (link !== 'connecting') root.dataset.link = link;
      if (value === null) return;
      root.dataset.value = value;
      document.title = t('window', { value, title: this.title });
      roll(value);
    },

    hear(message) {
      const { news } = model;
      const { value } = this.view;
      this.become(receive(model, message));
      if (model.news && model.news !== news) announce.own();
      else if (this.view.value !== value) announce.others();
    },

    count(direction) {
      const { gathered } = model;
      this.become(click(model, direction));
      announce.own();
      if (model.gathered !== gathered) {
        gather();
        ring(this.$refs.plate);
      }
      if (!this.isUp) socket.wake();
    },

    choose(step) {
      this.become(configure(model, { step }));
    },

    async copy() {
      this.copyKey = await copied(this.view.network.join, this.$refs.url) ? 'join.copied' : 'join.selected';
      setTimeout(() => { this.copyKey = 'join.copy'; }, COPIED_FOR);
    },

    get isHost() { return this.view.role === 'host'; },
    get isUp() { return this.view.link === 'up'; },
    get title() { return this.view.title || t('app'); },
    get number() { return figures(this.view.value ?? 0); },
    get people() { return figures(this.view.people); },
    get state() {
      const { link, retryIn, people, locked } = this.view;
      if (link === 'connecting') return t('link.connecting');
      if (link === 'down') return retryIn === null ? t('link.trying') : t('link.waiting', { n: retryIn });
      if (!this.isHost) return t('link.up.guest', { n: people });
      return t(locked ? 'link.up.host.locked' : 'link.up.host');
    },
    get note() { return pieces(this.view.notes.map(({ key, values }) => t(key, values)).join('. ')); },
    get spoken() {
      const said = t('status', { title: this.title, value: this.number });
      const news = model.news ? t(model.news.key, model.news.values).replaceAll('*', '') : '';
      return `${this.isUp ? '' : t('link.trying')} ${news} ${said}`.trim();
    },
    get plateFit() { return fit(this.number); },

    get more() { return `+${figures(this.view.step)}`; },
    get less() { return figures(-this.view.step); },
    get inFigures() { return !this.isHost && this.view.step > 1; },
    get keyFit() { return fit(this.more, NARROW_ONE); },

    get join() { return this.view.network?.join ?? ''; },
    get reach() { return this.join ? this.view.network.reach : 'none'; },
    get address() { return this.join.replace(/^http:\/\/|\/$/g, ''); },
    get addressFit() { return fit(this.address, NARROW_ONE); },
    get inPlaque() { return /^[\d.:]+$/.test(this.address); },
  };
});

Alpine.start();

// crypto.randomUUID is not there on plain http from another machine.
function randomId() {
  return crypto.getRandomValues(new Uint32Array(5)).join('-');
}

function directionOf(event) {
  const { key, target } = event;
  const modified = event.ctrlKey || event.altKey || event.metaKey || (event.shiftKey && key.startsWith('Arrow'));
  if (modified || event.repeat || event.isComposing) return 0;
  return target.closest?.('input, select, textarea') ? 0 : KEYS[key] ?? 0;
}

function ring(plate) {
  plate.classList.remove('hit');
  void plate.offsetWidth; // restarts the animation
  plate.classList.add('hit');
}

// On plain http there is no clipboard: select it, to be copied by hand at least.
async function copied(text, element) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    getSelection().selectAllChildren(element);
    return document.execCommand('copy');
  }
}
