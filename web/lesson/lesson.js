// The lost click: what a lesson shows, and what is tapped in it. Fetched when one starts; the counter waits behind it.

import { drawCrossing, drawPlot } from './plot.js';
import { NONE, figures as figuresOf, flush, halfOf, isTapped, outgoing, receive, shown, tally, tap } from './model.js';
import { pieces, translator } from '../model/i18n.js';
import { gatherer } from '../model/pace.js';
import { fit } from '../views/digits.js';

const QUIET = 250; // ms: the original's
const GLANCE = 100; // ms
const TALLY = 500; // ms
const BOTS = [0, 10, 20, 30];
const SMALL = 1_280; // px: a projector that is as wide draws as large as a page

/** Puts the lesson into the page, and gives back what is to hear its messages; `{ open: true }` is the host's wish to see
 * it before it starts. */
export async function attend(page, Alpine, env) {
  const [view] = await Promise.all([markup(), style(), speak(page)]);
  let model = NONE;
  let closed = 0; // the lesson that this person has left
  let opened = false; // by the host, before it starts
  let quiet = null;
  let told = 0;
  const gather = gatherer(() => send(flush(model, env.now())), env);

  function become(next) {
    const before = model;
    model = next;
    if (model.stage === 'over' && before.stage === 'end' && page.lesson?.screen === 'end' && !page.onStage && !page.isHost) {
      model = before; // whoever reads what became of their taps goes back by themselves
    }
    if (model.lesson !== before.lesson && model.stage !== 'over') opened = false;
    show();
    if (model.stage !== before.stage) page.announced = page.lesson ? page.lesson.news(page) : '';
  }

  function show() {
    const screen = screenOf();
    document.body.classList.toggle('taken', screen !== ''); // by a lesson, whatever else is open
    if (!screen) {
      page.lesson = null;
      return;
    }
    const left = model.stage === 'last' ? 0 : Math.max(0, Math.ceil((model.ends - env.now()) / 1_000));
    const half = halfOf(model);
    const now = {
      screen, half, left, stage: model.stage, isTapped: isTapped(model), seconds: model.seconds, number: shown(model), made: model.made[half],
      figures: figuresOf(model), where: model.where, mine: model.mine, people: model.people, bots: model.bots,
      done: screen === 'tap' ? Math.max(0, Math.min(1, 1 - (model.ends - env.now()) / (model.seconds * 1_000))) : 0,
    };
    const isNew = page.lesson?.screen !== screen;
    if (page.lesson) Object.assign(page.lesson, now);
    else page.lesson = { ...now, count, news };
    // What had the focus is hidden now.
    if (isNew) Alpine.nextTick(() => document.querySelector('.lesson main')?.focus());
  }

  function screenOf() {
    if (page.view.link === 'removed') return '';
    if (opened && page.isHost) return 'before';
    if (model.stage === 'over' || closed === model.lesson) return '';
    return model.stage === 'end' ? 'end' : 'tap';
  }

  function send({ model: next, messages }) {
    become(next);
    messages.forEach(page.say);
  }

  function count(direction) {
    if (direction < 0 || !isTapped(model) || page.lesson?.screen !== 'tap') return;
    become(tap(model));
    if (halfOf(model)) {
      gather();
    } else {
      env.clearTimeout(quiet);
      quiet = env.setTimeout(() => send(flush(model, env.now())), QUIET);
    }
  }

  function look() {
    if (page.lesson || model.stage !== 'over') show();
    if (env.now() - told < TALLY || model.stage === 'over') return;
    told = env.now();
    if (page.isUp) send(tally(model));
  }

  const does = {
    begin: (bots) => page.say({ type: 'lesson', do: 'start', bots }),
    stop: () => page.say({ type: 'lesson', do: 'stop' }),
    leave() {
      closed = model.lesson;
      opened = false;
      show();
      Alpine.nextTick(() => document.querySelector(page.isHost ? '.tools .ico:last-child' : '#main .menu')?.focus());
    },
    again() {
      opened = true;
      show();
    },
  };
  Alpine.data('lostClick', () => component(does));
  document.body.append(view);
  setInterval(look, GLANCE);
  page.say({ type: 'lesson', do: 'look' });

  return (message) => {
    if (message.open) {
      opened = true;
      show();
      return;
    }
    become(receive(model, message, env.now()));
    // What the way has lost is sent again.
    if (message.ack !== undefined && message.halves) send(outgoing(model));
  };
}

