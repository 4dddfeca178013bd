// Where others join, as it is shown.

import { PROPORTIONAL, fit, width } from './digits.js';

const LONGEST = 10; // em: any IPv4 address, with its port, is shorter

/** For a component that has `join`, an address or ''. */
export const addressed = {
  get address() { return this.join.replace(/^http:\/\/|\/$/g, ''); },
  get addressFit() {
    return { ...fit(this.upper, PROPORTIONAL), '--lines': this.isTwoLines ? 2 : 1 };
  },
  get upper() { return firstLine(this.address); },
  get lower() { return this.address.slice(this.upper.length); },
  get isTwoLines() { return this.lower !== ''; },
  // The figures' font has no letters but an IPv6 address's.
  get inPlaque() { return /^[\d.:a-f[\]%]+$/.test(this.address); },
};

/**
 * What fits on a line before the rest: a long IPv6 address takes two, even ones, and breaks after a colon. A `<wbr>` is
 * between them, which is not copied; the box is too narrow for both.
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
