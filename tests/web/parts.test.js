// What the page's parts decide without a page.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { translator } from '../../web/model/i18n.js';
import { addressed, firstLine, mix } from '../../web/views/address.js';
import { PROPORTIONAL, formatter, width } from '../../web/views/digits.js';
import { steps } from '../../web/views/host.js';
import { choice } from '../../web/views/join.js';
import { directionOf, sift } from '../../web/views/page.js';
import { telling } from '../../web/views/notices.js';
import { rows } from '../../web/views/people.js';
import { ownAddress, titleOf } from '../../web/views/stage.js';
import { named, tiding } from '../../web/views/tiding.js';

const t = (key, { n } = {}) => (n === undefined ? key : `${key} ${n}`);
const person = (more) => ({ person: 7, name: '', added: 0, role: 'guest', classic: false, ...more });
const row = (more) => rows([person(more)], t, formatter('en'))[0];

test('people have their names, or a number', () => {
  assert.equal(row({ name: 'Ada' }).name, 'Ada');
  assert.equal(row({}).name, 'people.guest 7');
  assert.equal(row({ classic: true }).name, 'people.classic 7');
  assert.equal(row({ role: 'host' }).name, 'people.host 7');
});

test('what somebody added has its sign', () => {
  assert.deepEqual([3, 0, -1_200].map((added) => row({ added }).sum), ['+3', '0', '\u22121,200']);
});

test('with a limit each one’s hand is listed, and who has none', () => {
  const limited = (more) => rows([person(more)], t, formatter('en'), 1)[0];
  assert.deepEqual([limited({ added: 0, hand: 1 }).sum, limited({ added: 3, hand: 0 }).sum], ['+1', '0']);
  assert.deepEqual([limited({ role: 'host' }).free, limited({ hand: 0 }).free, row({ role: 'host' }).free], [true, false, false]);
});

test('a host cannot be removed', () => {
  assert.deepEqual([row({}).mayGo, row({ role: 'host' }).mayGo], [true, false]);
});

test('addresses are named with their interface, the unlikely ones as what they are', () => {
  assert.equal(choice({ address: '192.168.1.42', interface: 'Wi-Fi', kind: 'private' }, t), 'Wi-Fi, 192.168.1.42');
  assert.equal(choice({ address: '100.64.0.7', interface: 'wlan0', kind: 'shared' }, t), 'wlan0, 100.64.0.7');
  assert.equal(choice({ address: '172.17.0.1', interface: 'docker0', kind: 'virtual' }, t), 'docker0, 172.17.0.1 (join.virtual)');
});

test('an address is shown without what need not be typed, in the plate’s font if that can', () => {
  const shown = (join) => mix({ join }, addressed);
  assert.equal(shown('http://192.168.1.42:8000/').address, '192.168.1.42:8000');
  assert.equal(shown('http://192.168.1.42:8000/').inPlaque, true);
  assert.equal(shown('http://[fd00::2]:8000/').inPlaque, true);
  assert.equal(shown('http://[fe80::1%25eth0]:8000/').inPlaque, false);
  assert.equal(shown('http://lan-counter.local:8000/').inPlaque, false);
  assert.equal(shown('').address, '');
});

test('a long IPv6 address takes two lines, the first as long as the second or a group longer', () => {
  for (const address of ['192.168.100.200:65535', '255.255.255.255:65535', '[2001:db8::7]:8000', 'a-name-as-long-as-a-name-may-be.local:8000']) {
    assert.equal(firstLine(address), address);
  }
  assert.equal(firstLine('[2001:db8:4f2a:91c0:1c2b:7dff:fe3a:52b1]:8000'), '[2001:db8:4f2a:91c0:1c2b:');
  assert.equal(firstLine('[2001:db8:4f2a::1c2b:7dff]:65535'), '[2001:db8:4f2a::1c2b:');
  for (const address of ['[fd12:3456:789a::1:2:3:4]:8000', '[dddd:dddd:dddd:dddd:1:1:1:1]:80', '[1::dddd:dddd:dddd:dddd:dddd]:65535']) {
    const first = firstLine(address);
    assert.match(first, /:$/);
    assert.ok(width(first, PROPORTIONAL) >= width(address.slice(first.length), PROPORTIONAL));
    assert.ok(width(first, PROPORTIONAL) < 0.75 * width(address, PROPORTIONAL), first);
  }
});

