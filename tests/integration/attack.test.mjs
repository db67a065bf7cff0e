// Hostile devices against a gateway on real sockets (berth-device attack): it stays up, its memory
// stays within what its connections may cost and comes back, and honest devices get through within
// seconds, whatever goes on.
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {text} from 'node:stream/consumers';
import test from 'node:test';
import {setTimeout} from 'node:timers/promises';

import {newKey} from './certificates.mjs';
import {assigned, registerFleet} from './fleet.mjs';
import {Installation} from './installation.mjs';
import {service} from './peers.mjs';
import {until} from './waiting.mjs';

const MIB = 1024 * 1024;
// What gateway/core/limits.hpp allows, and what a TLS connection costs (docs/performance.md).
const MAX_CONNECTIONS = 2000;
const CONNECTION_COST = 100 * 1024;
// Beside the connections: requests under way, and what the allocator has not given back yet.
const SLACK = 64 * MIB;
const RETURNS_WITHIN_MS = 30_000;
// "Within seconds": a registration takes one by itself, and the machine is busy.
const HONEST_WITHIN_SECONDS = 10;
const SAMPLE_EVERY_MS = 200;
const FLOOD = 20_000;
const IDLE = 2500;
// The longest deadline that a silent connection has, and some for a busy machine.
const CLOSED_WITHIN_MS = 35_000;
const ATTACKER = '127.0.0.66';

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const groupKey = newKey();
let devices = 0;

