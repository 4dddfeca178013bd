// Where the host has set a limit for each person, `each`: what this person has added in the round, and may.

/** How much of it is this person's, with what is on its way. */
export function own({ hand, pending, gathered }) {
  return pending.reduce((all, { delta, message }) => (message.type === 'reset' ? 0 : all + delta), hand ?? 0) + gathered.delta;
}

/** Whether there is a limit for this page. `rules` are the settings. */
export const isLimited = (model, { each }) => model.role !== 'host' && each !== null;

/** What one click counts: no more than a person may add. */
export const step = (model, rules) => (isLimited(model, rules) ? Math.min(rules.step, rules.each) : rules.step);

/** Whether there is room for a click: not before it is known what this person has. */
export function fits(model, rules, direction) {
  if (!isLimited(model, rules)) return true;
  const after = own(model) + direction * step(model, rules);
  return model.hand !== null && after >= 0 && after <= rules.each;
}

/** `{ up, of }`: how many have added something, of how many, with what is this person's; or null. */
export function tally(model, { each }) {
  const { hands, hand, role } = model;
  if (!each || !hands) return null;
  const mine = role === 'host' ? 0 : Number(own(model) > 0) - Number(hand > 0);
  return { ...hands, up: hands.up + mine };
}

/** What to say of what is this person's. */
export function note(model, { each }) {
  const had = own(model);
  if (each > 1) return { key: 'hand.left', values: { left: Math.max(0, each - had), n: each } };
  return { key: had ? 'hand.up' : 'hand.down' };
}

/** What to say where no more may be added, or taken away. */
export function refusal({ each }, delta) {
  if (each > 1 || Math.abs(delta) > 1) return { key: 'error.over_limit', values: { n: each } };
  return { key: delta > 0 ? 'hand.twice' : 'hand.none' };
}

/** What to say of a limit that the host has just set: it changes the keys under everybody's fingers. */
export function newLimit({ each: before }, model) {
  const { each } = model.settings;
  return each !== before && isLimited(model, model.settings) ? { key: 'each.now', values: { n: each } } : null;
}
