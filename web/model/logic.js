// What the page knows, as plain data, and how it changes: no DOM, timer, clock or randomness.
// Clicks are gathered, then become a numbered operation, pending until an `ack` covers it.
//
// stage: away, met (say `hello`), greeted (it went), joined (it was answered), over (connect anew), removed (stay away)

import { fits, isLimited, newLimit, note, own, refusal, step, tally } from './hands.js';
import { called } from './names.js';

const LIMIT = Number.MAX_SAFE_INTEGER;
const MOST = 1_000_000;
const REFUSALS = ['locked', 'stale', 'out_of_range', 'not_host', 'nothing_to_undo'];
const NONE = { delta: 0, clicks: 0, seen: 0 };
const LONG = 60_000; // ms

/** A new page's model; `seed` is random, `name` what the person calls themselves, `voter` who they are, whichever page of
 * theirs this is. */
export function begin(seed, secret = null, name = '', screen = false, voter = null) {
  return {
    seed, secret, voter, ...naming(name), screen, generation: 1, role: secret ? 'host' : 'guest', person: null,
    stage: 'away', link: 'connecting', retryIn: null, blocked: null, network: null, roster: [], rooms: [], gone: 0, notices: [],
    epoch: null, counter: null, revision: 0, people: 0, hand: null, hands: null,
    settings: { title: '', step: 1, goal: null, locked: false, classic: true, each: null },
    nextOp: 1, sent: 0, pending: [], gathered: NONE, mine: 0, before: [], cheered: null, joys: 0,
  };
}

/** No connection: the next try is in `retryIn` seconds, or now (null). For `blocked` ms only pages have got through; null
 * where not even they do, or nobody knows. */
export function away(model, retryIn = null, blocked = null) {
  const first = model.link === 'connecting' && retryIn === null;
  return { ...model, stage: 'away', sent: 0, retryIn, blocked, link: first ? 'connecting' : 'down' };
}

/** Closed with 1008: sent under another id, what is pending might count twice. */
export function turnedOut(model) {
  return renew({ ...model, mine: model.mine - sum(model.pending, 'delta') }, sum(model.pending, 'clicks'), 'lost.closed');
}

/** The host has sent this page away. */
export function removed(model) {
  const mine = model.mine - model.gathered.delta - sum(model.pending, 'delta');
  return { ...model, stage: 'removed', link: 'removed', retryIn: null, blocked: null, mine, gathered: NONE, pending: [] };
}

/** What a model has of the name that a person gives themselves. */
export function naming(text) {
  const { name, odd } = called(text);
  return { name, isRefused: false, news: odd && { key: odd, values: { name } } };
}

/** The model after a message of the server's. */
export function receive(model, message) {
  switch (message?.type) {
    case 'state': return takeState(model, message);
    case 'error': return takeError(model, message);
    case 'network': return { ...model, network: message };
    case 'roster': return { ...model, roster: message.people, rooms: message.rooms ?? [], gone: message.gone ?? 0 };
    case 'notice': return { ...model, notices: [...model.notices, message] };
    default: return model;
  }
}

/** One click on + (1) or - (-1). */
export function click(model, direction) {
  if (!mayClick(model)) return model;
  const { gathered } = model;
  const rules = settings(model);
  const delta = direction * step(model, rules);
  if (!fits(model, rules, direction)) return { ...model, news: refusal(rules, delta) };
  if (Math.abs(shown(model) + delta) > LIMIT) return { ...model, news: { key: 'error.out_of_range' } };
  // After a reset of one's own, which has no revision yet, a click must not count as older than that.
  const newest = model.pending.some(({ message }) => message.type === 'reset') ? null : model.revision;
  const seen = gathered.clicks ? gathered.seen : newest;
  return {
    ...model, mine: model.mine + delta, news: null, before: [],
    gathered: { delta: gathered.delta + delta, clicks: gathered.clicks + 1, seen },
  };
}

/** Makes operations of what is gathered, unless away: then it grows. */
export function flush(model) {
  return model.stage === 'joined' ? seal(model) : model;
}

/** Makes operations of what is gathered: it grows no more. */
export function seal(model) {
  const { clicks, seen } = model.gathered;
  let { delta } = model.gathered;
  let next = { ...model, gathered: NONE };
  while (delta) {
    const part = Math.max(-MOST, Math.min(MOST, delta));
    delta -= part;
    next = enqueue(next, { type: 'add', delta: part, seen }, delta ? 0 : clicks);
  }
  return next;
}

/** What became of clicks made on pages before this one: how many, by the key of the sentence that says it. */
export function learn(model, outcome) {
  const known = Object.fromEntries(model.before.map(({ key, values }) => [key, values.n]));
  const before = Object.entries(outcome).reduce((all, [key, n]) => ({ ...all, [key]: (all[key] ?? 0) + n }), known);
  return { ...model, before: Object.entries(before).filter(([, n]) => n).map(([key, n]) => ({ key, values: { n } })) };
}

