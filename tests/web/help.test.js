import assert from 'node:assert/strict';
import { test } from 'node:test';

import { causes } from '../../web/views/help.js';

const wifi = { address: '192.168.1.42', interface: 'wlan0', kind: 'private', chosen: true };
const cable = { address: '10.0.0.2', interface: 'eth0', kind: 'private', chosen: false };
const keys = (known) => causes(known).map(({ key }) => key.replace('help.', '')).join(' ');
const firewall = (state, product = 'ufw', remedy = 'sudo ufw allow 8000/tcp') => ({ product, state, remedy });

test('a firewall that blocks comes first, one that cannot be read after it, one that is harmless last', () => {
  assert.equal(keys({ firewalls: [firewall('blocks')], addresses: [wifi] }), 'blocks isolation portal live');
  assert.equal(keys({ firewalls: [firewall('unknown'), firewall('blocks', 'firewalld')], addresses: [wifi, cable] }), 'blocks unknown several isolation portal live');
  assert.equal(keys({ firewalls: [firewall('allows', 'ufw', null), firewall('off', 'firewalld', null)], addresses: [wifi] }), 'isolation portal live allows off');
});

test('no firewall is told too, last', () => {
  assert.equal(keys({ firewalls: [], addresses: [wifi] }), 'isolation portal live none');
});

test('an address that others can rarely reach is likelier than a firewall that may be in the way', () => {
  const vpn = { ...cable, kind: 'tunnel', chosen: true };
  assert.equal(keys({ firewalls: [firewall('unknown')], addresses: [vpn, { ...wifi, chosen: false }] }), 'unlikely unknown isolation portal live');
  assert.equal(keys({ firewalls: [firewall('unknown')], addresses: [vpn] }), 'unlikely unknown isolation portal live');
});

test('where devices have come and nobody is here, what is live is stopped: that is the likeliest', () => {
  assert.equal(keys({ firewalls: [firewall('blocks')], addresses: [wifi], hasCome: true }), 'live blocks isolation portal');
});

test('what to do: a command where there is one, else the way through the settings', () => {
  const [blocks] = causes({ firewalls: [firewall('blocks')], addresses: [] });
  assert.deepEqual(blocks, { key: 'help.blocks', values: { product: 'ufw' }, does: 'help.do.blocks', command: 'sudo ufw allow 8000/tcp' });
  assert.equal(causes({ firewalls: [firewall('blocks', 'Windows, Public', null)], addresses: [] })[0].does, 'help.do.windows');
  assert.equal(causes({ firewalls: [firewall('unknown', 'macOS', null)], addresses: [] })[0].does, 'help.do.macos');
});
