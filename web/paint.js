// Puts what is shown into the page: what a guest sees, by hand, so that a guest's page loads no framework.

import { PROPORTIONAL, fit, roller } from './views/digits.js';
import { pieces } from './model/i18n.js';

const root = document.documentElement;

/** Gives back `paint(page)`. */
export function painter(env) {
  const plates = new Map();
  const main = document.getElementById('main');
  const one = (selector) => main.querySelector(selector);
  let language = null;
  let noted = null;

  function plate(element, { view, number, figures, t }) {
    if (!plates.has(element)) plates.set(element, roller(element.querySelector('.num'), env));
    plates.get(element)(view.value, figures);
    style(element, fit(number));
    const goal = element.querySelector('.goal');
    goal.hidden = view.goal === null;
    goal.parentNode.classList.toggle('aims', !goal.hidden);
    if (goal.hidden) return;
    put(goal, t('goal', { n: view.goal }));
    style(goal, { '--done': view.done });
  }

  function key(selector, label, figure, { t, view, isHost }) {
    const button = one(selector);
    const inFigures = !isHost && view.step > 1;
    button.setAttribute('aria-label', t(label, { n: view.step }));
    button.disabled = !view.mayClick;
    button.querySelector('svg').toggleAttribute('hidden', inFigures);
    button.querySelector('.fig').hidden = !inFigures;
    put(button.querySelector('.fig'), figure);
  }

  return (page) => {
    const { view, t, note, onStage, isHost } = page;
    if (language !== page.language) {
      language = root.lang = page.language;
      translate(document, t);
    }
    main.className = isHost ? 'host' : 'phone';
    main.hidden = onStage;
    put(one('h1'), page.title);
    one('h1').classList.toggle('long', page.isLong);
    put(one('.state'), page.state);
    one('.menu').hidden = isHost;
    if (noted !== note) {
      noted = note;
      one('.note').replaceChildren(...pieces(note).map(({ text, strong }) => {
        const piece = document.createElement(strong ? 'b' : 'span');
        piece.textContent = text;
        return piece;
      }));
    }
    key('.less', 'key.less', page.figures(-view.step), page);
    key('.more', 'key.more', page.more, page);
    style(one('.keys'), fit(page.more, PROPORTIONAL));
    if (view.link !== 'connecting') root.dataset.link = view.link === 'up' ? 'up' : 'down';
    if (view.value === null) return;
    root.dataset.value = view.value;
    document.title = t('window', { value: view.value, title: page.title });
    document.querySelectorAll('.plate').forEach((element) => plate(element, page));
  };
}

/** Writes the words that stand for themselves: `data-t` inside, `data-label` for those who can't see. */
export function translate(within, t) {
  within.querySelectorAll('[data-t]').forEach((element) => put(element, t(element.dataset.t)));
  within.querySelectorAll('[data-label]').forEach((element) => element.setAttribute('aria-label', t(element.dataset.label)));
}

/** Shows that a click was taken. */
export function ring() {
  document.querySelectorAll('.plate').forEach((plate) => {
    plate.classList.remove('hit');
    void plate.offsetWidth; // restarts the animation
    plate.classList.add('hit');
  });
}

// What has not changed is left alone: somebody may be selecting it, or be read it.
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function style(element, properties) {
  Object.entries(properties).forEach(([name, value]) => element.style.setProperty(name, value));
}
