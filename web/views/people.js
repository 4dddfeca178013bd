// Who is here, and which devices have reached the server.

import { ask } from '../model/wishes.js';

const LISTED = 500; // the server's list ends there

/** The roster in rows, as it is read. */
export function rows(roster, t, figures, each) {
  return roster.map(({ person, name, added: all, hand: added = all, role, classic }) => ({
    person, added, mayGo: role !== 'host',
    name: name || t(role === 'host' ? 'people.host' : classic ? 'people.classic' : 'people.guest', { n: person }),
    sum: added > 0 ? `+${figures(added)}` : figures(added),
    free: Boolean(each) && role === 'host',
  }));
}

const sum = (rooms) => rooms.reduce((all, { people: n }) => all + n, 0);

export const people = () => ({
  asking: 0,

  get rows() { return rows(this.roster, this.t, this.figures, this.view.each); },
  get alone() { return this.rows.every(({ mayGo }) => !mayGo); },
  get lonely() { return this.alone && !this.rooms.length; },
  get others() { return this.rows.length < LISTED ? 0 : Math.max(0, this.view.people - sum(this.rooms) - LISTED); },
  get elsewhere() { return this.rooms.map(({ room, people: n }) => this.t('room', { room, n })).join(' · '); },
  get devices() { return this.network?.devices ?? []; },
  // A device may have come, and its person not: the page gets through, what is live doesn't.
  get mayNeedHelp() { return this.network?.reach === 'lan' && (!this.devices.length || this.alone); },

  // Of those who are here, too, so that the host sees where there were more hands than people.
  get took() {
    const { up, of } = this.view.hands ?? { up: 0, of: 0 };
    return this.t('hands.took', { up, here: of - this.gone });
  },

  lower() {
    this.change((model) => ask(model, { type: 'lower' }));
    this.$refs.list.focus();
  },

  // Asks once more: whoever is sent away doesn't come back by themselves.
  remove(person) {
    if (this.asking !== person) {
      this.asking = person;
      return;
    }
    this.say({ type: 'remove', person });
    this.asking = 0;
    this.$refs.list.focus();
  },
});
