// What each person chooses for themselves.

import { styled, text } from '../fetched.js';
import { translate } from '../paint.js';
import { keep } from '../link/storage.js';
import { rename } from '../model/wishes.js';

const kept = () => localStorage;
const element = (id) => document.getElementById(id);
let coming = null;

/** Brings the dialog, the first time. */
export async function bring(page) {
  coming ??= Promise.all([text('/static/views/menu.html'), styled('/static/views/menu.css')]);
  try {
    const [markup] = await coming;
    if (!element('menu')) add(markup, page);
  } catch (error) {
    coming = null;
    throw error;
  }
}

/** Opens it. */
export function open(page) {
  const { name } = page.model;
  element('name').value = name;
  element('name').form.hidden = page.isHost;
  element('language').value = page.language;
  element('keys').checked = page.shortcuts;
  head(page);
  element('menu').showModal();
}

function add(markup, page) {
  element('main').insertAdjacentHTML('afterend', markup);
  translate(element('menu'), page.t);
  const { form } = element('name');
  form.onsubmit = (event) => {
    event.preventDefault();
    element('menu').close();
  };
  // However the field is left, its name counts: nobody should have to look for a button.
  element('name').onchange = ({ target }) => call(page, target.value.trim());
  element('language').onchange = ({ target }) => speak(page, target.value);
  element('keys').onchange = ({ target }) => {
    page.show({ shortcuts: target.checked });
    keep(kept, 'keys', target.checked ? 'on' : 'off');
  };
}

function head({ t, isHost }) {
  element('menu-title').textContent = t(isHost ? 'settings' : 'menu');
}

function call(page, name) {
  keep(kept, 'name', name);
  page.change((model) => rename(model, name));
}

async function speak(page, language) {
  element('problem').textContent = '';
  try {
    await page.speak(language);
    keep(kept, 'language', language);
    head(page);
  } catch {
    element('language').value = page.language;
    element('problem').textContent = page.t('unanswered');
  }
}
