// Which counter the next start shares with other hosts.

import { request } from '../link/request.js';

const PATH = 'sharing';

async function markup() {
  const answer = await fetch('/static/views/sharing.html');
  if (!answer.ok) throw new Error(answer.status);
  return new DOMParser().parseFromString(await answer.text(), 'text/html').body.children;
}

export const sharing = () => ({
  url: '',
  session: '',
  hasPassword: false,
  told: '', // the key of what became of it
  reason: '', // why not, as the server says it

  get isShared() { return this.url !== ''; },

  // The page has no more of it than its place: few ever look at it.
  init() { this.attempt(async () => this.$root.append(...await markup())); },

  load(details) {
    if (!details.open) return;
    this.attempt(async () => this.take(await request(this.model.secret, PATH)));
  },

  async take(answer) {
    if (!answer.ok) throw new Error(answer.status);
    const { url, session, password } = await answer.json();
    const { address, name } = this.$refs;
    this.url = address.value = url;
    this.session = name.value = session;
    this.hasPassword = password;
  },

  share() {
    const { address, name, secret } = this.$refs;
    const password = secret.value || null;
    return this.save({ url: address.value, session: name.value, password }, 'sharing.saved');
  },

  drop() { return this.save({ url: '' }, 'sharing.dropped'); },

  save(wish, told) {
    return this.attempt(async () => {
      const answer = await request(this.model.secret, PATH, wish);
      if (!answer.ok) throw new Error(answer.status);
      if (answer.status === 200) {
        this.reason = (await answer.json()).refused;
      } else {
        this.$refs.secret.value = '';
        await this.take(await request(this.model.secret, PATH));
        this.told = told;
      }
    });
  },

  async attempt(action) {
    this.told = this.reason = '';
    try {
      await action();
    } catch {
      this.told = 'unanswered';
    }
  },
});
