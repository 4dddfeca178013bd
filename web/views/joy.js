// A goal is reached: chips of enamel fly off the plate, once.

const CHIPS = 42;
const COLOURS = ['var(--enamel)', 'var(--blue)', 'var(--white)'];

/** Throws them, from every plate that is to be seen. */
export function celebrate() {
  // Over the page, and no part of it: whatever flies past its edge gives it no scroll bar.
  const air = box(document.body, { position: 'fixed', inset: 0, overflow: 'hidden', pointerEvents: 'none' });
  const plates = [...document.querySelectorAll('.plate')].map((plate) => plate.getBoundingClientRect());
  const flying = plates.filter(({ width }) => width).flatMap((plate) => (
    Array.from({ length: CHIPS }, (_, i) => thrown(air, plate, COLOURS[i % COLOURS.length]).finished)
  ));
  Promise.allSettled(flying).then(() => air.remove());
}

function thrown(air, { left, top, width, height }, colour) {
  const size = 8 + Math.random() * 14;
  const chip = box(air, {
    position: 'absolute', left: `${left + width / 2}px`, top: `${top + height / 2}px`,
    width: `${size}px`, height: `${size * 0.7}px`, borderRadius: '2px', background: colour,
  });
  const turn = (Math.random() - 0.5) * 1_440;
  const x = (Math.random() - 0.5) * width * 1.3;
  const y = -(0.25 + Math.random() * 0.5) * height;
  return chip.animate([
    { transform: 'none', opacity: 1, easing: 'cubic-bezier(.1, .7, .4, 1)' },
    { transform: `translate(${x}px, ${y}px) rotate(${turn / 2}deg)`, opacity: 1, offset: 0.4, easing: 'cubic-bezier(.5, 0, .9, .5)' },
    { transform: `translate(${x * 1.25}px, ${height * 0.8}px) rotate(${turn}deg)`, opacity: 0 },
  ], { duration: 1_600 + Math.random() * 900, fill: 'forwards' });
}

function box(within, style) {
  const element = document.createElement('i');
  Object.assign(element.style, style);
  within.append(element);
  return element;
}