// The card's news, as the host reads it.
const sentences = (name) => JSON.parse(readFileSync(new URL(`../../web/locales/${name}.json`, import.meta.url), 'utf8'));
const words = { ...sentences('en'), ...sentences('host/en') };
const english = translator(formatter('en'), words, 'en');
const JOIN = 'http://192.168.1.42:8000/';
const OFFER = { address: '10.20.4.7', interface: 'Ethernet', came: 0 };
const GONE = { code: 'gone', address: '192.168.1.42', interface: 'Wi-Fi' };
const REFUSED = { code: 'not_listening', address: '10.20.4.7', interface: 'Ethernet' };
const read = (network, name = '') => {
  const news = tiding({ join: JOIN, ...network }, name, english);
  return news && [`*${news.lead}*`, news.rest, news.more, `[${news.answers.join(' ')}]`].filter(Boolean).join(' ');
};

test('a better address is offered, and how many would have to join again', () => {
  const told = (came) => read({ offer: { ...OFFER, came } });
  const moving = '*Ethernet is there now: 10.20.4.7.* More people may reach it. Moving changes the address and the code.';
  assert.equal(told(0), `${moving} [move stay]`);
  assert.equal(told(1), `${moving} 1 person came by the old one: they join again. [move stay]`);
  assert.equal(told(12), `${moving} 12 people came by the old one: they join again. [move stay]`);
  // Windows has such names.
  assert.match(read({ offer: { ...OFFER, interface: 'Local Area Connection* 2' } }), /^\*Local Area Connection\* 2 is there now/);
});

test('an address that is gone is named, and the port, if another program has it at the new one', () => {
  const again = 'Those who were here join again with this code. [ok]';
  assert.equal(read({ trouble: GONE }), `*The address has changed.* Wi-Fi, 192.168.1.42, is gone. ${again}`);
  assert.equal(read({ trouble: { ...GONE, interface: '' } }), `*The address has changed.* 192.168.1.42 is gone. ${again}`);
  assert.equal(
    read({ trouble: { ...GONE, port: 8000, found: 8001 } }),
    `*The address has changed.* Wi-Fi, 192.168.1.42, is gone. Another program has port 8000 at the new one, so it is 8001 now. ${again}`,
  );
  assert.equal(
    read({ trouble: { ...GONE, code: 'port_taken', port: 8000, found: 10_001 } }),
    '*The port is 10001 here.* Another program has port 8000 at 192.168.1.42. [ok]',
  );
});

test('an address that cannot be joined at is tried again on demand', () => {
  const ports = 'Other programs have the ports there, 8000 to 8009.';
  const still = (address) => `So the counter is still at ${address}.`;
  const close = 'Close the other program, then try again.';
  assert.equal(read({ trouble: { ...REFUSED, first: 8000, last: 8009 } }), `*Nobody can join at 10.20.4.7.* ${ports} ${still('192.168.1.42')} ${close} [try ok]`);
  assert.match(read({ trouble: { ...REFUSED, first: 65_535, last: 65_535 } }), /Another program has port 65535 there\./);
  assert.equal(read({ trouble: REFUSED }), `*Nobody can join at 10.20.4.7.* ${still('192.168.1.42')} [try ok]`);
  assert.equal(read({ join: 'http://[fd00::2]:8000/', trouble: REFUSED }), `*Nobody can join at 10.20.4.7.* ${still('fd00::2')} [try ok]`);
  assert.equal(read({ join: null, trouble: REFUSED }), '*Nobody can join at 10.20.4.7.* [try ok]');
});

