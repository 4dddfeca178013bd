// What happened, in words. `t` and `figures` are the page's language's.

import { CLOSE, PING, PONG, closeCode, texts } from './frame.js';

const PLAIN = ['set', 'reset', 'undo', 'configure', 'remove', 'watch', 'break', 'network', 'roster', 'notice'];

/** Writes the words of a language. */
export function speaker(t, figures, language) {
  const upTo = (places, least = 0) => new Intl.NumberFormat(language, { numberingSystem: 'latn', maximumFractionDigits: places, minimumFractionDigits: least, useGrouping: false });
  const [whole, tenths, hundredths, thousandths] = [upTo(0), upTo(1), upTo(2), upTo(3, 3)];
  const seconds = (number) => hundredths.format(Math.max(number, 0.01));
  const ms = (number) => (number < 10 ? tenths : whole).format(number);

  function frame({ way, frame: shown, said, count = 1, again }, event) {
    if (event.lost) return t('ev.lost', { n: said?.counter ?? '' });
    if (shown.opcode === PING) return t(way === 'back' ? 'ev.ping.server' : 'frame.ping');
    if (shown.opcode === PONG) return t(way === 'go' ? 'ev.pong.page' : 'frame.pong');
    if (shown.opcode === CLOSE) return closed(closeCode(shown), '');
    if (!said) return t(['frame.continuation', 'frame.text', 'frame.binary'][shown.opcode] ?? 'frame.text');
    return way === 'go' ? asked(said, again) : told(said, count);
  }

  function asked(said, again) {
    const { type, op, delta } = said;
    if (type === 'hello') return t(again ? 'ev.hello.again' : 'ev.hello');
    if (type === 'ping') return t('ev.ping.page');
    if (type === 'add') {
      const values = { n: Math.abs(delta), op };
      if (again === 'again') return t('ev.add.again', values);
      if (again === 'kept') return t('ev.add.kept', values);
      return t(delta < 0 ? 'ev.take' : 'ev.add', values);
    }
    return PLAIN.includes(type) ? t(`ev.${type}`) : t('ev.other', { type: String(type) });
  }

  function told(said, count) {
    const { type, counter, ack, epoch, people, settings, code } = said;
    if (type === 'pong') return t('ev.pong.server');
    if (type === 'error') return t('ev.error', { code: String(code) });
    if (type !== 'state') return PLAIN.includes(type) ? t(`ev.${type}`) : t('ev.other', { type: String(type) });
    if (count > 1) return t('ev.states', { n: count, value: counter });
    if (epoch !== undefined) return ack === undefined ? t('ev.first', { n: counter }) : ack ? t('ev.ack.upto', { n: ack }) : t('ev.ack.none');
    if (ack !== undefined) return t('ev.state.ack', { n: counter, op: ack });
    if (settings) return t('ev.settings');
    return people === undefined ? t('ev.state', { n: counter }) : t('ev.people', { n: people });
  }

  function closed(code, why) {
    if (code === 1006) return t('ev.closed.1006');
    return why ? t('ev.closed', { code: String(code ?? 1005), why }) : t('ev.closed.code', { code: String(code ?? 1005) });
  }

  return {
    figures,
    seconds,

    /** When something happened, as it is written beside its row. */
    clock: (number) => thousandths.format(Math.max(0, number)),

    /** What stands on an arrow. */
    hop(hop, event) {
      if (event.what === 'http') return t(hop.way === 'go' ? 'ev.ask' : 'ev.agree');
      if (event.what === 'try') return hop.tries === 1 ? t('ev.try') : t('ev.try.n', { n: hop.tries });
      if (event.what === 'others') return t('ev.many', { n: hop.count, s: seconds(hop.seconds) });
      if (event.what === 'broadcast') {
        const people = hop.to;
        if (hop.count > 1) return t('ev.states.to', { n: hop.count, people });
        return hop.value === undefined ? t('ev.state.to', { people }) : t('ev.to', { n: hop.value, people });
      }
      return frame(hop, event);
    },

    /** What stands below it. */
    raw(hop, event) {
      if (event.what === 'try') return ['GET /ws'];
      if (event.what === 'http') {
        const [, name, value] = /^(Sec-WebSocket-(?:Key|Accept)): (.*)$/m.exec(hop.text) ?? [, '', ''];
        return [`${hop.way === 'go' ? 'GET /ws' : '101'}  ${name.slice('Sec-WebSocket-'.length)}: ${value}`];
      }
      return hop.lane === 'ps' && hop.frame ? texts(hop.frame) : [];
    },

    /** What a row without arrows says, with a `*weight*`, and where: at the page, at the server, or over all. */
    row(row) {
      const [event] = row.events;
      const { what } = event;
      const held = (text) => ({ at: 'page', dot: 'held', text });
      if (what === 'tap') {
        const sum = `*${event.delta > 0 ? '+' : ''}${figures(event.delta)}*`;
        if (event.kept) return { at: 'page', dot: 'kept', text: `${sum}, ${t('ev.kept')}` };
        return { at: 'page', dot: '', text: row.lanes.last ? `${sum}, ${t('ev.tap.quiet')}` : sum };
      }
      if (what === 'journal') return { at: 'server', dot: '', text: journal(event) };
      if (what === 'skipped') return { at: 'server', dot: 'none', text: t('ev.skipped', { n: event.count ?? 1 }) };
      if (what === 'gap') return { at: 'gap', text: t('ev.gap', { n: event.count ?? 1 }) };
      if (what === 'closed') return { at: 'break', text: closed(event.code, event.why) };
      if (what === 'wait') {
        const values = { s: seconds(event.s), least: seconds(event.least), most: seconds(event.most) };
        return { at: 'page', dot: 'none', text: t(event.first ? 'ev.wait.first' : 'ev.wait', values) };
      }
      if (what === 'unanswered') return held(t('ev.noanswer').replace('4', figures(event.s)));
      if (what === 'silent') return held(t('ev.silence').replace('25', figures(event.s)));
      if (what === 'watched') return held(t('ev.watched'));
      if (what === 'decided') return held(t('ev.decided.here', { op: event.op }));
      if (what === 'repeated') return held(t('ev.decided', { op: event.op }));
      return held(t(`break.${event.how}.${event.on ? 'on' : 'off'}`));
    },
  };

  function journal({ operations, own = 0, count = 1, ms: took = 0 }) {
    const n = operations - own;
    if (own && n) return t('ev.journal.with', { n, ms: ms(took) });
    if (count > 1) return t('ev.journal.many', { n: operations, k: count });
    return operations > 1 ? t('ev.journal.one', { n: operations, ms: ms(took) }) : t('ev.journal', { ms: ms(took) });
  }
}

/** Marks what has been before: a page that says who it is again, an operation that comes again, or after a wait. */
export function remember(rows) {
  let greeted = false;
  let newest = 0;
  let kept = false;
  for (const { what, hops, events: [event] } of rows) {
    if (what === 'tap' && event.kept) kept = true;
    const [hop] = hops ?? [];
    if (what !== 'frame' || hop.way !== 'go' || !hop.said) continue;
    const { type, op } = hop.said;
    if (type === 'hello') {
      hop.again = greeted;
      greeted = true;
    }
    if (op === undefined) continue;
    hop.again = op <= newest ? 'again' : kept ? 'kept' : '';
    newest = Math.max(newest, op);
    kept = false;
  }
}
