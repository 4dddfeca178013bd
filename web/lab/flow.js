// The list of rows: some of them are in the page, which may be others when one scrolls; the newest are followed.

import { draw, el } from './row.js';
import { remember } from './say.js';

const DRAWN = 400; // rows
const STEP = 100;
const NEAR = 4; // px from an end

/** Keeps the rows of a record in `list`. `words` are the language's: `t` and `say`. */
export function createFlow(list, words) {
  let record = null;
  let first = 0; // of the rows that are drawn
  let drawn = []; // of each its elements, and what they look like
  let query = '';
  let chosen = null;

  const follow = () => { list.scrollTop = list.scrollHeight; };
  const height = (rows) => rows.flatMap(({ nodes }) => nodes).reduce((sum, { offsetHeight }) => sum + offsetHeight, 0);
  const made = (row) => draw(row, { ...words, from: record.rows[0].t });
  const hops = () => [...list.querySelectorAll('.hop')];
  const matches = (li) => li.textContent.toLowerCase().includes(query);

  function clear() {
    list.replaceChildren();
    drawn = [];
  }

  // Draws the rows from `start` on; those from `place` on anew.
  function window(start, place) {
    const { rows } = record;
    const isFocused = list.contains(document.activeElement);
    remember(rows);
    if (start < first || start > first + drawn.length) {
      clear();
      first = start;
    }
    while (first < start) {
      drawn.shift().nodes.forEach((node) => node.remove());
      first += 1;
    }
    // A bar may have become longer, or an arrow have got an answer, some rows before.
    let keep = Math.max(0, Math.min(place - first, drawn.length));
    while (keep > 0 && drawn[keep - 1].looks !== looksOf(rows[first + keep - 1])) keep -= 1;
    for (const { nodes } of drawn.splice(keep)) nodes.forEach((node) => node.remove());
    const fresh = document.createDocumentFragment();
    for (const row of rows.slice(first + drawn.length, first + DRAWN)) {
      const nodes = made(row);
      for (const li of nodes) li.classList.toggle('new', !row.wasDrawn);
      row.wasDrawn = true;
      mark(nodes);
      drawn.push({ nodes, looks: looksOf(row) });
      fresh.append(...nodes);
    }
    list.append(fresh);
    const stop = choose(chosen);
    if (isFocused && !list.contains(document.activeElement)) stop?.focus({ preventScroll: true });
  }

  // The arrow that is chosen has Tab's one stop, else the newest.
  function choose(hop) {
    chosen = hop;
    const all = hops();
    const found = all.find((button) => button.hop === hop);
    for (const button of all) {
      button.setAttribute('aria-pressed', String(button === found));
      button.tabIndex = -1;
    }
    const stop = found ?? all.at(-1);
    if (stop) stop.tabIndex = 0;
    return stop;
  }

  function mark(items) {
    for (const li of items) {
      for (const found of li.querySelectorAll('mark')) found.replaceWith(found.textContent);
      li.normalize();
      const hit = !query || matches(li);
      li.classList.toggle('dim', !hit);
      if (!query || !hit) continue;
      const walker = document.createTreeWalker(li, NodeFilter.SHOW_TEXT);
      const texts = [];
      while (walker.nextNode()) texts.push(walker.currentNode);
      for (const text of texts) {
        const place = text.data.toLowerCase().indexOf(query);
        if (place < 0 || text.parentNode.closest('.sr')) continue;
        const rest = text.splitText(place);
        rest.splitText(query.length);
        const found = el('mark');
        rest.replaceWith(found);
        found.append(rest);
      }
    }
  }

  return {
    choose,
    get drawn() { return record.rows.slice(first, first + DRAWN); },
    get canScroll() { return list.scrollHeight > list.clientHeight; },
    get atEnd() { return list.scrollTop + list.clientHeight >= list.scrollHeight - NEAR; },

    /** Another record, at its end. */
    show(other) {
      record = other;
      chosen = null;
      clear();
      first = 0;
      this.newest(0);
    },

    /** The newest rows; those from `place` on are others now. */
    newest(place) {
      window(Math.max(0, record.rows.length - DRAWN), place);
      follow();
    },

    /** So many of the oldest are gone. */
    forget(gone) {
      if (gone > first) clear();
      first = Math.max(0, first - gone);
    },

    /** At an end of what is drawn there may be more: what is seen stays where it is. */
    reached() {
      const { scrollTop } = list;
      if (scrollTop < NEAR && first > 0) {
        const more = Math.min(STEP, first);
        window(first - more, 0);
        list.scrollTop = scrollTop + height(drawn.slice(0, more));
      } else if (this.atEnd && first + drawn.length < record.rows.length) {
        const less = height(drawn.slice(0, STEP));
        window(first + STEP, first + drawn.length);
        list.scrollTop = scrollTop - less;
      }
    },

    /** Marks what has these signs; returns how many rows have, be they drawn or not. The newest comes into sight. */
    search(signs) {
      query = signs.trim().toLowerCase();
      mark([...list.children]);
      if (!query) return null;
      const hits = record.rows.flatMap((row, place) => (made(row).some(matches) ? [place] : []));
      if (hits.length && !list.querySelector('mark')) {
        window(Math.max(0, hits.at(-1) - STEP), 0);
        list.querySelector('mark')?.scrollIntoView({ block: 'center' });
      }
      return hits.length;
    },

    /** The arrow that is so many steps from the one that has the focus. */
    beside(step) {
      const all = hops();
      return all[all.indexOf(document.activeElement) + step];
    },
  };
}

// A row is drawn anew where any of this has changed.
function looksOf({ lanes, down, quiet, hops, events }) {
  return [lanes.page, lanes.server, lanes.last, down, quiet.toFixed(1), hops?.length, hops?.[0].again, events[0].count].join();
}
