// The projector: to be read from the back of a room, and nothing to be operated but its own end.

import { addressed, mix } from './address.js';

const LOOK_EVERY = 5_000; // ms
const POINTED = 2_500; // ms
const LOOPBACK = /^(127\.|localhost$|\[::1\]$)/;

/** The page's own address, if others can open it. */
export function ownAddress({ hostname, origin }) {
  return LOOPBACK.test(hostname) ? '' : `${origin}/`;
}

export const stage = () => {
  let pointing = null;
  let was = null; // full screen
  let asked = 0;

  return mix({
    code: null,
    pointed: false,

    init() {
      addEventListener('stage', () => this.enter());
      addEventListener('keydown', ({ key }) => key === 'Escape' && this.leave());
      document.addEventListener('fullscreenchange', () => {
        if (was && !document.fullscreenElement) this.leave();
        was = document.fullscreenElement;
      });
      setInterval(() => this.look(), LOOK_EVERY);
      this.$watch('join', () => this.look());
      this.$watch('isUp', () => this.look());
      this.look();
    },

    // Only the code's picture tells a guest's page where others join.
    async look() {
      if (!this.onStage) return;
      const turn = asked += 1;
      const answer = await fetch('/join.svg', { cache: 'no-store' }).catch(() => null);
      if (!answer || turn !== asked) return; // the server is away: it may well come back at the same address
      this.code = answer.ok ? `data:image/svg+xml,${encodeURIComponent(await answer.text())}` : null;
    },

    enter() {
      this.show({ onStage: true });
      this.look();
      // It may be refused: the view fills the window, then.
      document.documentElement.requestFullscreen?.().catch(() => {});
      this.$nextTick(() => this.$refs.stage.focus());
    },

    leave() {
      if (!this.isHost || !this.onStage) return;
      this.show({ onStage: false });
      if (document.fullscreenElement) document.exitFullscreen();
      this.$nextTick(() => document.getElementById('project').focus());
    },

    point() {
      this.pointed = true;
      clearTimeout(pointing);
      pointing = setTimeout(() => { this.pointed = false; }, POINTED);
    },

    get join() { return this.network ? this.network.join ?? '' : ownAddress(location); },
    get wifiCode() { return this.wifi?.code ?? null; },
    get wifiName() { return this.wifi?.name ?? ''; },
    get how() {
      if (this.network?.reach === 'local') return this.t('join.local');
      return this.t(this.join ? 'stage.how' : this.code ? 'stage.scan' : 'join.none');
    },
  }, addressed);
};

export default { stage };
