// Who is here, and which devices have reached the server.

const LISTED = 500; // the server's list ends there

/** The roster in rows, as it is read. */
export function rows(roster, t, figures) {
  return roster.map(({ person, name, added, role, classic }) => ({
    person, added, mayGo: role !== 'host',
    name: name || t(role === 'host' ? 'people.host' : classic ? 'people.classic' : 'people.guest', { n: person }),
    sum: added > 0 ? `+${figures(added)}` : figures(added),
  }));
}

export const people = () => ({
  asking: 0,

  get rows() { return rows(this.roster, this.t, this.figures); },
  get alone() { return this.rows.every(({ mayGo }) => !mayGo); },
  get others() { return this.rows.length < LISTED ? 0 : Math.max(0, this.view.people - LISTED); },
  get devices() { return this.network?.devices ?? []; },
  // A device may have come, and its person not: the page gets through, what is live doesn't.
  get mayNeedHelp() { return this.network?.reach === 'lan' && (!this.devices.length || this.alone); },

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