/** `{ model, messages }`: what to send, and the model once it is. */
export function outgoing(model) {
  if (model.stage === 'met') {
    const { seed, generation, name, isRefused, secret, voter } = model;
    const hello = {
      type: 'hello',
      client: `${seed}-${generation}`,
      ...(name && !isRefused && { name }),
      ...(secret && { host: secret }),
      ...(model.screen && { screen: true }),
      ...(voter && { voter }),
    };
    return { model: { ...model, stage: 'greeted' }, messages: [hello] };
  }
  const messages = model.pending.map(({ message }) => message).filter(({ op }) => op > model.sent);
  if (model.stage !== 'joined' || !messages.length) return { model, messages: [] };
  return { model: { ...model, sent: model.nextOp - 1 }, messages };
}

/** What is shown. */
export function view(model) {
  const { link, retryIn, role, people } = model;
  const wished = settings(model);
  return {
    ...wished, step: step(model, wished), link, retryIn, role, people, missing: missing(model),
    value: shown(model), mayClick: mayClick(model), mayAdd: may(model, 1), mayTake: may(model, -1),
    own: own(model), hands: tally(model, wished), notes: notes(model), done: progress(model),
  };
}

// Why there is no plate, in sentences: none where there is a connection, was one, or may be in a moment.
function missing({ link, epoch, blocked }) {
  if (link === 'removed') return ['removed', 'removed.counts'];
  if (link !== 'down' || epoch !== null) return [];
  return blocked === null ? ['stage.waiting'] : ['blocked', 'blocked.why', blocked < LONG ? 'blocked.do' : 'blocked.other'];
}

function notes(model) {
  const { link, retryIn, blocked } = model;
  const rules = settings(model);
  const { locked, goal } = rules;
  const waiting = kept(model);
  const mine = model.mine ? [{ key: model.mine > 0 ? 'added' : 'took', values: { n: Math.abs(model.mine) } }] : [];
  if (link === 'removed') return [{ key: 'removed' }, ...mine];
  if (missing(model).length) return [retryIn === null ? { key: 'link.connecting' } : { key: 'retry', values: { n: retryIn } }];
  if (link === 'down' && waiting) return [{ key: 'kept', values: { n: waiting } }];
  if (link === 'down' && blocked !== null) return [{ key: 'blocked' }, { key: 'blocked.why' }];
  const told = [news(model), ...model.before].filter(Boolean);
  if (told.length) return told;
  const guest = model.role !== 'host';
  if (guest && locked) return [{ key: 'locked' }];
  const found = [];
  if (progress(model) === 1) found.push(goal === null ? { key: 'hands.all' } : { key: 'goal.reached', values: { n: goal } });
  const all = tally(model, rules);
  if (isLimited(model, rules)) found.push(note(model, rules));
  else if (all && rules.each === 1 && shown(model) !== all.up) found.push({ key: 'hands.rest' });
  else found.push(...mine);
  const n = step(model, rules);
  if (guest && n > 1) found.push({ key: 'each', values: { n } });
  return found.length || model.counter === null ? found : [{ key: 'shared' }];
}

// Of a name only a guest is told, and what the host sees instead only once the server has said it.
function news({ news: note, role, person }) {
  if (!note?.key.startsWith('name.')) return note;
  if (role === 'host' || (note.key === 'name.unseen' && person === null)) return null;
  return { ...note, values: { ...note.values, person } };
}

function shown({ counter, pending, gathered }) {
  if (counter === null) return null;
  const value = pending.reduce((before, { delta, message }) => {
    if (message.type === 'reset') return 0;
    return message.type === 'set' ? message.value : before + delta;
  }, counter);
  return value + gathered.delta;
}

// Towards the goal: without one, where each has a limit, that is everyone here.
function progress(model) {
  const rules = settings(model);
  const all = rules.goal === null && tally(model, rules);
  if (all) return all.of > 1 ? all.up / all.of : 0;
  return done(shown(model), rules.goal);
}

// How much of a goal is done, 0 to 1. Where it is 0 there is no telling how far it was.
function done(value, goal) {
  if (goal === null || value === null) return null;
  return goal ? Math.max(0, Math.min(1, value / goal)) : Number(value === 0);
}

function settings(model) {
  return Object.assign({}, model.settings, ...model.pending.map(({ message }) => message.settings));
}

const may = (model, direction) => mayClick(model) && fits(model, settings(model), direction);

function mayClick(model) {
  return model.counter !== null && model.stage !== 'removed' && (model.role === 'host' || !settings(model).locked);
}

function kept(model) {
  return sum(model.pending, 'clicks') + model.gathered.clicks;
}

