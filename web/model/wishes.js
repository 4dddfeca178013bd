// What the model does for parts of the page that come later.

import { enqueue, naming, seal } from './logic.js';

/** The host asks for an operation, after what was clicked until now. */
export function ask(model, message) {
  return model.role === 'host' ? enqueue(seal(model), message) : model;
}

/** The person calls themselves so, or nothing: `hello` says it. */
export function rename(model, text) {
  return greet({ ...model, ...naming(text) });
}

/** The person is this one: `hello` says it. */
export function meet(model, voter) {
  return voter === model.voter ? model : greet({ ...model, voter });
}

const greet = (model) => ({ ...model, stage: ['greeted', 'joined'].includes(model.stage) ? 'met' : model.stage });
