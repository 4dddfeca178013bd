// The part of the page that has what happened: the history, the rounds, what is taken along of them.

import { bars } from './bars.js';
import { forget } from './forget.js';
import { history } from './history.js';
import { insert } from './markup.js';
import { rounds } from './rounds.js';
import { take } from './take.js';

await insert('past');

export default { history, rounds, take, forget, bars };
