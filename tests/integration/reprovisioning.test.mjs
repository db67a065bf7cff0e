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

test('a device whose hub was unlinked moves if it may, and is told so if it may not', async () => {
  const movable = await enroll('leaves-unlinked', true, true);
  const fixed = {keys: {primaryKey: newKey(), secondaryKey: newKey()}, id: 'stuck-unlinked'};
  await client.createOrUpdateIndividualEnrollment({
    registrationId: fixed.id,
    attestation: {type: 'symmetricKey', symmetricKey: fixed.keys},
    allocationPolicy: 'static',
    iotHubs: [first],
    reprovisionPolicy: {updateHubAssignment: false, migrateDeviceData: false},
  });
  await until('the gateway to know them', () => register('Http', movable));
  const before = await until('the gateway to know the last',
                             () => registerRaw(fixed.id, fixed.keys.primaryKey));
  assert.equal(before.assignedHub, first);

  await moveTo('leaves-unlinked', second);
  await berth('hub', 'unlink', first);
  const state = await registersInto(second, movable);
  assert.equal(state.substatus, 'deviceDataMigrated');
  const {twin} = await atHub(second, 'leaves-unlinked');
  assert.deepEqual(twin.tags, initialTwin.tags);
  const stuck = await registerRaw(fixed.id, fixed.keys.primaryKey);
  assert.equal(stuck.status, 'failed');
  assert.match((await client.getDeviceRegistrationState(fixed.id)).responseBody.assignedHub,
               new RegExp(first));
});