/** Makes a message an operation: numbered, and pending. */
export function enqueue(model, message, clicks = 0) {
  const op = model.nextOp;
  const entry = { clicks, delta: message.delta ?? 0, message: { ...message, op } };
  return { ...model, nextOp: op + 1, pending: [...model.pending, entry] };
}

function takeState(before, message) {
  const { epoch = before.epoch, ack, counter, revision, people, role, settings: changed, person, hand, hands } = message;
  // A page that slept for more than twelve hours is forgotten: its numbers would begin anew, in the middle.
  const forgotten = before.stage === 'greeted' && ack === 0 && before.nextOp - 1 > before.pending.length;
  const model = epoch === before.epoch && !forgotten ? before : enter(before, epoch);
  const answered = ack !== undefined && model.stage !== 'over';
  const next = {
    ...model, people: people ?? model.people, person: person ?? model.person, settings: { ...model.settings, ...changed },
    hand: hand ?? model.hand, hands: hands ?? model.hands,
  };
  if (answered) {
    Object.assign(next, { stage: 'joined', link: 'up', retryIn: null, blocked: null });
    // What follows the answer to `hello` is all there is.
    if (model.stage === 'greeted') next.notices = [];
    next.pending = model.pending.filter(({ message }) => message.op > ack);
  } else if (model.stage === 'away') {
    next.stage = 'met';
  }
  const joined = next.stage === 'joined';
  // The first state calls everyone a guest: only `hello` proves a host.
  if (joined) next.role = role ?? model.role;
  // Before the `ack`, a counter may hold what is pending: it would show twice.
  if ((joined || !next.pending.length) && revision >= model.revision) Object.assign(next, { counter, revision });
  const decided = next.pending.length < model.pending.length || next.revision > model.revision;
  const recorded = decided && model.news?.key === 'error.not_recorded';
  if (recorded || (changed && model.stage === 'joined')) next.news = newLimit(model.settings, next);
  return cheer(model, answered ? flush(next) : next);
}

// A goal is cheered once, by those who have seen the way to it; everyone here, once a round.
function cheer(before, model) {
  const { goal, each } = model.settings;
  if (goal === null && each !== null) {
    if (!model.hands?.up) return { ...model, cheered: null };
    if (progress(model) < 1 || model.cheered === 'all') return model;
    return { ...model, cheered: 'all', joys: model.joys + Number(before.hands !== null && progress(before) < 1) };
  }
  if (done(model.counter, goal) !== 1 || model.cheered === goal) return model;
  const seen = before.counter !== null && before.settings.goal === goal;
  return { ...model, cheered: goal, joys: model.joys + Number(seen) };
}

function enter(model, epoch) {
  if (model.epoch === null) return { ...model, epoch };
  const stage = model.stage === 'away' ? 'away' : 'over';
  const fresh = { epoch, stage, counter: null, revision: 0, mine: 0, hand: null, gathered: NONE };
  return renew({ ...model, ...fresh }, kept(model), 'lost.epoch');
}

function renew(model, clicks, key) {
  const news = clicks ? { key, values: { n: clicks } } : model.news;
  return { ...model, generation: model.generation + 1, nextOp: 1, sent: 0, pending: [], news };
}

function takeError(model, { code, op }) {
  const tell = (key) => ({ ...model, news: { key: `error.${key}` } });
  if (code === 'not_recorded') return tell(code);
  if (op === undefined) return code === 'not_host' ? { ...tell('no_longer_host'), secret: null } : takeNameless(model, tell('other'));
  const refused = model.pending.find(({ message }) => message.op === op);
  if (!refused) return model;
  const pending = model.pending.filter((entry) => entry !== refused);
  if (refused.message.delta === 0) return { ...model, pending };
  const told = code === 'over_limit' ? { ...model, news: refusal(settings(model), refused.delta) } : tell(REFUSALS.includes(code) ? code : 'other');
  return { ...told, pending, mine: model.mine - refused.delta };
}

// What is refused without its number must be what can be: a hello for its name, or what a host has asked for.
function takeNameless(model, told) {
  const { stage, name, isRefused, pending, sent } = model;
  if (stage === 'greeted' && name && !isRefused) return { ...model, stage: 'met', isRefused: true, news: { key: 'name.unseen' } };
  const refused = pending.find(({ message }) => message.type !== 'add' && message.op <= sent);
  if (!refused) return told;
  // Its number may have been decided, or may not: something of no effect takes it, so that it is no gap.
  const { op } = refused.message;
  const nothing = { clicks: 0, delta: 0, message: { type: 'add', op, delta: 0 } };
  return { ...told, sent: op - 1, pending: pending.map((entry) => (entry === refused ? nothing : entry)) };
}

function sum(entries, key) {
  return entries.reduce((total, entry) => total + entry[key], 0);
}
