// Older database files put back in place (design, section 4): the coordinator's back-up, and the
// gateway's disk. Each is noticed, raises an alarm, and what is missing comes from the other side.
import assert from 'node:assert/strict';
import {copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import {newKey} from './certificates.mjs';
import {assigned, registerFleet} from './fleet.mjs';
import {Installation} from './installation.mjs';
import {hubNames, registeredAtCoordinator, service} from './peers.mjs';
import {until} from './waiting.mjs';

const DEVICES = 10;

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();
const [hub, otherHub] = hubNames;

// A group whose devices keep the hub that they have: which one they are told shows whether it is
// known that they have one.
async function writeGroup(group, to) {
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: group.id,
    attestation: {type: 'symmetricKey', symmetricKey: group.keys},
    allocationPolicy: 'static',
    iotHubs: [to],
    reprovisionPolicy: {updateHubAssignment: false, migrateDeviceData: false},
    ...(group.etag ? {etag: group.etag} : {}),
  });
  group.etag = (await client.getEnrollmentGroup(group.id)).responseBody.etag;
}

async function makeGroup(id) {
  const group = {id, keys: {primaryKey: newKey(), secondaryKey: newKey()}};
  await writeGroup(group, hub);
  await until(`the gateway to know ${id}`, () => registerOne(group, `${id}-first`, hub));
  return group;
}

const fleetOf = (group, prefix, count = DEVICES) =>
    ({prefix, count, groupKey: group.keys.primaryKey, protocol: 'https'});

async function assertAssigned(group, prefix, to, count = DEVICES) {
  const reports = await registerFleet(fleetOf(group, prefix, count));
  assert.equal(assigned(reports).length, count, JSON.stringify(reports));
  for (const report of reports) assert.equal(report.assignedHub, to, report.registrationId);
}

async function registerOne(group, id, to) {
  await assertAssigned(group, id, to, 1);
  return true;
}

const untilAtCoordinator = (group, prefix) =>
    until(`the coordinator to know ${prefix}`, async () => {
      const known = await registeredAtCoordinator(group.id);
      for (let n = 0; n < DEVICES; ++n) assert.ok(known.has(`${prefix}${n}`), `${prefix}${n}`);
      return known;
    });

// ---- Database files, of a program that is stopped ----

const databaseFiles = (folder, program) =>
    readdirSync(folder).filter((name) => name.startsWith(`${program}.db`));

async function whileStopped(program, action) {
  await installation.end(program);
  action(path.join(installation.dir, program));
  await installation.restart(program);
}

async function backUp(program) {
  const copy = mkdtempSync(path.join(installation.dir, 'copy-'));
  await whileStopped(program, (folder) => {
    for (const name of databaseFiles(folder, program)) {
      copyFileSync(path.join(folder, name), path.join(copy, name));
    }
  });
  return copy;
}

async function putBack(program, copy) {
  await whileStopped(program, (folder) => {
    for (const name of databaseFiles(folder, program)) rmSync(path.join(folder, name));
    for (const name of readdirSync(copy)) {
      copyFileSync(path.join(copy, name), path.join(folder, name));
    }
  });
}

const alarms = (program, about) =>
    readFileSync(path.join(installation.dir, `berth-${program}.log`), 'utf8')
        .split('\n')
        .filter((line) => line.includes('"level":"error"') && about.test(line))
        .length;

test('a coordinator whose back-up was restored learns again what it lost', async (t) => {
  const RESTORED = /a back-up of its store was restored/;
  const group = await makeGroup('restored');
  await assertAssigned(group, 'before-', hub);
  await untilAtCoordinator(group, 'before-');
  const copy = await backUp('coordinator');

  await assertAssigned(group, 'after-', hub);
  await untilAtCoordinator(group, 'after-');
  await putBack('coordinator', copy);

  await t.test('from the gateway', async () => {
    const known = await untilAtCoordinator(group, 'after-');
    for (const at of known.values()) assert.equal(at, hub);
    assert.equal(alarms('coordinator', RESTORED), 1);
  });

  await t.test('while the gateway forgets nothing', async () => {
    await writeGroup(group, otherHub);
    await until('the gateway to know the other hub',
                () => registerOne(group, `restored-probe-${Date.now()}`, otherHub));
    await assertAssigned(group, 'before-', hub);
    await assertAssigned(group, 'after-', hub);
  });

  await t.test('and is a store like any other from then on', async () => {
    await installation.end('coordinator');
    await installation.restart('coordinator');
    await makeGroup('restored-later');
    assert.equal(alarms('coordinator', RESTORED), 1);
  });
});

test('a gateway whose disk was rolled back learns again what it lost', async (t) => {
  const ROLLED_BACK = /disk was rolled back: /;
  const group = await makeGroup('rolled-back');
  const copy = await backUp('gateway');
  await assertAssigned(group, 'forgotten-', hub);
  await untilAtCoordinator(group, 'forgotten-');
  await writeGroup(group, otherHub);

  // On its own first: as many outcomes under the same numbers as the coordinator has taken in.
  await installation.berth('dev', 'offline', '--dir', installation.dir);
  await putBack('gateway', copy);
  await assertAssigned(group, 'meanwhile-', hub);
  await installation.berth('dev', 'online', '--dir', installation.dir);

  await t.test('and nothing is lost that it assigned before that was noticed', async () => {
    await untilAtCoordinator(group, 'meanwhile-');
    assert.equal(alarms('coordinator', ROLLED_BACK), 1);
    assert.equal(alarms('gateway', ROLLED_BACK), 1);
  });

  await t.test('and serves from what it learned', async () => {
    await until('the gateway to know the other hub',
                () => registerOne(group, `rolled-back-probe-${Date.now()}`, otherHub));
    await installation.kill('coordinator');
    await assertAssigned(group, 'forgotten-', hub);
    await assertAssigned(group, 'meanwhile-', hub);
    await installation.restart('coordinator');
  });
});
