// Rounds and what was done in them, in words.

const WIDE = 6; // signs of a number, beyond which it is written smaller in a list
const WIDEST = 9; // beside its facts
const LONG = 28; // signs of a title

/** How somebody is called, by what the server says of them: their name as it was then, or a number. */
export function nameOf({ name, person, role }, t) {
  return name || t(`people.${role}`, { n: person });
}

/** The changes with who it was by name. */
export const named = (changes, t) => changes.map((change) => ({ ...change, who: nameOf(change.who, t) }));

export const titleOf = ({ title, number }, t) => title || t('rounds.nth', { n: number });

/** A round as it is read in the list and in its own panel. `now` is the time, `words` a plot's (plot.js in views). */
export function telling(round, now, t, { clock, figures }) {
  const { from, live, low, high, value } = round;
  const [first, last] = [from ?? now, round.to ?? now];
  const times = { day: dayOf(first, now, t, clock), from: clock(first, 'minute'), to: clock(last, 'minute') };
  const name = titleOf(round, t);
  const bounds = { low: figures(low), high: figures(high) };
  return {
    id: round.round,
    live,
    name,
    isNamed: Boolean(round.title),
    isLong: name.length > LONG,
    value: figures(value),
    isWide: figures(value).length > WIDE,
    isWidest: figures(value).length > WIDEST,
    when: `${t(live ? 'rounds.since' : 'rounds.when', times)}. ${t('rounds.part', { n: round.people })}`,
    bounds: t('rounds.bounds', bounds),
    goal: goalOf(round, t),
    isReached: round.goal !== null && round.reached,
    summary: t('rounds.summary', { title: name, n: figures(value), ...bounds }),
  };
}

function goalOf({ goal, reached, live }, t) {
  if (goal === null) return '';
  if (reached) return t('rounds.goal.reached', { n: goal });
  return t(live ? 'rounds.goal.open' : 'rounds.goal.missed', { n: goal });
}

/** A day as it is called now: today, yesterday, or its date. */
export function dayOf(at, now, t, clock) {
  const midnight = (time) => new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (days === 0) return t('history.today');
  return days === 1 ? t('rounds.yesterday') : clock(at, 'day');
}

/** Who added what, most first, each with the `part` of the most that it is. */
export function givers(added, t, sign) {
  const most = Math.max(1, ...added.map(({ added: sum }) => Math.abs(sum)));
  return [...added].sort((one, other) => other.added - one.added).map(({ added: sum, ...who }, place) => ({
    place, name: nameOf(who, t), sum: sign(sum), tookAway: sum < 0, part: Math.abs(sum) / most,
  }));
}
