// What has happened, as the server tells it: to anybody what and when, to the host who it was, too.

const PATIENCE = 10_000; // ms
const PAUSE = 1_000; // ms

let free = 0; // when it may be asked again

/** Waits for a turn to ask for what may be new: whoever looks on the page, one request goes to the server in a second. */
export async function turn() {
  const now = Date.now();
  const wait = Math.max(0, Math.min(free - now, 10 * PAUSE)); // clocks may be put back
  free = now + wait + PAUSE;
  if (wait) await new Promise((resolve) => { setTimeout(resolve, wait); });
}

/** The history in a range ('round', 'five', 'today', 'all'), or of one round, by its number. Throws where there is none. */
export const askHistory = (secret, asked) => get(secret, `/history.json?${new URLSearchParams(asked)}`);

/** The rounds, the newest first; `asked` may name one, or how many. Throws where there are none. */
export const askRounds = (secret, asked = {}) => get(secret, `/rounds.json?${new URLSearchParams(asked)}`);

/** Has the server make a file; gives back its path. Throws where it doesn't. */
export const askFile = (secret, asked) => path(secret, '/host/take', 'application/json', JSON.stringify(asked));

/** Has the server keep a file of the page's for a moment; gives back its path. Throws where it doesn't. */
export const sendFile = (secret, file) => path(secret, `/host/take/${encodeURIComponent(file.name)}`, file.type, file);

/** What the browser, or the window, is to save: it asks where to, and knows the name. */
export function save(path) {
  Object.assign(document.createElement('a'), { href: path, download: '' }).click();
}

async function get(secret, path, options = {}) {
  const answer = await fetch(path, {
    cache: 'no-store',
    signal: AbortSignal.timeout?.(PATIENCE),
    ...options,
    headers: { ...(secret && { Authorization: `Bearer ${secret}` }), ...options.headers },
  });
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

async function path(secret, where, type, body) {
  const { path: made } = await get(secret, where, { method: 'POST', headers: { 'Content-Type': type }, body });
  return made;
}
