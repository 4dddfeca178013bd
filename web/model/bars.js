// Rounds beside each other: one scale for all, linear from 0, for a bar may not begin elsewhere.

const LOW = 0.06; // of the whole height: nothing to be rounded
const TALL = 0.12; // room for a rim

/** What the bars of some values have, each `{ size, isBelow, isNil, isLow, isTall }`, `size` of its side's height; and the
 * `share` of the height that is above 0, where there is something to show above or below. */
export function bars(values) {
  const most = Math.max(0, ...values);
  const least = Math.min(0, ...values);
  // Where all is 0, the line lies below.
  const whole = most - least || 1;
  const share = most || least ? most / whole : 1;
  return {
    share,
    bars: values.map((value) => {
      const part = Math.abs(value) / whole;
      return {
        size: value ? value / (value < 0 ? least : most) : 0,
        isBelow: value < 0,
        isNil: value === 0,
        isLow: part < LOW,
        isTall: value > 0 && part > TALL,
      };
    }),
  };
}