function gatewayMemory() {
  const {pids} = installation.description();
  const status = readFileSync(`/proc/${pids.gateway}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)[1]) * 1024;
}

const memoryToComeBack = (to) => until('the memory to come back', () => gatewayMemory() < to,
                                       RETURNS_WITHIN_MS);

async function attack(kind, options) {
  const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const program = spawn(
      path.join(process.env.BERTH_BIN, 'berth-device'),
      ['attack', kind, '--dev', path.join(process.env.BERTH_DEV_DIR, 'dev.json'), ...words],
      {stdio: ['ignore', 'pipe', 'inherit']});
  const [said, [code]] = await Promise.all([text(program.stdout), once(program, 'exit')]);
  assert.equal(code, 0, kind);
  return JSON.parse(said);
}

async function registerHonest(protocol) {
  const [report] = await registerFleet({
    prefix: `attack-honest-${devices++}`, count: 1, groupKey, protocol,
    timeoutSeconds: HONEST_WITHIN_SECONDS,
  });
  return report;
}

// Registers honest devices, one after another, for as long as `attacks` go on.
async function honestWhile(attacks) {
  let isOver = false;
  let most = 0;
  const reports = [];
  const watch = async () => {
    while (!isOver) {
      most = Math.max(most, gatewayMemory());
      await setTimeout(SAMPLE_EVERY_MS);
    }
  };
  const register = async () => {
    const protocols = ['https', 'mqtt', 'amqp', 'mqtt-ws', 'amqp-ws'];
    for (let n = 0; !isOver; ++n) reports.push(await registerHonest(protocols[n % protocols.length]));
  };
  const attacked = Promise.all(attacks).finally(() => { isOver = true; });
  const [ends] = await Promise.all([attacked, watch(), register()]);
  assert.ok(reports.length >= 1, 'no honest device came');
  for (const {registrationId, status, message} of reports) {
    assert.equal(status, 'assigned', `${registrationId}: ${message}`);
  }
  return {ends, reports, most};
}

function longest(reports) {
  return Math.max(...reports.map(({milliseconds}) => milliseconds));
}

test('a gateway under attack stays up and fair', async (t) => {
  await service().createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'attacked',
    attestation: {
      type: 'symmetricKey',
      symmetricKey: {primaryKey: groupKey, secondaryKey: newKey()},
    },
  });
  await until('the gateway to know the group',
              async () => assigned([await registerHonest('https')]).length === 1);
  // What it needs once it has done everything once is what it has to come back to.
  await registerFleet({prefix: 'attack-warm-', count: 100, groupKey, protocol: 'mqtt'});
  const before = gatewayMemory();
  const {gateway} = installation.description().pids;
  const bound = before + MAX_CONNECTIONS * CONNECTION_COST + SLACK;

  await t.test(`${FLOOD} connection attempts from the honest devices' own address`, async (u) => {
    const {ends: [flood], reports, most} = await honestWhile([
      attack('connection-flood', {count: FLOOD, concurrency: 3000, hold: 500, seconds: 120}),
    ]);
    u.diagnostic(JSON.stringify(flood));
    u.diagnostic(`memory ${before / MIB | 0} MiB before, ${most / MIB | 0} MiB at most; ` +
                 `${reports.length} honest devices, the longest ${longest(reports)} ms`);
    assert.equal(flood.attempts, FLOOD);
    assert.ok(most < bound, `${most / MIB} MiB`);
    await memoryToComeBack(before + SLACK);
  });

  await t.test('thousands of connections that stay silent, half-open or slow', async (u) => {
    const seconds = 60;
    const {ends, reports, most} = await honestWhile([
      attack('idle', {count: IDLE, concurrency: IDLE, seconds, from: ATTACKER}),
      attack('half-open', {count: 500, concurrency: 500, seconds, from: ATTACKER}),
      attack('slow-handshake', {count: 200, concurrency: 200, seconds, from: '127.0.0.67'}),
    ]);
    for (const end of ends) {
      u.diagnostic(JSON.stringify(end));
      // The gateway ended every one of them, by its deadlines or to make room.
      assert.equal(end.ends['held to the end'], undefined, end.attack);
      assert.ok(end.milliseconds.max < CLOSED_WITHIN_MS, `${end.attack}: ${end.milliseconds.max}`);
    }
    u.diagnostic(`${reports.length} honest devices, the longest ${longest(reports)} ms`);
    assert.ok(most < bound, `${most / MIB} MiB`);
    await memoryToComeBack(before + SLACK);
  });

  await t.test('lengths that lie, and bodies that nest', async (u) => {
    const lies = {seconds: 60, concurrency: 10, from: ATTACKER};
    const {ends, most} = await honestWhile([
      attack('http-lengths', {...lies, count: 10}),
      attack('deep-json', {...lies, count: 6}),
      attack('mqtt-lengths', {...lies, count: 9}),
      attack('amqp-lengths', {...lies, count: 10}),
      attack('websocket-lengths', {...lies, count: 7}),
    ]);
    for (const {attack: kind, ends: each, milliseconds} of ends) {
      for (const end of Object.keys(each)) {
        u.diagnostic(`${kind}: ${end}`);
        // Refused, and then closed; an upgrade is answered before the first lie is told.
        assert.match(end, /: (status (101|4\d\d), |answered, )?closed$/, kind);
      }
      assert.ok(milliseconds.max < CLOSED_WITHIN_MS, `${kind}: ${milliseconds.max}`);
    }
    assert.ok(most < before + SLACK, `${most / MIB} MiB`);
  });

  await t.test('guesses under an ID, while its owner registers', async (u) => {
    const owner = 'attack-owner';
    const guesses = attack('bad-credentials', {
      'registration-id': owner, count: 100_000, concurrency: 50, seconds: 15, from: ATTACKER,
    });
    let isOver = false;
    const ended = guesses.finally(() => { isOver = true; });
    const times = [];
    while (!isOver) {
      const [report] = await registerFleet({
        prefix: owner, count: 1, groupKey, protocol: 'https', timeoutSeconds: HONEST_WITHIN_SECONDS,
      });
      assert.equal(report.status, 'assigned', report.message);
      times.push(report.milliseconds);
    }
    const report = await ended;
    u.diagnostic(JSON.stringify(report));
    u.diagnostic(`the owner registered ${times.length} times, the longest ${Math.max(...times)} ms`);
    assert.ok(times.length >= 3);
    // None of the guesses got more than a refusal, and they had to wait for it; some got less.
    const others = Object.keys(report.ends).filter(
        (end) => !/^(status 401, closed|held to the end|not connected: .*)$/.test(end));
    assert.deepEqual(others, []);
    assert.ok(report.milliseconds.p50 > 1000, `${report.milliseconds.p50} ms`);
  });

  await t.test('and afterwards it is as it was', async () => {
    assert.equal(installation.description().pids.gateway, gateway);
    for (const protocol of ['https', 'mqtt', 'amqp', 'mqtt-ws', 'amqp-ws', 'https']) {
      const report = await registerHonest(protocol);
      assert.equal(report.status, 'assigned', `${protocol}: ${report.message}`);
    }
    await memoryToComeBack(before + SLACK);
  });
});
