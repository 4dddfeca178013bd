// What the page shows of the model, in the words that index.html uses.

import { pieces } from '../model/i18n.js';
import { PROPORTIONAL, fit } from './digits.js';

const KEYS = { '+': 1, ArrowUp: 1, '-': -1, '\u2212': -1, ArrowDown: -1 };

/** The component of the whole page. `does` is what it can have done: `count(direction)`, `change(how the model
 * changes)`, `rename(name)`, `say(message)`, `keep(key, value)`, `words(language)`, and `model()`; and how it is at first. `languages` are codes to names. */
export function createPage({ view, projector, shortcuts, languages, model, ...does }) {
  return {
    ...does,
    view,
    shortcuts,
    languages: Object.entries(languages).map(([code, name]) => ({ code, name })),
    onStage: projector,
    renaming: false,
    menuOpen: false,
    clicks: 0,
    announced: '',
    wifi: null, // in memory only
    network: null,
    roster: [],
    notices: [],
    language: null,
    figures: null,
    t: null,

    get model() { return model(); },
    get isHost() { return this.view.role === 'host'; },
    get isUp() { return this.view.link === 'up'; },
    get link() { return this.view.link === 'connecting' ? null : this.isUp ? 'up' : 'down'; },

    get title() { return this.view.title || this.t('app'); },
    get isLong() { return this.title.length > 40; },
    get number() { return this.figures(this.view.value ?? 0); },
    get numberFit() { return fit(this.number); },
    get windowTitle() {
      return this.view.value === null ? this.title : this.t('window', { value: this.view.value, title: this.title });
    },

    get hasGoal() { return this.view.goal !== null; },
    get goal() { return this.hasGoal ? this.t('goal', { n: this.view.goal }) : ''; },
    get goalFit() { return { '--done': String(this.view.done ?? 0) }; },

    get more() { return `+${this.figures(this.view.step)}`; },
    get less() { return this.showsStep ? this.figures(-this.view.step) : ''; },
    get showsStep() { return !this.isHost && this.view.step > 1; },
    get stepFit() { return fit(this.more, PROPORTIONAL); },

    get state() {
      const { link, retryIn, people, locked } = this.view;
      if (link === 'down') return retryIn === null ? this.t('link.trying') : this.t('link.waiting', { n: retryIn });
      if (link !== 'up') return this.t(`link.${link}`);
      if (!this.isHost) return this.t('link.up.guest', { n: people });
      return this.t(locked ? 'link.up.locked' : 'link.up.host');
    },
    get note() { return pieces(sentences(this.view.notes.map(({ key, values }) => this.t(key, values)))); },

    // What somebody who can't see it is told.
    get news() {
      const { notes, done, link } = this.view;
      const lost = /down|removed/.test(link) ? this.state : '';
      const { news: newest, before } = this.model;
      const isTold = (note) => note === newest || before.includes(note) || (done === 1 && note.key === 'goal.reached');
      const told = notes.filter(isTold).map(({ key, values }) => this.t(key, values)).join(' ').replaceAll('*', '');
      return `${lost} ${told} ${this.t('status', { title: this.title, value: this.number })}`.trim();
    },

    project() { this.onStage = true; },

    // Safari before 15.4 has no dialogs.
    openDialog(dialog) {
      if (dialog.showModal) dialog.showModal();
      else dialog.setAttribute('open', '');
    },

    closeDialog(within) {
      const dialog = within.closest('dialog');
      if (dialog.close) {
        dialog.close();
      } else {
        dialog.removeAttribute('open');
        dialog.dispatchEvent(new Event('close'));
      }
    },
  };
}

/** `x-ring="number"`: shows that a click was taken, each time the number changes. */
export function xRing(element, { expression }, { evaluateLater, effect }) {
  const read = evaluateLater(expression);
  let before = null;
  effect(() => read((number) => {
    const isNew = before !== null && number !== before;
    before = number;
    if (!isNew) return;
    element.classList.remove('hit');
    void element.offsetWidth; // restarts the animation
    element.classList.add('hit');
  }));
}

/** Which way a key counts, 1 or -1; 0 if it doesn't. In a field the keys write, in a dialog they move, and the arrows
 * move among radio buttons. */
export function directionOf({ key, target, ctrlKey, altKey, metaKey, shiftKey, repeat, isComposing }) {
  const arrow = key.startsWith('Arrow');
  if (ctrlKey || altKey || metaKey || (shiftKey && arrow) || repeat || isComposing) return 0;
  const own = arrow ? 'input, select, textarea, dialog, ul' : 'input:not([type=radio]), select, textarea, dialog';
  return target.closest?.(own) ? 0 : KEYS[key] ?? 0;
}

// One after the other: most, but not all, end with their own full stop.
function sentences(all) {
  return all.reduce((before, next) => `${before}${/\.\*?$/.test(before) ? '' : '.'} ${next}`);
}
