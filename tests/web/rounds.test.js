// Rounds, changes and what is taken along of them, in words.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { translator } from '../../web/model/i18n.js';
import { dayOf, givers, named, nameOf, telling, titleOf } from '../../web/model/rounds.js';
import { formatter } from '../../web/views/digits.js';

const read = (name) => JSON.parse(readFileSync(new URL(`../../web/locales/${name}.json`, import.meta.url), 'utf8'));
const spoken = (language) => {
  const figures = formatter([language]);
  const clock = (at, kind) => (kind === 'day' ? new Date(at).toDateString().slice(4, 10) : new Date(at).toTimeString().slice(0, kind === 'second' ? 8 : 5));
  return { t: translator(figures, { ...read(language), ...read(`host/${language}`) }, language), words: { figures, clock } };
};
const { t, words } = spoken('en');
const NOW = new Date(2026, 10, 25, 14, 19).getTime();
const time = (hour, minute, day = 25) => new Date(2026, 10, day, hour, minute).getTime();
const ROUND = { round: 7, number: 7, title: 'Hands raised', from: time(14, 3), to: time(14, 19), value: 42, low: 0, high: 43, people: 23, goal: 50, reached: false, live: true };
const told = (more, { t: say, words: its } = { t, words }) => {
  const { when, bounds, goal } = telling({ ...ROUND, ...more }, NOW, say, its);
  return `${when}. ${bounds}.${goal && ` ${goal}.`}`;
};

test('a round is told with its day, times, people, bounds and goal', () => {
  assert.equal(told(), 'Today, 14:03 to now. 23 took part. Lowest 0, highest 43. Goal 50 not reached yet.');
  assert.equal(told({ live: false, people: 1 }), 'Today, 14:03 to 14:19. 1 took part. Lowest 0, highest 43. Goal 50 not reached.');
  assert.equal(told({ live: false, reached: true, goal: 1_200, high: 1_247, low: -3 }), 'Today, 14:03 to 14:19. 23 took part. Lowest \u22123, highest 1,247. Goal 1,200 reached.');
  assert.equal(told({ live: false, goal: null, from: time(13, 5, 24) }), 'Yesterday, 13:05 to 14:19. 23 took part. Lowest 0, highest 43.');
  assert.equal(
    told({ live: false }, spoken('fr')),
    'Aujourd\u2019hui, de 14:03 à 14:19. 23 personnes ont participé. Au plus bas 0, au plus haut 43. Objectif 50 non atteint.',
  );
});

test('without a title it has its number; a long one, and a long number, are written smaller', () => {
  assert.equal(titleOf({ title: '', number: 3 }, t), 'Round 3');
  const one = (more) => telling({ ...ROUND, ...more }, NOW, t, words);
  assert.deepEqual([one({ title: '' }).name, one({ title: '' }).isNamed], ['Round 7', false]);
  assert.deepEqual([one({}).isLong, one({ title: 'Laps around the school yard for it' }).isLong], [false, true]);
  assert.deepEqual([42, 123_456, 12_345_678].map((value) => [one({ value }).isWide, one({ value }).isWidest]), [[false, false], [true, false], [true, true]]);
  assert.equal(one({}).summary, 'Hands raised. From 0 to 42, lowest 0, highest 43.');
});

test('days are called as they are now', () => {
  const day = (at) => dayOf(at, NOW, t, words.clock);
  assert.deepEqual([time(0, 0), time(23, 59, 24), time(0, 1, 24), time(23, 59, 23)].map(day), ['Today', 'Yesterday', 'Yesterday', 'Nov 23']);
});

test('people have the names that they had, or a number', () => {
  const called = (name, role) => nameOf({ name, role, person: 7 }, t);
  assert.deepEqual([called('Ada', 'guest'), called('', 'guest'), called('', 'classic'), called('', 'host')], ['Ada', 'Guest 7', 'Classic client 7', 'Host']);
  assert.deepEqual(named([{ at: 1, who: { name: '', role: 'host', person: 1 } }], t), [{ at: 1, who: 'Host' }]);
});

test('who added what: most first, each beside the most', () => {
  const who = (name, added) => ({ name, person: 1, role: 'guest', added });
  const found = givers([who('Noah', -4), who('Ada', 8), who('Zoë', 0)], t, (n) => `${n > 0 ? '+' : ''}${n}`);
  assert.deepEqual(found.map(({ name, sum, tookAway, part }) => [name, sum, tookAway, part]), [
    ['Ada', '+8', false, 1], ['Zoë', '0', false, 0], ['Noah', '-4', true, 0.5],
  ]);
  assert.deepEqual(givers([who('Zoë', 0)], t, String)[0].part, 0);
});
