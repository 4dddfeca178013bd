// What the history's parts on the page decide without a page.

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { turn } from '../../web/link/history.js';
import { columns } from '../../web/views/bars.js';
import { series } from '../../web/views/history.js';
import { clockOf, shortOf, signed } from '../../web/views/plot.js';
import { fileName, ways } from '../../web/views/take.js';
import { formatter } from '../../web/views/digits.js';

const NOW = new Date(2026, 10, 25, 14, 19).getTime();
const at = (minutes, value) => ({ at: NOW - minutes * 60_000, value });
const told = { revision: 3, from: NOW - 900_000, before: 0, changes: [at(12, 1), at(2, 2)], people: [{ at: NOW - 900_000, n: 3 }], rounds: 0 };
const shown = (more) => series({ span: 'round', told, open: [], value: 2, goal: 50, now: NOW, ...more });

test('the plot begins where the server says, or five minutes ago, and ends now', () => {
  assert.deepEqual([shown().from, shown().to], [NOW - 900_000, NOW]);
  assert.equal(shown({ span: 'five' }).from, NOW - 300_000);
  assert.equal(shown({ told: { ...told, from: null } }).from, NOW - 300_000);
  // Clocks may be put back.
  assert.ok(shown({ told: { ...told, from: NOW + 5 } }).from < NOW);
});

test('what was clicked since is there at once, and the value is always the one that the plate shows', () => {
  assert.deepEqual(shown({ open: [at(0.1, 3)], value: 3 }).changes.map(({ value }) => value), [1, 2, 3]);
  assert.deepEqual(shown({ value: 7 }).changes.at(-1), { at: NOW, value: 7, isOpen: true });
  assert.equal(shown({ value: null }).changes.length, 2);
});

test('a goal is the present round’s; quiet time is left out where there are others', () => {
  const of = (span) => [shown({ span }).goal, shown({ span }).folded];
  assert.deepEqual(['round', 'five', 'today', 'all'].map(of), [[50, false], [50, false], [null, true], [null, true]]);
});

test('where nothing was counted, nothing is shown but the axes', () => {
  const { people, live } = shown({ told: { ...told, changes: [] }, value: 0 });
  assert.deepEqual([people, live], [[], false]);
  assert.equal(shown().live, true);
});

test('of all there is a workbook and the rounds; of one its own changes and plot', () => {
  assert.deepEqual(ways(false).map(({ what }) => what), ['workbook', 'rounds', 'changes', 'svg', 'png']);
  assert.deepEqual(ways(true).map(({ key }) => key), ['take.changes.its', 'take.svg.its', 'take.png.its']);
  assert.deepEqual(ways(true).map(({ why }) => why), ['take.changes.why', 'take.svg.why', 'take.png.why']);
});

test('a title is a file’s name on any system', () => {
  assert.equal(fileName('Who walks?'), 'Who walks');
  assert.equal(fileName('../../etc/passwd'), 'etc passwd');
  assert.equal(fileName('a\u0000b\n"c" <d>|e:f*g\\h'), 'a b c d e f g h');
  assert.equal(fileName('…'), '…');
  assert.equal(fileName(' . '), 'plot');
  assert.ok(fileName('Étudiants '.repeat(20)).length <= 60);
});

test('bars have their rounds’ names and values, the last one the value that it has now', () => {
  const rounds = [{ round: 1, number: 1, title: '', value: 7, live: false }, { round: 2, number: 2, title: 'Laps', value: 40, live: true }];
  const { columns: found } = columns(rounds, 42, (key, { n }) => `${key} ${n}`, formatter('en'));
  assert.deepEqual(found.map(({ name, value, live }) => [name, value, live]), [['rounds.nth 1', '7', false], ['Laps', '42', true]]);
  assert.deepEqual(found.map(({ fit }) => Object.keys(fit)), Array(2).fill(['--em', '--col']));
  assert.equal(columns(rounds, null, String, formatter('en')).columns[1].value, '40');
});

test('times are those of 24 hours, in whatever language; one that a browser doesn’t know is none', () => {
  assert.equal(clockOf(['en-US'])(NOW, 'minute'), '14:19');
  assert.equal(clockOf(['fr'])(NOW, 'second'), '14:19:00');
  assert.equal(clockOf(['fr'])(NOW, 'day'), '25 nov.');
  assert.equal(clockOf(['en-US@posix'])(NOW, 'minute'), '14:19');
  assert.equal(clockOf(['en'])(new Date(2026, 0, 1, 0, 5).getTime(), 'minute'), '00:05');
});

test('numbers on an axis are short from a million on', () => {
  const short = shortOf(['en-US'], formatter('en'));
  assert.deepEqual([999_999, 1_000_000, -2_500_000].map(short), ['999,999', '1M', '\u22122.5M']);
  assert.deepEqual([3, 0, -3].map((n) => signed(n, formatter('en'))), ['+3', '0', '\u22123']);
});

test('whoever looks waits for a turn: one in a second, in the order in which they came', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 5_000_000 });
  const done = [];
  for (const name of ['a', 'b', 'c']) turn().then(() => done.push(name));
  const seen = [];
  for (let i = 0; i < 5; i += 1) {
    await Promise.resolve();
    await Promise.resolve();
    seen.push(done.join(''));
    mock.timers.tick(500);
  }
  mock.timers.reset();
  assert.deepEqual(seen, ['a', 'a', 'ab', 'ab', 'abc']);
});
