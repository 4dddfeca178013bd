// The host's controls.

import { help } from './help.js';
import { joining } from './join.js';
import { insert } from './markup.js';
import { notices } from './notices.js';
import { people } from './people.js';
import { sharing } from './sharing.js';
import { LONGEST_TITLE, cut } from '../model/names.js';
import { ask } from '../model/wishes.js';

const STEPS = [1, 5, 10];

/** What one click may count, as it is offered. */
export function steps(step) {
  return [...new Set([...STEPS, step])].sort((a, b) => a - b);
}

const naming = () => ({
  // At once, not when Alpine has come round to it: the next key is the title's first letter.
  turn(editing) {
    this.renaming = editing;
    this.$refs.pencil.closest('.naming').classList.toggle('editing', editing);
  },

  edit() {
    const { title } = this.$refs;
    this.turn(true);
    title.value = this.view.title;
    title.select();
  },

  leave() {
    this.turn(false);
    this.$refs.pencil.focus();
  },

  save() {
    if (!this.renaming) return;
    const title = cut(this.$refs.title.value, LONGEST_TITLE);
    if (title !== this.view.title) this.change((model) => ask(model, { type: 'configure', settings: { title } }));
    this.leave();
  },
});

const rules = () => ({
  get steps() { return steps(this.view.step); },

  ask(message) { this.change((model) => ask(model, message)); },

  lock() { this.ask({ type: 'configure', settings: { locked: !this.view.locked } }); },

  get each() { return this.view.each > 1 ? this.t('each.more', { n: this.view.each }) : this.t('each.one'); },

  limit() { this.ask({ type: 'configure', settings: { each: this.view.each ? null : 1 } }); },
});

const settings = () => ({
  set() {
    const { number } = this.$refs;
    this.change((model) => ask(model, { type: 'set', value: number.valueAsNumber }));
    number.value = '';
  },

  // What is being typed is the person's, whatever others click meanwhile.
  fill(field, value) {
    if (field !== document.activeElement) field.value = value ?? '';
  },

  // An empty field is no goal; what is no number, or too large, the browser explains.
  aim(field) {
    if (field.reportValidity()) this.configure({ goal: field.value ? field.valueAsNumber : null });
  },

  limit(field) {
    if (field.reportValidity()) this.configure({ each: field.value ? field.valueAsNumber : null });
  },

  pace(field) {
    if (field.reportValidity()) this.configure({ step: field.valueAsNumber });
  },

  teach(button) {
    this.closeDialog(button);
    this.openLesson();
  },

  configure(changed) { this.change((model) => ask(model, { type: 'configure', settings: changed })); },
});

// There is none where only the functions are wanted.
if (globalThis.document) await insert('host');

export default { naming, notices, rules, settings, sharing, joining, people, help };
