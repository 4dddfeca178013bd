// A page in a lesson, as plain data, and how it changes: no DOM, timer, clock or randomness. Times are in ms of any clock.
//
// stage: one, rest, two, last, end, over. In the first half a page does what the course's original does: it shows its taps
// at once, sends the number that it shows when nobody has tapped for a while, and takes over every number that comes,
// whatever was tapped since. In the second it does what this page does elsewhere: see logic.js.

export const SAMPLES = 80;
const TAPPED = ['one', 'two'];

/** Before any lesson. */
export const NONE = {
  lesson: 0, stage: 'over', seconds: 20, ends: Infinity, began: Infinity, counter: 0, revision: 0, halves: [[[0, 0]], [[0, 0]]],
  people: 0, bots: 0, where: null, mine: null,
  made: [0, 0], told: 0, gathered: 0, op: 0, pending: [], sent: 0, waits: false, heard: null,
};

/** Which half is on the plate: 0 or 1. */
export const halfOf = ({ stage }) => Number(!['one', 'rest'].includes(stage));

/** Whether it is the time to tap. */
export const isTapped = ({ stage }) => TAPPED.includes(stage);

/** The number on the plate. */
export function shown({ counter, gathered, pending }) {
  return pending.reduce((sum, { delta }) => sum + delta, counter + gathered);
}

/** The model after a message of the server's, which came at `now`. Until there is all of a lesson, there is none. */
export function receive(model, message, now) {
  if (message.lesson !== model.lesson) {
    if (!message.halves) return message.stage === 'over' ? { ...NONE, lesson: message.lesson } : model;
    return learn({ ...NONE, lesson: message.lesson }, message, now);
  }
  return learn(model, message, now);
}

function learn(model, message, now) {
  const next = { ...model, ...known(message) };
  const isNew = next.stage !== model.stage;
  const half = halfOf(next);
  if (half !== halfOf(model) || (isNew && next.stage === 'one')) Object.assign(next, { gathered: 0, revision: -1, counter: 0, waits: false, heard: null });
  if (message.left !== undefined) {
    // Nothing comes too early, so the earliest is the nearest.
    next.ends = Math.min(isNew ? Infinity : next.ends, now + message.left);
    if (isTapped(next)) next.began = next.ends - next.seconds * 1_000;
  }
  if (message.point) {
    const [of, place, made, counted] = message.point;
    next.halves = next.halves.map((points, at) => (at === of - 1 ? [...points.slice(0, place), [made, counted]] : points));
  }
  return take(next, message, half, now);
}

function known({ stage, seconds, halves, people, bots, where, mine }) {
  const told = { stage, seconds, halves, people, bots, where, mine };
  return Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined));
}

function take(model, { counter, revision, ack, halves }, half, now) {
  const next = { ...model };
  if (ack !== undefined) {
    next.pending = model.pending.filter(({ op }) => op > ack);
    // All there is, told to this page alone: it has come back, and what it had sent may be lost.
    if (halves) next.sent = ack;
  }
  if (counter === undefined || revision < model.revision) return next;
  if (!half && revision > model.revision) {
    next.gathered = 0;
    if (model.waits) Object.assign(next, { waits: false, heard: { revision, at: at(model, now) } });
  }
  return Object.assign(next, { counter, revision });
}

const at = ({ began }, now) => (Number.isFinite(began) ? Math.max(0, Math.round((now - began) * 10) / 10) : 0);

/** One tap on +. */
export function tap(model) {
  if (!isTapped(model)) return model;
  const half = halfOf(model);
  return { ...model, gathered: model.gathered + 1, made: model.made.map((made, place) => made + Number(place === half)) };
}

/** Nobody has tapped for a while: `{ model, messages }`, what to send, and the model once it is. */
export function flush(model, now) {
  if (halfOf(model)) {
    const { gathered } = model;
    if (!gathered) return outgoing(model);
    const op = model.op + 1;
    return outgoing({ ...model, op, gathered: 0, pending: [...model.pending, { op, delta: gathered }] });
  }
  const set = { counter: shown(model), seen: Math.max(0, model.revision), at: at(model, now) };
  const said = says(model, { set });
  return { model: { ...model, told: model.made[0], waits: true, heard: null }, messages: [said] };
}

/** What of the second half is to be sent, for the first time or again. */
export function outgoing(model) {
  const due = model.pending.filter(({ op }) => op > model.sent);
  if (!due.length) return { model, messages: [] };
  return { model: { ...model, told: model.made[1], sent: model.op }, messages: due.map((add) => says(model, { add })) };
}

/** How many taps there are in this half, if that was not said yet. */
export function tally(model) {
  const made = model.made[halfOf(model)];
  if (!model.heard && (made === model.told || !made)) return { model, messages: [] };
  return { model: { ...model, told: made, heard: null }, messages: [says(model, {})] };
}

function says(model, what) {
  const half = halfOf(model);
  const heard = !half && model.heard ? { told: model.heard } : {};
  return { type: 'taps', lesson: model.lesson, half: half + 1, made: model.made[half], ...what, ...heard };
}

/** What the plot shows: made, counted and lost of each half, and up to which sample there is something. */
export function figures({ halves, stage }) {
  const [one, two] = halves.map((points) => {
    const [made, counted] = points.at(-1);
    return { points, made, counted, lost: Math.max(0, made - counted) };
  });
  const isSecond = halfOf({ stage });
  return { one, two, until: Math.min(SAMPLES, one.points.length - 1) + (isSecond ? Math.min(SAMPLES, two.points.length - 1) : 0) };
}
