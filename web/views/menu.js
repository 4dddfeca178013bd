// What each person chooses for themselves.

import { NAMES } from '../model/i18n.js';
import { rename } from '../model/wishes.js';

const menu = () => ({
  problem: '',
  languages: Object.entries(NAMES).map(([code, name]) => ({ code, name })),

  init() {
    this.$nextTick(() => {
      this.$refs.name.value = this.model.name;
      this.openDialog(this.$root);
    });
  },

  // However the field is left, its name counts: nobody should have to look for a button.
  call(name) {
    this.change((model) => rename(model, name));
    this.keepName();
    this.$refs.name.value = this.model.name;
  },

  async speak(list) {
    this.problem = '';
    try {
      Object.assign(this, await this.words(list.value));
      this.keep('language', this.language);
    } catch {
      list.value = this.language;
      this.problem = 'unanswered';
    }
  },

  use(shortcuts) {
    this.shortcuts = shortcuts;
    this.keep('keys', shortcuts ? 'on' : 'off');
  },
});

export default { menu };
