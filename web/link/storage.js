// What outlives a page: the host's secret for the tab, the person's choices for the browser.
// The secret comes in the address's fragment, which no server sees.

const SECRET = 'host';

/** The secret, moved from the address into the tab's storage, or null. */
export function takeSecret({ location, history, storage }) {
  const given = new URLSearchParams(location.hash.slice(1)).get(SECRET);
  if (!given) return recall(storage, SECRET);
  history.replaceState(null, '', location.pathname);
  keep(storage, SECRET, given);
  return given;
}

/** Takes the secret out of the tab's storage. */
export function forgetSecret({ storage }) {
  attempt(() => storage().removeItem(SECRET));
}

/** A choice that was kept, or null. */
export function recall(storage, key) {
  return attempt(() => storage().getItem(key));
}

/** Keeps a choice, where that is allowed. */
export function keep(storage, key, value) {
  attempt(() => storage().setItem(key, value));
}

/** What `action` gives back, or null if it throws: where storage is forbidden, even naming it does. */
export function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}