test('trouble comes before an offer, until it is read; other trouble is told again', () => {
  const both = { offer: OFFER, trouble: GONE };
  assert.match(read(both), /has changed/);
  assert.match(read(both, named(GONE)), /is there now/);
  assert.match(read({ offer: OFFER, trouble: REFUSED }, named(GONE)), /Nobody can join/);
  assert.equal(read({ trouble: GONE }, named(GONE)), null);
  assert.equal(read({}), null);
});

test('a projector’s own address is one to join at, unless nobody else can open it', () => {
  const own = (url) => ownAddress(new URL(url));
  assert.equal(own('http://192.168.1.42:8000/projector'), 'http://192.168.1.42:8000/');
  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '[::1]']) assert.equal(own(`http://${host}:8000/projector`), '');
});

test('a projector on the host’s own machine reads the address off its code', () => {
  assert.equal(titleOf('<svg><title>http://192.168.1.42:8000/</title><path/></svg>'), 'http://192.168.1.42:8000/');
  assert.equal(titleOf('<svg><path/></svg>'), '');
  assert.equal(titleOf(''), '');
});

test('a notice says what happened, what the number is now and where the old file is', () => {
  const said = (notice) => telling(notice, (key, { n, path } = {}) => `*${key}* ${n ?? path ?? ''}`.trim());
  const text = ({ pieces }) => pieces.map((piece) => piece.text).join('');
  const damaged = said({ code: 'set_aside', path: '/a*b*.db', counter: 0 });
  assert.equal(text(damaged), 'notice.set_aside notice.goes_on 0');
  assert.equal(damaged.file, '*notice.kept* /a*b*.db');
  assert.equal(text(said({ code: 'set_aside', path: '/old.db' })), 'notice.set_aside notice.afresh');
  assert.equal(said({ code: 'went_back', counter: 7 }).file, '');
  assert.equal(text(said({ code: 'not_saved' })), 'notice.not_saved');
});

test('what goes on being so can’t be dismissed', () => {
  const mayGo = (code) => telling({ type: 'notice', code }, t).mayGo;
  assert.deepEqual(['set_aside', 'went_back', 'not_saved'].map(mayGo), [true, true, false]);
});

test('the steps on offer, and one of the host’s own among them', () => {
  assert.deepEqual(steps(5), [1, 5, 10]);
  assert.deepEqual(steps(7), [1, 5, 7, 10]);
});

const key = (name, more) => {
  const done = [];
  const target = { closest: (list) => (list.split(', ').includes(more?.on) ? {} : null) };
  const event = { key: name, target, preventDefault: () => done.push('prevented'), stopImmediatePropagation: () => done.push('stopped'), ...more };
  return { event, done };
};

test('keys that an input method takes are none of the page’s, nor do Enter and Escape do what they otherwise do', () => {
  const sifted = (name, more) => {
    const { event, done } = key(name, more);
    sift(event);
    return done.join(' ');
  };
  for (const name of ['Enter', 'Escape']) {
    assert.equal(sifted(name, { isComposing: true }), 'stopped prevented');
    assert.equal(sifted(name, { isComposing: false, keyCode: 229 }), 'stopped prevented');
    assert.equal(sifted(name, { isComposing: false, keyCode: 13 }), '');
  }
  assert.equal(sifted('+', { isComposing: true }), 'stopped');
  assert.equal(sifted('Enter', { repeat: true, on: 'button' }), 'prevented');
  assert.equal(sifted('Enter', { repeat: true, on: 'a' }), 'prevented');
  assert.equal(sifted('Enter', { repeat: false, on: 'button' }), '');
  assert.equal(sifted('Enter', { repeat: true }), '', 'in a text');
  assert.equal(sifted('+', { repeat: true, on: 'button' }), '');
});

test('a key counts once, however long it is held, and not while it composes', () => {
  assert.deepEqual(['+', '-', '\u2212', 'x'].map((name) => directionOf(key(name).event)), [1, -1, -1, 0]);
  for (const more of [{ repeat: true }, { isComposing: true }, { keyCode: 229 }, { ctrlKey: true }, { on: 'dialog' }]) {
    assert.equal(directionOf(key('+', more).event), 0, JSON.stringify(more));
  }
});
