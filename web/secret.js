// The host's secret comes in the address's fragment, which no server sees.

const KEY = 'host';

/** The secret, moved from the address into the tab's storage, or null. */
export function takeSecret({ location, history, storage }) {
  const given = new URLSearchParams(location.hash.slice(1)).get(KEY);
  if (!given) return attempt(() => storage().getItem(KEY));
  history.replaceState(null, '', location.pathname);
  attempt(() => storage().setItem(KEY, given));
  return given;
}

/** Takes the secret out of the tab's storage. */
export function forgetSecret({ storage }) {
  attempt(() => storage().removeItem(KEY));
}

// Where storage is forbidden, even naming it throws.
function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}
