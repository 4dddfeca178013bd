// Pages that share a storage, with a server and a network that fail at any moment: every click counts exactly once.
// The modules are the page's own; only what a browser does is made here, and `become`, as in app.js.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createAdopter } from '../../web/model/adoption.js';
import { away, begin, click, flush, learn, outgoing, receive, seal, turnedOut } from '../../web/model/logic.js';
import { createOutbox } from '../../web/model/outbox.js';
import { gatherer } from '../../web/model/pace.js';
import { createSocket } from '../../web/link/socket.js';
import { dice, fakeEnv, fakeStorage } from './fakes.js';

const SLICE = 250; // ms

// Decides every operation once, and remembers what each number stood for.
function makeServer() {
  const clients = new Map();
  const decided = (client) => clients.get(client)?.size ?? 0;
  return {
    counter: 0,
    revision: 0,
    up: true,
    state(more) { return { type: 'state', counter: this.counter, revision: this.revision, ...more }; },
    take(link, { type, client, op, delta, seen }) {
      if (type === 'hello') link.client = client;
      if (type === 'ping') return { type: 'pong' };
      if (type === 'add') {
        const known = clients.get(link.client) ?? clients.set(link.client, new Map()).get(link.client);
        const content = JSON.stringify([delta, seen]);
        assert.ok(op <= known.size + 1, `a gap before operation ${op}`);
        if (op <= known.size) {
          assert.equal(content, known.get(op), `operation ${op} has two contents`);
        } else {
          known.set(op, content);
          this.counter += delta;
          this.revision += 1;
        }
      }
      return this.state({ ack: decided(link.client), role: 'guest' });
    },
  };
}

