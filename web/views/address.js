// Where others join, as it is shown.

import { NARROW_ONE, fit } from './digits.js';

/** For a component that has `join`, an address or ''. */
export const addressed = {
  get address() { return this.join.replace(/^http:\/\/|\/$/g, ''); },
  get addressFit() { return fit(this.address, NARROW_ONE); },
  // The plate's font has figures, and no letters.
  get inPlaque() { return /^[\d.:]+$/.test(this.address); },
};

/** One component of two; a spread would copy what the getters give just now. */
export function mix(component, other) {
  return Object.defineProperties(component, Object.getOwnPropertyDescriptors(other));
}
