// The projector: to be read from the back of a room, and nothing to be operated but its own end.

import { addressed, mix } from './address.js';

const LOOK_EVERY = 5_000; // ms
const POINTED = 2_500; // ms
const LOOPBACK = /^(127\.|localhost$|\[::1\]$)/;

/** The page's own address, if others can open it. */
export function ownAddress({ hostname, origin }) {
  return LOOPBACK.test(hostname) ? '' : `${origin}/`;
}

/** The address that a code's picture opens: its title. */
export function titleOf(svg) {
  return /<title>(.*?)<\/title>/.exec(svg)?.[1] ?? '';
}

const stage = () => {
  let looking = null;
  let pointing = null;
  let wasFull = false;
  let asked = 0;

  return mix({
    code: null,
    told: '', // the address that the code opens
    pointed: false,

    init() {
      // It may be refused: the view fills the window, then.
      if (this.isHost) document.documentElement.requestFullscreen?.().catch(() => {});
      looking = setInterval(() => this.look(), LOOK_EVERY);
      this.$watch('join', () => this.look());
      this.$watch('isUp', () => this.look());
      this.look();
      this.$nextTick(() => this.$root.focus());
    },

    destroy() {
      clearInterval(looking);
      clearTimeout(pointing);
    },

    // Only the code's picture tells a guest's page where others join.
    async look() {
      const turn = asked += 1;
      const answer = await fetch('/join.svg', { cache: 'no-store' }).catch(() => null);
      if (!answer || turn !== asked) return; // the server is away: it may well come back at the same address
      const svg = answer.ok ? await answer.text() : '';
      this.told = titleOf(svg);
      this.code = svg ? `data:image/svg+xml,${encodeURIComponent(svg)}` : null;
    },

    leave() {
      if (!this.isHost) return;
      this.onStage = false;
      if (document.fullscreenElement) document.exitFullscreen();
      this.$nextTick(() => document.getElementById('project').focus());
    },

    // Whoever leaves full screen leaves the view.
    follow() {
      if (wasFull && !document.fullscreenElement) this.leave();
      wasFull = Boolean(document.fullscreenElement);
    },

    point() {
      this.pointed = true;
      clearTimeout(pointing);
      pointing = setTimeout(() => { this.pointed = false; }, POINTED);
    },

    get join() { return this.network ? this.network.join ?? '' : ownAddress(location) || this.told; },
    get isCompared() { return Boolean(this.view.compare); },
    get wifiCode() { return this.wifi?.code ?? null; },
    get wifiName() { return this.wifi?.name ?? ''; },
    get how() {
      if (!this.join) return this.t('join.none');
      return this.t(LOOPBACK.test(new URL(this.join).hostname) ? 'join.local' : 'stage.how');
    },
  }, addressed);
};

export default { stage };
