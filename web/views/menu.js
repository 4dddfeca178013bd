// What each person chooses for themselves.

const menu = () => ({
  problem: '',

  init() {
    this.$nextTick(() => {
      this.$refs.name.value = this.model.name;
      this.openDialog(this.$root);
    });
  },

  // However the field is left, its name counts: nobody should have to look for a button.
  call(name) {
    this.rename(name);
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
