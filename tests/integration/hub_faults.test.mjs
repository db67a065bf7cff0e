// A hub that throttles, is down, refuses our token, answers nonsense or does not answer keeps its
// devices `assigning` until it is well again; one that is full sends new, hashed devices to the next.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {after, test} from 'node:test';

import {newKey} from './certificates.mjs';
import {atHub, hubNames, hubsHolding, service} from './peers.mjs';
import {begin} from './plain_registration.mjs';
import {until} from './waiting.mjs';

const RECOVERED_WITHIN_MS = 60_000;
const client = service();
const [hub, other] = hubNames;

const configuration = readFileSync(path.join(process.env.BERTH_DEV_DIR, 'berth-hub.toml'), 'utf8');
const management = /\[management\][^[]*?port = (\d+)/.exec(configuration)[1];

async function fault(order) {
  const answer = await fetch(`http://127.0.0.1:${management}/faults`,
                             {method: 'POST', body: JSON.stringify(order)});
  assert.ok(answer.ok, await answer.text());
}

after(async () => {
  for (const name of hubNames) await fault({hub: name, mode: 'none'});
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
    for (const name of hubNames) await fault({hub: name, mode});
    const operation = await beginWhenKnown(id, key);
    for (let i = 0; i < 3; ++i) assert.equal((await operation()).status, 'assigning');
    for (const name of hubNames) await fault({hub: name, mode: 'none'});
    const assigned = await assignedTo(operation);
    assert.deepEqual(await hubsHolding(id), [assigned]);
  });
}

test('a device of a hub that is too slow to answer gets there in the end, once', async () => {
  const id = 'patient-slow';
  const key = await enroll(id, {allocationPolicy: 'static', iotHubs: [hub]});
  // It does what it is asked, and says so when nobody listens any more.
  await fault({hub, mode: 'slow', milliseconds: 12_000, count: 1});
  const operation = await beginWhenKnown(id, key);
  assert.equal((await operation()).status, 'assigning');
  assert.equal(await assignedTo(operation), hub);
  assert.deepEqual(await hubsHolding(id), [hub]);
});

test('a hub that is full sends new, hashed devices to the next one', async () => {
  await fault({hub, mode: 'full'});
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
  await fault({hub, mode: 'full'});
  const operation = await beginWhenKnown(id, key);
  const state = await until('an end', async () => {
    const seen = await operation();
    return seen.status === 'assigning' ? undefined : seen;
  });
  assert.equal(state.status, 'failed');
  await fault({hub, mode: 'none'});
  assert.equal(await assignedTo(await begin(id, key)), hub);
});
