// Invariant 1 of the design, section 4, on real processes: the gateway is killed at many points of
// many concurrent registrations, and no device that was told `assigned` is forgotten.
import assert from 'node:assert/strict';
import test from 'node:test';
import {setTimeout} from 'node:timers/promises';

import {newKey} from './certificates.mjs';
import {assigned, registerFleet} from './fleet.mjs';
import {Installation} from './installation.mjs';
import {hubNames, registeredAtCoordinator, registry, service} from './peers.mjs';
import {sequence} from './random.mjs';
import {until} from './waiting.mjs';

const KILLS = 25;
// From a start to the next kill: before the first device is through, and long after. A device takes
// a little more than a second, most of it between its first call and its next.
const SHORTEST_LIFE_MS = 100;
const LONGEST_LIFE_MS = 2000;
const SEED = 20261;
// Fleets that run beside each other, each followed by another until the last kill.
const LANES = 6;
const DEVICES_OF_A_FLEET = 12;
const AT_ONCE_IN_A_FLEET = 6;
const FLEETS_ASKED_AGAIN_AT_ONCE = 12;
const CAUGHT_UP_WITHIN_MS = 30_000;

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const groupKey = newKey();

// Devices that were told `assigned`, and the fleets that they are of.
const told = new Map();
const fleets = [];
let cutOff = 0;

async function keepRegistering(lane, isOver) {
  for (let n = 0; !isOver(); ++n) {
    const fleet = {
      prefix: `killed-${lane}-${n}-`,
      count: DEVICES_OF_A_FLEET,
      protocol: lane % 2 === 0 ? 'https' : 'mqtt',
      groupKey,
    };
    const reports = await registerFleet({...fleet, concurrency: AT_ONCE_IN_A_FLEET});
    const through = assigned(reports);
    for (const report of through) told.set(report.registrationId, report.assignedHub);
    if (through.length > 0) fleets.push(fleet);
    if (through.length < reports.length) ++cutOff;
  }
}

// Registers some fleets once more; each device that was told a hub must be told it again.
async function assertToldAgain(some) {
  for (let n = 0; n < some.length; n += FLEETS_ASKED_AGAIN_AT_ONCE) {
    const batch = some.slice(n, n + FLEETS_ASKED_AGAIN_AT_ONCE);
    const reports = (await Promise.all(batch.map((fleet) => registerFleet(fleet)))).flat();
    for (const {registrationId, status, assignedHub, message} of reports) {
      assert.equal(status, 'assigned', `${registrationId}: ${message}`);
      if (told.has(registrationId)) assert.equal(assignedHub, told.get(registrationId));
    }
  }
}

test('a gateway that is killed anywhere forgets no device that was told its hub', async (t) => {
  await service().createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'killed',
    attestation: {
      type: 'symmetricKey',
      symmetricKey: {primaryKey: groupKey, secondaryKey: newKey()},
    },
    allocationPolicy: 'hashed',
    iotHubs: hubNames,
  });
  const first = {prefix: 'killed-first', count: 1, groupKey, protocol: 'https'};
  await until('the gateway to know the group',
              async () => assigned(await registerFleet(first)).length === 1);

  await t.test(`${KILLS} kills while devices register`, async () => {
    const random = sequence(SEED);
    let isOver = false;
    const killAgainAndAgain = async () => {
      for (let kill = 0; kill < KILLS && !isOver; ++kill) {
        await setTimeout(SHORTEST_LIFE_MS + random() * (LONGEST_LIFE_MS - SHORTEST_LIFE_MS));
        await installation.kill('gateway');
        await installation.restart('gateway');
      }
    };
    const work = [killAgainAndAgain()];
    for (let lane = 0; lane < LANES; ++lane) work.push(keepRegistering(lane, () => isOver));
    // The lanes go on until the last kill, or until something fails.
    const ended = await Promise.allSettled(
        work.map((one) => one.finally(() => { isOver = true; })));
    for (const {reason} of ended) assert.ifError(reason);
    t.diagnostic(`${told.size} devices were told their hub; ${cutOff} fleets were cut off`);
    assert.ok(cutOff >= KILLS, `only ${cutOff} fleets were cut off`);
    assert.ok(told.size >= KILLS, `only ${told.size} devices were told their hub`);
  });

  await t.test('each is on the hub it was told, and on no other', async () => {
    const holders = new Map();
    for (const hub of hubNames) {
      for (const {deviceId, status} of await registry(hub)) {
        if (status === 'enabled') holders.set(deviceId, [...(holders.get(deviceId) ?? []), hub]);
      }
    }
    for (const [id, hub] of told) assert.deepEqual(holders.get(id), [hub], id);
  });

  await t.test('each is at the coordinator', async () => {
    await until('the coordinator to have every registration', async () => {
      const known = await registeredAtCoordinator('killed');
      for (const [id, hub] of told) assert.equal(known.get(id), hub, id);
      return true;
    }, CAUGHT_UP_WITHIN_MS);
  });

  await t.test('each is told the same hub again', async () => {
    await assertToldAgain(fleets.filter((_, n) => n % 4 === 0));
  });

  await t.test('and from the disk of the gateway alone', async () => {
    await installation.kill('coordinator');
    await installation.kill('gateway');
    await installation.restart('gateway');
    await assertToldAgain(fleets);
    await installation.restart('coordinator');
  });
});