// What somebody who can't see it is told when a stage begins.
function news(page) {
  const { stage, left, figures: { one, two } } = this;
  const sum = ({ made, counted }) => page.tell('end.sum', { made, counted });
  const said = {
    one: () => page.tell('lesson.clock.one'),
    rest: () => page.tell('guest.next', { n: left }),
    two: () => page.tell('lesson.clock.two'),
    last: () => page.tell('guest.over'),
    end: () => `${page.tell('lesson.one')}: ${sum(one)}. ${page.tell('lesson.two')}: ${sum(two)}.`,
  };
  return said[stage]?.() ?? '';
}

const component = (does) => ({
  ...does,
  bots: 0,
  choices: BOTS,
  showsWhere: false,
  watching: null,

  init() {
    // A drawing measures its box.
    this.watching = () => { this.turned += 1; };
    addEventListener('resize', this.watching);
    this.$watch('language', () => speakAnew(this));
    this.$watch('lesson.screen', (screen) => { if (screen !== 'end') this.showsWhere = false; });
  },
  turned: 0,
  destroy() { removeEventListener('resize', this.watching); },

  get untouched() { return this.tell('lesson.start.why', { n: this.view.value ?? 0 }); },
  get waits() { return pieces(this.tell('lesson.scratch', { n: this.view.value ?? 0 })); },
  get fit() { return fit(this.figures(this.lesson.number)); },
  get plain() { return this.figures(this.lesson.number); },
  get clock() {
    const { stage, left, half } = this.lesson;
    if (stage === 'rest') return { lead: this.tell('guest.next', { n: left }), why: this.tell('lesson.clock.two') };
    if (stage === 'last') return { lead: this.tell('guest.over'), why: '' };
    return { lead: this.tell('lesson.clock', { n: left }), why: this.tell(half ? 'lesson.clock.two' : 'lesson.clock.one') };
  },
  get timer() { return this.lesson.stage === 'rest' ? this.clock.lead : this.tell('guest.left', { n: this.lesson.left }); },
  get spanOne() { return { '--done': String(this.lesson.half ? 1 : this.spent) }; },
  get spanTwo() { return { '--done': String(this.lesson.half ? this.spent : 0) }; },
  get spent() { return this.lesson.isTapped ? this.lesson.done : 1; },
  get leftFit() { return { '--done': String(this.lesson.isTapped ? 1 - this.lesson.done : 0) }; },

  // A guest's.
  get way() { return this.isUp ? this.tell(this.lesson.half ? 'guest.two' : 'guest.one') : this.state; },
  get note() {
    const { stage, left, made, half } = this.lesson;
    if (stage === 'rest') return pieces(`*${this.tell('guest.next', { n: left })}*`);
    if (stage === 'last') return pieces(this.tell('guest.over'));
    return pieces(this.tell(half ? 'guest.again' : 'guest.do', { n: made }));
  },
  get counted() { return this.tell('guest.waits', { n: this.view.value ?? 0 }); },
  get left() { return this.lesson.isTapped ? this.tell('guest.left', { n: this.lesson.left }) : ''; },
  get results() {
    const { mine } = this.lesson;
    if (!mine) return [];
    return mine.map(([made, counted], place) => {
      const lost = made - counted;
      const why = place ? 'guest.all' : lost ? 'guest.lost' : 'guest.lost.none';
      const of = this.tell('guest.of', { a: counted, b: made });
      return {
        name: this.tell(place ? 'lesson.two' : 'lesson.one'), drained: !place && lost > 0, why: made ? this.tell(why, { n: lost }) : '', of,
        counted: this.figures(counted), made: of.replace(this.figures(counted), '').trim(), fit: { '--em': String(of.length * .36 + this.figures(counted).length * .3) },
      };
    });
  },

  // The end's.
  get halves() {
    const { one, two } = this.lesson.figures;
    return [one, two].map((half, place) => ({
      name: this.tell(place ? 'lesson.two' : 'lesson.one'), sum: this.tell('end.sum', half), lost: this.figures(half.lost),
      drained: half.lost > 0, fit: fit(this.figures(half.lost)), label: `${this.figures(half.lost)} ${this.tell('end.lost')}`,
    }));
  },
  get headline() { return this.tell('stage.title', this.lesson.figures.one); },
  get zero() { return this.tell('stage.zero.sum', this.lesson.figures.two); },
  get who() {
    const { people, bots } = this.lesson;
    return bots ? this.tell('stage.bots', { people, bots }) : this.tell('stage.people', { n: people });
  },
  get why() {
    const { where } = this.lesson;
    if (!where) return [];
    const values = { a: where.before, b: where.after, n: where.taps, made: 2 * where.taps };
    return pieces(this.tell(where.taps === 1 ? 'where.why' : 'where.why.many', values));
  },
  get short() { return this.lesson.where?.taps === 1 ? this.tell('stage.two') : (this.why.at(-2)?.text ?? ''); },
  get sooner() { return this.lesson.figures.one.lost > (this.lesson.where?.taps ?? 0) ? this.tell('where.sooner') : ''; },
  get startText() { return this.view.people > 1 ? this.tell('lesson.start', { n: this.view.people }) : this.tell('lesson.start.alone'); },

  plot(box, isLarge) {
    const { figures, seconds } = this.lesson;
    const one = { a: figures.one.made, b: figures.one.counted, c: figures.two.made, d: figures.two.counted };
    const say = (key) => (n) => this.tell(key, { n });
    const words = {
      label: this.tell('plot.label', one),
      halves: [`1  ${this.tell('lesson.one')}`, `2  ${this.tell('lesson.two')}`],
      made: say('plot.made'), counted: say('plot.counted'), lost: say('plot.lost'), same: say('plot.same'),
      seconds: (n) => `${this.figures(n)}\u00a0s`,
    };
    this.draw(box, () => drawPlot(box, figures, { seconds, words, figures: this.figures }, unit(isLarge)));
  },

  cross(box, isLarge) {
    const { where } = this.lesson;
    if (!where) return;
    const seconds = (ms) => (ms / 1_000).toFixed(3);
    const values = { a: where.before, b: where.after, t1: seconds(where.got[0]), t2: seconds(where.got[1]) };
    const words = {
      label: this.tell('where.label', values), one: this.tell('where.one'), other: this.tell('where.other'), server: this.tell('where.server'),
      becomes: this.tell('where.becomes', values), stays: this.tell('where.stays', values),
    };
    this.draw(box, () => drawCrossing(box, where, { words, figures: this.figures }, unit(isLarge)));
  },

  // Again when the window changes, and once the box is shown: before, it has no size.
  draw(box, action) {
    if (this.turned < 0) return;
    const once = () => (box.clientWidth || !box.isConnected ? action() : requestAnimationFrame(once));
    requestAnimationFrame(once);
  },

  back() {
    this.stop();
    this.leave();
  },

  leaveStage() {
    this.onStage = false;
    if (document.fullscreenElement) document.exitFullscreen();
  },

  save() {
    const { figures: { one, two }, people, bots, seconds, where } = this.lesson;
    const text = JSON.stringify({ seconds, people, bots, one, two, where }, null, 1);
    const href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    Object.assign(document.createElement('a'), { href, download: 'lost-click.json' }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
  },
});

const unit = (isLarge) => (isLarge ? Math.max(1, innerWidth / SMALL) : 1);

async function speak(page) {
  const { language } = page;
  const answer = await fetch(`/static/lesson/words/${language}.json`);
  const sentences = await answer.json();
  page.tell = translator(page.figures, sentences, sentences['language.numbers']);
}

function speakAnew(page) {
  speak(page).catch(() => {}); // then it stays in the language that there is
}

async function markup() {
  const answer = await fetch('/static/lesson/lesson.html');
  if (!answer.ok) throw new Error('The lesson did not come.');
  const parsed = new DOMParser().parseFromString(await answer.text(), 'text/html');
  return document.importNode(parsed.querySelector('template'), true);
}

function style() {
  const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '/static/lesson/lesson.css' });
  const styled = new Promise((resolve) => { link.onload = resolve; });
  document.head.append(link);
  return styled;
}
