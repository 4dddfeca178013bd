// All names out of the history.

import { ask } from '../model/wishes.js';

export const forget = () => ({
  // Until somebody with a name clicks again.
  get isDone() { return this.past !== null && !this.past.names; },

  sure() {
    this.openDialog(this.$refs.sure);
    this.$refs.keep.focus();
  },

  forget() {
    this.change((model) => ask(model, { type: 'forget' }));
    this.past = { ...this.past, names: false };
    this.closeDialog(this.$refs.sure);
    // What had the focus is off now.
    this.$nextTick(() => this.$refs.kept.focus());
  },
});
