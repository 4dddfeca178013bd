// Which counter the next start shares with other hosts.

import { request } from '../link/request.js';

const PATH = 'sharing';

export const sharing = () => ({
  url: '',
  session: '',
  hasPassword: false,
  told: '', // the key of what became of it
  reason: '', // why not, as the server says it

  get isShared() { return this.url !== ''; },

  load(details) {
    if (!details.open) return;
    this.attempt(async () => this.take(await request(this.model.secret, PATH)));
  },

  async take(answer) {
    if (!answer.ok) throw new Error(answer.status);
    const { url, session, password } = await answer.json();
    const { address, name } = this.$refs;
    // What is being typed is the person's, however late the answer.
    address.value ||= url;
    name.value ||= session;
    Object.assign(this, { url, session, hasPassword: password });
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
        const { address, name, secret } = this.$refs;
        address.value = name.value = secret.value = '';
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
