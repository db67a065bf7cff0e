// A hub that throttles, is down, refuses our token, answers nonsense or does not answer keeps its
// devices `assigning` until it is well again; one that is full sends new, hashed devices to the next.
import assert from 'node:assert/strict';
import {after, test} from 'node:test';

import {newKey} from './certificates.mjs';
import {setFault} from './hub_fault.mjs';
import {atHub, hubNames, hubsHolding, service} from './peers.mjs';
import {begin} from './plain_registration.mjs';
import {until} from './waiting.mjs';

const RECOVERED_WITHIN_MS = 60_000;
const client = service();
const [hub, other] = hubNames;

after(async () => {
  for (const name of hubNames) await setFault(name, 'none');
});

async function enroll(registrationId, allocation) {
  const keys = {primaryKey: newKey(), secondaryKey: newKey()};
  await client.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: {type: 'symmetricKey', symmetricKey: keys},
    ...allocation,
  });
  return keys.primaryKey;
}

const beginWhenKnown = (id, key) => until(`the gateway to take ${id} in`, () => begin(id, key));

async function assignedTo(operation) {
  const done = await until('the device to be assigned', async () => {
    const state = await operation();
    return state.status === 'assigning' ? undefined : state;
  }, RECOVERED_WITHIN_MS);
  assert.equal(done.status, 'assigned');
  return done.registrationState.assignedHub;
}

for (const mode of ['throttle', 'down', 'unauthorized', 'nonsense']) {
  test(`while its hub answers as ${mode}, a device waits; then it gets that hub`, async () => {
    const id = `patient-${mode}`;
    const key = await enroll(id, {allocationPolicy: 'hashed'});
    // Whichever hub it is to be.
    for (const name of hubNames) await setFault(name, mode);
    const operation = await beginWhenKnown(id, key);
    for (let i = 0; i < 3; ++i) assert.equal((await operation()).status, 'assigning');
    for (const name of hubNames) await setFault(name, 'none');
    const assigned = await assignedTo(operation);
    assert.deepEqual(await hubsHolding(id), [assigned]);
  });
}

test('a device of a hub that is too slow to answer gets there in the end, once', async () => {
  const id = 'patient-slow';
  const key = await enroll(id, {allocationPolicy: 'static', iotHubs: [hub]});
  // It does what it is asked, and says so when nobody listens any more.
  await setFault(hub, 'slow', {milliseconds: 12_000, count: 1});
  const operation = await beginWhenKnown(id, key);
  assert.equal((await operation()).status, 'assigning');
  assert.equal(await assignedTo(operation), hub);
  assert.deepEqual(await hubsHolding(id), [hub]);
});

test('a hub that is full sends new, hashed devices to the next one', async () => {
  await setFault(hub, 'full');
  for (let i = 0; i < 6; ++i) {
    const id = `late-${i}`;
    const operation = await beginWhenKnown(id, await enroll(id, {allocationPolicy: 'hashed'}));
    assert.equal(await assignedTo(operation), other);
    assert.equal(await atHub(hub, id), undefined);
  }
});

test('a device that may go nowhere else is refused by a full hub, and may come again', async () => {
  const id = 'faithful';
  const key = await enroll(id, {allocationPolicy: 'static', iotHubs: [hub]});
  await setFault(hub, 'full');
  const operation = await beginWhenKnown(id, key);
  const state = await until('an end', async () => {
    const seen = await operation();
    return seen.status === 'assigning' ? undefined : seen;
  });
  assert.equal(state.status, 'failed');
  await setFault(hub, 'none');
  assert.equal(await assignedTo(await begin(id, key)), hub);
});
