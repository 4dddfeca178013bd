// Where others join, as it is shown.

import { PROPORTIONAL, fit, width } from './digits.js';

const LONGEST = 10; // em: any IPv4 address, with its port, is shorter

/** For a component that has `join`, an address or ''. */
export const addressed = {
  get address() { return this.join.replace(/^http:\/\/|\/$/g, ''); },
  get addressFit() {
    const first = firstLine(this.address);
    return { ...fit(first, PROPORTIONAL), '--lines': this.isTwoLines ? 2 : 1 };
  },
  get isTwoLines() { return firstLine(this.address) !== this.address; },
  // The figures' font has no letters but an IPv6 address's.
  get inPlaque() { return /^[\d.:a-f[\]%]+$/.test(this.address); },
};

/**
 * What fits on a line before the rest: a long IPv6 address takes two, even ones, and breaks after a colon.
 * The box is as wide as this, so that the text itself needs nothing put in, which would be copied too.
 */
export function firstLine(address) {
  const whole = width(address, PROPORTIONAL);
  if (!address.startsWith('[') || whole <= LONGEST) return address;
  const starts = [...address.matchAll(/:(?!:)/g)].map(({ index }) => address.slice(0, index + 1));
  return starts.find((start) => width(start, PROPORTIONAL) >= whole / 2);
}

/** One component of two; a spread would copy what the getters give just now. */
export function mix(component, other) {
  return Object.defineProperties(component, Object.getOwnPropertyDescriptors(other));
}
