// The card that says how to get in: the address, its code, and the Wi-Fi's.

import { addressed, mix } from './address.js';
import { request } from '../link/request.js';
import { named, tiding } from './tiding.js';

const COPIED_FOR = 2_500; // ms
const UNLIKELY = ['virtual', 'tunnel', 'link-local'];

/** An address as the picker names it; an unlikely one as what it is. */
export function choice({ interface: name, address, kind }, t) {
  return `${name}, ${address}${UNLIKELY.includes(kind) ? ` (${t(`join.${kind}`)})` : ''}`;
}

export const joining = () => mix({
  copyKey: 'join.copy',
  problem: '',
  typing: false,
  asked: '', // the address that was asked for last
  read: '', // the trouble that the host has read of

  // What comes again is told again.
  init() {
    this.$watch('trouble', (trouble) => { if (named(trouble) !== this.read) this.read = ''; });
  },

  get join() { return this.network?.join ?? ''; },
  get reach() { return this.join ? this.network.reach : 'none'; },
  get code() { return this.join ? `/join.svg?${encodeURIComponent(this.join)}` : null; },
  get addresses() { return this.network?.addresses ?? []; },
  get chosen() { return this.addresses.find(({ chosen }) => chosen)?.address; },
  get second() { return this.network?.name ?? ''; },
  get trouble() { return this.network?.trouble; },
  get news() { return this.network && tiding(this.network, this.read, this.t); },
  // The card's news says more.
  get refusal() { return this.problem === 'join.refused' && this.trouble?.address === this.asked ? '' : this.problem; },
  get lead() { return this.network ? this.t(`join.${this.reach}`) : ''; },
  get wifiCode() { return this.wifi?.code ?? null; },
  get wifiName() { return this.wifi?.name ?? ''; },

  shortly(url) { return url.replace(/\/$/, ''); },
  named(address) { return choice(address, this.t); },

  async copy() {
    this.copyKey = await copied(this.join, this.$refs.url) ? 'join.copied' : 'join.selected';
    setTimeout(() => { this.copyKey = 'join.copy'; }, COPIED_FOR);
  },

  // The list shows what is, not what was asked for: the answer to that is the next `network`.
  async pick(list) {
    const address = list.value;
    list.value = this.chosen ?? address;
    await this.move(address);
  },

  async move(address) {
    this.asked = address;
    this.read = '';
    await this.attempt(async () => {
      const answer = await request(this.model.secret, 'address', { address });
      if (answer.ok) return '';
      return answer.status === 409 ? 'join.refused' : 'unanswered';
    });
  },

  // What was clicked may go with the news.
  async reply(answer) {
    const { url } = this.$refs;
    if (answer === 'ok') this.read = named(this.trouble);
    else await this.move({ move: this.network.offer?.address, stay: this.chosen, try: this.trouble?.address }[answer]);
    const isStill = this.problem === 'unanswered' || (this.problem && answer === 'try');
    if (!isStill) url.focus();
  },

  type() {
    this.typing = true;
    this.$nextTick(() => this.$refs.wifi.focus());
  },

  // The password goes into the code, and is not kept besides.
  async addWifi() {
    const { wifi: { value: name }, password } = this.$refs;
    await this.attempt(async () => {
      const answer = await request(this.model.secret, 'wifi.svg', { name, password: password.value });
      if (!answer.ok) return answer.status === 400 ? 'wifi.refused' : 'unanswered';
      this.wifi = { name, code: `data:image/svg+xml,${encodeURIComponent(await answer.text())}` };
      this.typing = false;
      password.value = '';
      return '';
    });
  },

  dropWifi() { this.wifi = null; },

  async attempt(action) {
    this.problem = '';
    try {
      this.problem = await action();
    } catch {
      this.problem = 'unanswered';
    }
  },
}, addressed);

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