// Where storage may be full, no page dies: its clicks would be lost with it.
function makeWorld(seed, mayBeFull) {
  const roll = dice(seed);
  const pick = (list) => list[Math.floor(roll() * list.length)];
  const chance = (share) => roll() < share;
  const server = makeServer();
  const storage = fakeStorage();
  const pages = [];
  let links = [];
  let wanted = 0;
  let told = {};

  function WebSocketOf(page) {
    return class {
      constructor() {
        Object.assign(this, { page, readyState: 0, toServer: [], toPage: [], client: null });
        links.push(this);
      }

      send(text) { this.toServer.push(text); }

      // What was on its way may arrive, or not.
      close() {
        this.readyState = 3;
        while (server.up && this.toServer.length && chance(0.7)) server.take(this, JSON.parse(this.toServer.shift()));
        links = links.filter((link) => link !== this);
      }
    };
  }

  function load() {
    const env = fakeEnv({ random: roll });
    const page = { env, hidden: false, frozen: false };
    env.WebSocket = WebSocketOf(page);
    let model = begin(`${String(pages.length).padStart(4, '0')}-0123456789-0123456789`);
    const become = (how) => {
      const wasUp = model.link === 'up';
      const { model: next, messages } = outgoing(how(outbox.lapsed() ? seal(model) : model));
      model = next;
      outbox.save(model, page.hidden);
      messages.forEach(socket.send);
      if (model.stage === 'over') socket.connect();
      if (!wasUp && model.link === 'up') adopt();
    };
    const outbox = createOutbox(() => storage, env, () => become((same) => same));
    const adopt = createAdopter(() => storage, '', '', env, {
      may: () => model.link === 'up' && !page.hidden,
      isOwn: (client) => client.startsWith(model.seed),
      voter: () => model.voter,
      told(outcome) {
        for (const [key, n] of Object.entries(outcome)) told[key] = (told[key] ?? 0) + n;
        become((now) => learn(now, outcome));
      },
    });
    const socket = createSocket('', '', env, {
      message: (message) => become((now) => receive(now, message)),
      away: (seconds) => become((now) => away(now, seconds)),
      turnedOut: () => become(turnedOut),
      removed: () => assert.fail('nobody is removed'),
    });
    const gather = gatherer(() => become(flush), env);
    Object.assign(page, {
      click() {
        const direction = chance(0.8) ? 1 : -1;
        const { mine } = model;
        become((now) => click(now, direction));
        gather();
        wanted += model.mine - mine;
      },
      hide() {
        page.hidden = true;
        become(seal);
      },
      show() {
        page.hidden = false;
        become((same) => same);
        socket.wake();
        adopt();
      },
    });
    pages.push(page);
    socket.connect();
  }

  function die(page) {
    pages.splice(pages.indexOf(page), 1, { gone: true });
    links.filter((link) => link.page === page).forEach((link) => link.close());
  }

  const alive = () => pages.filter(({ gone }) => !gone);
  const running = () => alive().filter(({ frozen }) => !frozen);

  function end(link) {
    link.close();
    // A page that stands still hears it later.
    link.page.env.setTimeout(() => link.onclose?.({ code: 1006 }), 0);
  }

  // One step of one connection, whichever end it is at.
  function travel() {
    const link = links.length && pick(links);
    if (!link) return;
    if (link.readyState === 0) {
      if (link.page.frozen) return;
      if (!server.up) return end(link);
      link.readyState = 1;
      link.toPage.push(server.state({ people: 1, epoch: 'e1', role: 'guest', settings: { step: 1 } }));
      link.onopen?.();
    } else if (server.up && link.toServer.length && chance(0.5)) {
      link.toPage.push(server.take(link, JSON.parse(link.toServer.shift())));
    } else if (link.toPage.length && !link.page.frozen) {
      link.onmessage?.({ data: JSON.stringify(link.toPage.shift()) });
    }
  }

  function pass(ms) {
    for (let left = ms; left > 0; left -= SLICE) {
      for (const { env, frozen } of alive()) (frozen ? env.sleep : env.pass)(SLICE);
      for (let i = 0; i < 6; i += 1) travel();
    }
  }

  const some = (list, action) => list.length && action(pick(list));
  const moves = [
    ...Array(6).fill(() => some(running(), (page) => page.click())),
    ...Array(6).fill(travel),
    () => pass(pick([SLICE, SLICE, 1_000, 4_000, 9_000, 12_000, 25_000])),
    () => some(links, end),
    () => some(running(), (page) => (page.hidden ? page.show() : page.hide())),
    () => some(alive(), (page) => { page.frozen = !page.frozen; }),
    () => !mayBeFull && alive().length > 1 && some(running(), (page) => {
      if (chance(0.5)) page.hide();
      die(page);
    }),
    () => alive().length < 3 && load(),
    () => {
      server.up = chance(0.5);
      if (!server.up) [...links].forEach(end);
    },
    () => { storage.full = mayBeFull && chance(0.5); },
  ];

  return {
    server, storage, load, moves, pick,
    get wanted() { return wanted; },
    get told() { return told; },
    settle() {
      storage.full = false;
      server.up = true;
      for (const page of alive()) page.frozen = false;
      load();
      for (const page of alive()) page.show();
      pass(90_000);
    },
  };
}

function play(seed, mayBeFull = false, steps = 120) {
  const world = makeWorld(seed, mayBeFull);
  world.load();
  for (let i = 0; i < steps; i += 1) world.pick(world.moves)();
  world.settle();
  const left = [...world.storage.items.keys()];
  assert.deepEqual(left, [], `seed ${seed}: kept for ever`);
  assert.equal(world.server.counter, world.wanted, `seed ${seed}: counted`);
  assert.equal(world.told['lost.closed'] ?? 0, 0, `seed ${seed}: turned out`);
  return world.told;
}

test('whichever pages die, freeze, hide and adopt, and whenever, every click counts exactly once', () => {
  const all = {};
  for (let seed = 1; seed <= 300; seed += 1) {
    for (const [key, n] of Object.entries(play(seed))) all[key] = (all[key] ?? 0) + n;
  }
  // Else this would have tried nothing.
  assert.ok(all['before.counted'] > 100, JSON.stringify(all));
  assert.ok(all['before.known'] > 100, JSON.stringify(all));
});

test('the same while storage is full now and then', () => {
  for (let seed = 1; seed <= 150; seed += 1) play(seed, true);
});
