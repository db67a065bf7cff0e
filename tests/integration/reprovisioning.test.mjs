// Reprovisioning (service API, section 2.9) end to end: what moves, when, and what comes along, for
// every reprovision policy. Moves are forced by changing the enrollment's hubs, as an admin does.
import assert from 'node:assert/strict';
import test from 'node:test';

import {newKey} from './certificates.mjs';
import {Installation} from './installation.mjs';
import {atHub, changeTwin, dev, hubNames, hubsHolding, register, service, withKey} from './peers.mjs';
import {registerRaw} from './raw_device.mjs';
import {until} from './waiting.mjs';

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();
const [first, second] = hubNames;
const initialTwin = {tags: {from: 'enrollment'}, properties: {desired: {interval: 1}}};

async function enroll(registrationId, updateHubAssignment, migrateDeviceData) {
  const keys = {primaryKey: newKey(), secondaryKey: newKey()};
  await client.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: {type: 'symmetricKey', symmetricKey: keys},
    allocationPolicy: 'static',
    iotHubs: [first],
    reprovisionPolicy: {updateHubAssignment, migrateDeviceData},
    initialTwin,
  });
  return withKey(registrationId, keys.primaryKey);
}

async function moveTo(registrationId, hub) {
  const enrollment = (await client.getIndividualEnrollment(registrationId)).responseBody;
  await client.createOrUpdateIndividualEnrollment({...enrollment, iotHubs: [hub]});
}

// In its first hub, with a twin that has become its own, and the enrollment pointing at the second.
async function settled(registrationId, updateHubAssignment, migrateDeviceData) {
  const security = await enroll(registrationId, updateHubAssignment, migrateDeviceData);
  const state = await until('the gateway to know it', () => register('Http', security));
  assert.equal(state.assignedHub, first);
  await changeTwin(first, registrationId,
                   {tags: {from: 'operator'}, properties: {desired: {interval: 99}}});
  await moveTo(registrationId, second);
  return security;
}

// A device registers until the gateway has heard of the change.
const registersInto = (hub, security) => until(`the device to be told ${hub}`, async () => {
  const state = await register('Mqtt', security);
  return state.assignedHub === hub && state;
});

test('migrate: the device moves with its tags and desired properties', async () => {
  const security = await settled('moves-with-data', true, true);
  const state = await registersInto(second, security);
  assert.equal(state.substatus, 'deviceDataMigrated');
  const {twin} = await atHub(second, 'moves-with-data');
  assert.deepEqual(twin.tags, {from: 'operator'});
  assert.equal(twin.properties.desired.interval, 99);
  // Cut off from the old hub once the new one has it, and not before.
  await until('the old identity to be cut off',
              async () => (await hubsHolding('moves-with-data')).join() === second);
});

test('reset: the device moves, and begins with the enrollment\'s twin', async () => {
  const security = await settled('moves-afresh', true, false);
  const state = await registersInto(second, security);
  assert.equal(state.substatus, 'deviceDataReset');
  const {twin} = await atHub(second, 'moves-afresh');
  assert.deepEqual(twin.tags, initialTwin.tags);
  assert.equal(twin.properties.desired.interval, 1);
  await until('the old identity to be cut off',
              async () => (await hubsHolding('moves-afresh')).join() === second);
});

for (const migrate of [false, true]) {
  test(`never (migrateDeviceData ${migrate}): the device stays, with its twin`, async () => {
    const id = `never-moves-${migrate}`;
    const security = await settled(id, false, migrate);
    // Another enrollment that the gateway has heard of proves that it heard of this one.
    const witness = await enroll(`${id}-witness`, true, true);
    await until('the gateway to be up to date', () => register('Http', witness));
    const state = await register('Http', security);
    assert.equal(state.assignedHub, first);
    assert.equal(state.substatus, 'initialAssignment');
    const {twin} = await atHub(first, id);
    assert.deepEqual(twin.tags, {from: 'operator'});
    assert.deepEqual(await hubsHolding(id), [first]);
  });
}

const berth = (...args) => installation.berth(
    '--login', dev.service.connectionString, '--ca-file', dev.service.caFile, ...args);

const policies = [[true, true], [true, false], [false, true], [false, false]];

for (const [update, migrate] of policies) {
  test(`a device that comes again stays where it is (${update}, ${migrate}), with its twin`, async () => {
    const id = `comes-again-${update}-${migrate}`;
    const security = await enroll(id, update, migrate);
    await until('the gateway to know it', () => register('Http', security));
    await changeTwin(first, id, {tags: {from: 'operator'}, properties: {desired: {interval: 99}}});
    const state = await register('Mqtt', security);
    assert.equal(state.assignedHub, first);
    assert.equal(state.substatus, 'initialAssignment');
    const {twin} = await atHub(first, id);
    assert.deepEqual(twin.tags, {from: 'operator'});
    assert.equal(twin.properties.desired.interval, 99);
    assert.deepEqual(await hubsHolding(id), [first]);
  });
}

test('a hub that records refer to is unlinked with a warning, and its devices move if they may', async () => {
  const devices = await Promise.all(policies.map(async ([update, migrate]) => {
    const id = `unlinked-${update}-${migrate}`;
    const keys = {primaryKey: newKey(), secondaryKey: newKey()};
    await client.createOrUpdateIndividualEnrollment({
      registrationId: id,
      attestation: {type: 'symmetricKey', symmetricKey: keys},
      allocationPolicy: 'static',
      iotHubs: [first],
      reprovisionPolicy: {updateHubAssignment: update, migrateDeviceData: migrate},
      initialTwin,
    });
    const security = withKey(id, keys.primaryKey);
    await until('the gateway to know it', () => register('Http', security));
    return {id, security, keys, update};
  }));
  for (const {id, update} of devices) {
    if (update) await moveTo(id, second);
  }
  const group = {enrollmentGroupId: 'left-behind', attestation: {type: 'symmetricKey'}, iotHubs: [first]};
  await client.createOrUpdateEnrollmentGroup(group);
  await until('the registrations to reach the coordinator', async () => {
    const states = await Promise.all(
        devices.map(async ({id}) => (await client.getDeviceRegistrationState(id)).responseBody));
    return states.every((state) => state.status === 'assigned');
  });

  const {stdout: answered} = await berth('hub', 'unlink', first);
  assert.match(answered, new RegExp(`unlinked ${first}; its devices stay in it`));
  const [, individuals, groups] = answered.match(
      /warning: (\d+) individual enrollments? and (\d+) enrollment groups? name /);
  const registered = answered.match(/ (\d+) devices are registered in it and stay there/)[1];
  const rows = (await client.createIndividualEnrollmentQuery({query: '*'}, 100).next()).responseBody;
  assert.equal(Number(individuals), rows.filter((row) => row.iotHubs?.includes(first)).length);
  assert.equal(Number(groups), 1);
  assert.ok(Number(registered) >= devices.length, answered);
  assert.match(answered, /berth allocation dry-run/);

  for (const {id, security, keys, update} of devices) {
    if (update) {
      const state = await registersInto(second, security);
      assert.equal(state.substatus, 'deviceDataReset', 'nothing could be migrated');
      const {twin} = await atHub(second, id);
      assert.deepEqual(twin.tags, initialTwin.tags);
    } else {
      const stuck = await registerRaw(id, keys.primaryKey);
      assert.equal(stuck.status, 'failed');
      assert.match((await client.getDeviceRegistrationState(id)).responseBody.assignedHub,
                   new RegExp(first));
    }
  }
});
