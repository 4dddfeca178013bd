// Every sentence of the page. `{n}` is a value, `*…*` has weight; an object holds the plural forms for `n`.

const SENTENCES = {
  'app': 'LAN Counter',
  'window': '{value} · {title}',
  'status': '{title}: {value}',

  'link.connecting': 'Connecting…',
  'link.up.guest': { one: 'Live with {n} person', other: 'Live with {n} people' },
  'link.up.host': 'Live',
  'link.up.host.locked': 'Live, locked for others',
  'link.waiting': 'Connection lost, next try in {n} s',
  'link.trying': 'Connection lost, trying again…',
  'here': 'here',

  'section.counter': 'Counter',
  'section.join': 'Join',
  'key.more': { one: 'Add one', other: 'Add {n}' },
  'key.less': { one: 'Take one away', other: 'Take {n} away' },
  'step': 'Each click counts',

  'shared': 'Everyone here shares this number',
  'added': 'You added *{n}*',
  'took': 'You took away *{n}*',
  'each': 'Each tap counts *{n}*',
  'kept': {
    one: '*{n} click kept on this device.* It is sent once the server is back.',
    other: '*{n} clicks kept on this device.* They are sent once the server is back.',
  },
  'locked': '*View only.* The host has locked the count.',

  'error.locked': '*Not counted.* The host has locked the count.',
  'error.stale': '*Not counted.* The count was reset in the meantime.',
  'error.out_of_range': '*Not counted.* The number can go no further.',
  'error.not_host': '*Not changed.* Only the host can do that.',
  'error.no_longer_host': '*This is no longer the host’s page.*',
  'error.not_recorded': '*Kept, not yet recorded.* The server keeps trying.',
  'error.other': '*The server refused that.*',
  'lost.epoch': {
    one: '*{n} click was not counted.* The count was started afresh.',
    other: '*{n} clicks were not counted.* The count was started afresh.',
  },
  'lost.closed': {
    one: '*{n} click may not have been counted.* The server ended the connection.',
    other: '*{n} clicks may not have been counted.* The server ended the connection.',
  },

  'join.lan': 'Same Wi-Fi, any browser',
  'join.local': 'Only this computer can open the counter.',
  'join.none': 'No network found. Only this computer can open the counter.',
  'join.how.1': 'Join the same Wi-Fi',
  'join.how.2': 'Open any browser',
  'join.how.3': 'Type this address, then count',
  'join.copy': 'Copy link',
  'join.copied': 'Copied',
  'join.selected': 'Selected, ready to copy',
};

/** Gives back `t(key, values)`: the sentence, with numbers written by `figures`. */
export function translator(figures, sentences = SENTENCES, language = 'en') {
  const plurals = new Intl.PluralRules(language);
  return (key, values = {}) => {
    const found = sentences[key];
    const sentence = found.other ? found[plurals.select(values.n)] ?? found.other : found;
    return sentence.replace(/\{(\w+)\}/g, (_, name) => {
      const value = values[name];
      return typeof value === 'number' ? figures(value) : value;
    });
  };
}

/** The sentence in pieces, `{ text, strong }`. */
export function pieces(sentence) {
  return sentence.split('*').map((text, place) => ({ text, strong: place % 2 === 1 }));
}
