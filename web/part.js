// Brings a part of the page once it is needed: its style, its markup, and the Alpine components that this names.

import Alpine from './vendor/alpine-csp-3.17.4.min.js';
import { styled, text } from './fetched.js';

export const { reactive } = Alpine;

const coming = new Map();
let started = false;

/** Resolves when the part is there; after a failure it may be asked for again. */
export function part(name, page) {
  const bringing = coming.get(name) ?? bring(name, page);
  coming.set(name, bringing);
  return bringing.catch((error) => {
    coming.delete(name);
    throw error;
  });
}

async function bring(name, page) {
  const [{ default: components }, markup] = await Promise.all([
    import(`./views/${name}.js`), text(`/static/views/${name}.html`), styled(`/static/views/${name}.css`),
  ]);
  Object.entries(components).forEach(([key, make]) => Alpine.data(key, make));
  const holder = document.createElement('template');
  holder.innerHTML = markup;
  for (const { dataset: { into, after }, content } of holder.content.children) {
    if (into) document.querySelector(into).append(content);
    else document.querySelector(after).after(content);
  }
  if (started) return;
  started = true;
  Alpine.data('page', () => page);
  Alpine.start();
}
