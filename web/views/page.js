// What the page shows of the model, in the words that index.html uses.

import { pieces } from '../model/i18n.js';
import { PROPORTIONAL, fit } from './digits.js';

const KEYS = { '+': 1, ArrowUp: 1, '-': -1, '\u2212': -1, ArrowDown: -1 };

/** The component of the whole page. `does` is what it can have done: `count(direction)`, `change(how the model
 * changes)`, `rename(name)`, `say(message)`, `keep(key, value)`, `words(language)`, and `model()`; and how it is at first. `languages` are codes to names. */
export function createPage({ view, projector, inLab, shortcuts, languages, model, ...does }) {
  return {
    ...does,
    view,
    shortcuts,
    languages: Object.entries(languages).map(([code, name]) => ({ code, name })),
    onStage: projector,
    inLab,
    renaming: false,
    panel: false,
    past: null,
    menuOpen: false,
    clicks: 0,
    announced: '',
    wifi: null, // in memory only
    network: null,
    roster: [],
    rooms: [],
    gone: 0,
    notices: [],
    lesson: null,
    tell: null,
    language: null,
    figures: null,
    t: null,

    get model() { return model(); },
    get isHost() { return this.view.role === 'host'; },
    get isUp() { return this.view.link === 'up'; },
    get isShut() { return this.isUp && this.view.locked && !this.isHost; },
    get link() { return this.view.link === 'connecting' ? null : this.isUp ? 'up' : 'down'; },

    get title() { return this.view.title || this.t('app'); },
    get isLong() { return this.title.length > 40; },
    get number() { return this.figures(this.view.value ?? 0); },
    get numberFit() { return fit(this.number); },
    get windowTitle() {
      return this.view.value === null || !this.isHung ? this.title : this.t('window', { value: this.view.value, title: this.title });
    },

    // One large key, to raise a hand and to lower it.
    get raises() { return !this.isHost && this.view.each === 1; },

    get hasGoal() { return this.view.goal !== null && this.view.value !== null; },
    get aim() { return this.hasGoal ? this.t('goal', { n: this.view.goal }) : ''; },
    // Below a number that is all hands stands "of 27", in large; below another "23 of 27".
    get isHands() {
      const { hands, value, each } = this.view;
      return Boolean(hands) && each === 1 && value === hands.up;
    },
    get hands() { return this.view.hands ? this.t('hands', this.view.hands) : ''; },
    get goal() { return [this.isHands ? this.t('hands.of', this.view.hands) : this.hands, this.aim].filter(Boolean).join(' · '); },
    get goalFit() { return { '--done': String(this.view.done ?? 0) }; },

    // All that is on the plate, in words.
    get plate() {
      if (this.view.value === null) return this.t('link.connecting');
      return [this.t('status', { title: this.title, value: this.number }), this.hands, this.aim].filter(Boolean).join('. ');
    },

    get more() { return `+${this.figures(this.view.step)}`; },
    get less() { return this.showsStep ? this.figures(-this.view.step) : ''; },
    get showsStep() { return !this.isHost && this.view.step > 1; },
    get stepFit() { return fit(this.more, PROPORTIONAL); },

    get state() {
      const { link, retryIn, people, locked } = this.view;
      if (link === 'down' && !this.isHung) return this.t('link.none');
      if (link === 'down') return retryIn === null ? this.t('link.trying') : this.t('link.waiting', { n: retryIn });
      if (link !== 'up') return this.t(`link.${link}`);
      if (this.isShut) return this.t('link.up.shut');
      if (!this.isHost) return this.t('link.up.guest', { n: people });
      return this.t(locked ? 'link.up.locked' : 'link.up.host');
    },
    get note() { return pieces(sentences(this.view.notes.filter(({ key }) => key !== 'removed').map(this.told, this))); },
    get mayRename() { return Boolean(this.view.notes[0]?.key.startsWith('name.')); },

    // Why there is no plate.
    get missing() { return this.view.missing.map((key) => this.t(key)).map((text) => ({ text: plain(text), strong: text[0] === '*' })); },
    get isHung() { return !this.view.missing.length; },
    get whyNot() { return this.missing[0]?.text; },

    // What somebody who can't see it is told.
    get news() {
      const { notes, done, link, value } = this.view;
      if (!this.isHung) return sentences([this.state, ...this.missing.map(({ text }) => text)]);
      const lost = link === 'down' ? this.state : '';
      const { news: newest, before } = this.model;
      const isTold = (note) => note.key === newest?.key || before.includes(note) || (done === 1 && /^(goal.reached|hands.all)$/.test(note.key));
      const told = plain(notes.filter(isTold).map(this.told, this).join(' '));
      const status = value === null ? '' : this.t('status', { title: this.title, value: this.number });
      return `${lost} ${told} ${status}`.trim();
    },

    told({ key, values }) {
      if (!key.startsWith('name.')) return this.t(key, values);
      // In a sentence, an asterisk is a weight.
      return this.t(key, { guest: this.t('people.guest', { n: values.person }), name: (values.name ?? '').replaceAll('*', '\u2217') });
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
 * move among radio buttons and whatever can be scrolled. */
export function directionOf(event) {
  const { key, target, ctrlKey, altKey, metaKey, shiftKey, repeat } = event;
  const arrow = key.startsWith('Arrow');
  if (ctrlKey || altKey || metaKey || (shiftKey && arrow) || repeat || isComposing(event)) return 0;
  const own = arrow ? 'input, select, textarea, dialog, ul' : 'input:not([type=radio]), select, textarea, dialog';
  return target.closest?.(own) || (arrow && canScroll(target)) ? 0 : KEYS[key] ?? 0;
}

function canScroll(element) {
  for (let box = element; box?.parentElement; box = box.parentElement) {
    if (box.scrollHeight > box.clientHeight && /auto|scroll/.test(getComputedStyle(box).overflowY)) return true;
  }
  const { scrollHeight, clientHeight } = document.scrollingElement;
  return scrollHeight > clientHeight;
}

/** Keeps from the page what is none of its own: the keys that an input method takes while it composes, and a held
 * Enter, which browsers take for as many clicks. */
export function sift(event) {
  const { key, repeat, target } = event;
  if (isComposing(event)) {
    event.stopImmediatePropagation();
    if (key === 'Enter' || key === 'Escape') event.preventDefault();
  } else if (repeat && key === 'Enter' && target.closest?.('button, a, summary')) {
    event.preventDefault();
  }
}

// Safari ends the composition before it tells of the key that did so, with 229 for its number (WebKit bug 165004).
const isComposing = (event) => event.isComposing || event.keyCode === 229;

const plain = (sentence) => sentence.replaceAll('*', '');

// One after the other: most, but not all, end with their own full stop.
function sentences(all) {
  return all.reduce((before, next) => `${before}${!before || /[.…]\*?$/.test(before) ? '' : '.'} ${next}`, '').trim();
}
