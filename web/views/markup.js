// A part of the page that has its markup in a file of its own: the page has an empty template in its place.

/** Fills the page's templates with those of `name`.html that have the same `data-part`; before Alpine starts. Throws where
 * it can't be had. */
export async function insert(name) {
  const answer = await fetch(`/static/views/${name}.html`);
  if (!answer.ok) throw new Error(answer.statusText);
  const parts = new DOMParser().parseFromString(await answer.text(), 'text/html');
  for (const { dataset, content } of parts.querySelectorAll('template[data-part]')) {
    place(document, dataset.part).content.append(content);
  }
}

// It may stand within another template.
function place(root, part) {
  for (const template of root.querySelectorAll('template')) {
    const found = template.dataset.part === part ? template : place(template.content, part);
    if (found) return found;
  }
  return null;
}
