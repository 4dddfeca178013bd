// Why nobody can join: the causes, the likeliest for this machine first, each with what to do.

import { request } from '../link/request.js';

const UNLIKELY = ['virtual', 'tunnel', 'link-local'];

/** The causes, `{ key, values, does, command }`: `key` and `does` are sentences. `hasCome` is whether any device has. */
export function causes({ firewalls, addresses, hasCome = false }) {
  const found = firewalls.map(firewall);
  const blocking = found.filter(({ key }) => key === 'help.blocks');
  const unknown = found.filter(({ key }) => key === 'help.unknown');
  const harmless = found.filter(({ key }) => ['help.allows', 'help.off'].includes(key));
  const unlikely = addresses.some(({ chosen, kind }) => chosen && UNLIKELY.includes(kind));
  const several = addresses.length > 1;
  const live = { key: 'help.live', does: 'help.do.live' };
  return [
    ...(hasCome ? [live] : []),
    ...blocking,
    ...(unlikely ? [{ key: 'help.unlikely', does: several ? 'help.do.several' : 'join.none.do' }] : []),
    ...unknown,
    ...(several && !unlikely ? [{ key: 'help.several', does: 'help.do.several' }] : []),
    { key: 'help.isolation', does: 'help.do.isolation' },
    { key: 'help.portal', does: 'help.do.portal' },
    ...(hasCome ? [] : [live]),
    ...(found.length ? harmless : [{ key: 'help.none', does: 'help.do.none' }]),
  ];
}

function firewall({ product, state, remedy }) {
  const cause = { key: `help.${state}`, values: { product } };
  if (['allows', 'off'].includes(state)) return { ...cause, does: 'help.do.allows' };
  if (remedy) return { ...cause, does: `help.do.${state}`, command: remedy };
  return { ...cause, does: product.startsWith('Windows') ? 'help.do.windows' : 'help.do.macos' };
}

export const help = () => ({
  causes: [],
  stage: 'looking',

  get known() { return { addresses: this.network?.addresses ?? [], hasCome: Boolean(this.network?.devices?.length) }; },
  get told() { return this.t(this.stage === 'failed' ? 'unanswered' : `help.${this.stage === 'looking' ? 'looking' : 'unseen'}`); },

  async open() {
    this.stage = 'looking';
    this.causes = [];
    this.openDialog(this.$refs.help);
    try {
      const answer = await request(this.model.secret, 'help');
      if (!answer.ok) throw new Error(answer.statusText);
      const { firewalls } = await answer.json();
      this.causes = causes({ ...this.known, firewalls });
      this.stage = 'found';
    } catch {
      // What is known without the server is told all the same.
      const known = causes({ ...this.known, firewalls: [] });
      this.causes = known.filter(({ key }) => key !== 'help.none');
      this.stage = 'failed';
    }
  },
});
