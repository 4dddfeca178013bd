// What the model does for parts of the page that come later.

import { enqueue, seal } from './logic.js';

/** The host asks for an operation, after what was clicked until now. */
export function ask(model, message) {
  return model.role === 'host' ? enqueue(seal(model), message) : model;
}

/** The person is called by this name, or by none: `hello` says so. */
export function rename(model, name) {
  return { ...model, name, stage: ['greeted', 'joined'].includes(model.stage) ? 'met' : model.stage };
}
