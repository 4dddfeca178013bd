import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PROPORTIONAL, formatter, roller, width } from '../../web/views/digits.js';
import { fakeEnv } from './fakes.js';

const figures = (value, locale) => formatter(locale)(value);

// Just enough of an element for figures to be put into.
class Element {
  constructor() {
    Object.assign(this, { children: [], dataset: {}, className: '', text: '', ownerDocument: { createElement: () => new Element() } });
  }

  get firstChild() { return this.children[0]; }
  get textContent() { return this.text + this.children.filter(({ className }) => className === 'd').map((child) => child.text).join(''); }
  set textContent(text) {
    this.text = text;
    this.children = [];
  }
  prepend(child) { this.adopt(child, 'unshift'); }
  append(child) { this.adopt(child, 'push'); }
  adopt(child, how) {
    child.remove = () => this.children.splice(this.children.indexOf(child), 1);
    this.children[how](child);
  }
  getAnimations() { return []; }
  animate() { return { finished: new Promise(() => {}) }; }
}

function plate({ still = false } = {}) {
  const box = new Element();
  const env = { ...fakeEnv(), still: () => still };
  const roll = roller(box, env);
  const show = (value, locale = 'en') => roll(value, formatter(locale));
  const rolling = () => box.children.map(({ children }) => (children.length ? children[0].className : '-')).join(' ');
  return { box, env, show, rolling };
}

test('a number has its locale’s groups, latin digits and a real minus sign', () => {
  assert.equal(figures(-1_234_567, 'en'), '\u22121,234,567');
  assert.equal(figures(1_042, 'fr'), '1\u202f042');
  assert.equal(figures(1_042, 'ar-EG'), '1,042');
  assert.equal(figures(1_042, 'de'), '1.042');
});

test('a locale that Intl does not know is read as English', () => {
  assert.equal(figures(1_042, 'en-US@posix'), '1,042');
});

test('the width grows with the figures, and one or two are as large as can be', () => {
  assert.equal(width('0'), width('42'));
  assert.ok(width('1,284') > width('999'));
  assert.equal(width('\u22121,234,567').toFixed(3), '4.585');
  assert.ok(width('1111', PROPORTIONAL) < width('1111'));
  assert.ok(width('lan-counter.local') > width('[fe80::abcd:beef]'));
});

test('only the places that change roll, in the direction of the change', () => {
  for (const [from, to, cells] of [[1_299, 1_300, '- - g above g above g above'], [1_300, 1_290, '- - g below g below -']]) {
    const { env, show, rolling } = plate();
    show(from);
    assert.equal(rolling(), '- - - - -');
    env.pass(1_000);
    show(to);
    assert.equal(rolling(), cells);
  }
});

test('places come and go at the left', () => {
  const { box, env, show } = plate();
  for (const [value, text] of [[9, '9'], [10, '10'], [-1, '\u22121'], [1_000, '1,000'], [0, '0']]) {
    show(value);
    env.pass(1_000);
    assert.equal(box.textContent, text);
  }
});

test('in another language the same number is written anew, and nothing rolls', () => {
  const { box, env, show, rolling } = plate();
  show(1_042);
  env.pass(1_000);
  show(1_042, 'fr');
  assert.equal(box.textContent, '1\u202f042');
  assert.equal(rolling(), '- - - - -');
});

test('numbers that come fast jump, and so do all where motion is unwelcome', () => {
  const fast = plate();
  fast.show(1);
  fast.env.pass(100);
  fast.show(2);
  assert.equal(fast.rolling(), '-');
  const calm = plate({ still: true });
  calm.show(1);
  calm.env.pass(1_000);
  calm.show(2);
  assert.equal(calm.rolling(), '-');
});
