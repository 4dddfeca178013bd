// The card's news: a better address, or what has become of the one that others had.

/** Names the news, so that it can be known again once it has been read. */
export const named = (news) => JSON.stringify(news) ?? '';

/**
 * What there is to tell, `{ code, lead, rest, more, answers }`; null where there is nothing. Trouble comes first, until it
 * is `read`: that is its name.
 */
export function tiding({ join, offer, trouble }, read, t) {
  if (trouble && named(trouble) !== read) return troubled(trouble, join && new URL(join).hostname.replace(/^\[|\]$/g, ''), t);
  if (!offer) return null;
  const { interface: adapter, address, came } = offer;
  return {
    code: 'offer',
    lead: t('tiding.offer', { adapter, address }),
    rest: t('tiding.more'),
    more: came ? t('tiding.came', { n: came }) : t('tiding.moving'),
    answers: ['move', 'stay'],
  };
}

function troubled({ code, address, interface: adapter, ...ports }, here, t) {
  // Ports are no numbers here: nobody writes 8,000 into an address.
  const values = { address, adapter, ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])) };
  const say = (key) => t(`tiding.${key}`, values);
  switch (code) {
    case 'gone': return {
      code,
      lead: say('gone'),
      rest: say(adapter ? 'gone.from' : 'gone.which'),
      more: `${ports.port ? `${say('gone.port')} ` : ''}${say('again')}`,
      answers: ['ok'],
    };
    case 'port_taken': return { code, lead: say('port'), rest: say('port.why'), more: '', answers: ['ok'] };
    default: {
      const isTaken = 'first' in ports;
      const still = here ? [t('tiding.still', { address: here })] : [];
      return {
        code,
        lead: say('nobody'),
        rest: isTaken ? say(ports.first === ports.last ? 'taken.one' : 'taken') : '',
        more: [...still, ...(isTaken ? [say('close')] : [])].join(' '),
        answers: ['try', 'ok'],
      };
    }
  }
}
