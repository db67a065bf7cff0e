// Azure's device SDK over each transport, refused for reasons that are not its credential's (those are
// in device_sdk, 429 in device_throttled): what it was told, and that its hub was left alone.
import assert from 'node:assert/strict';
import test, {after, before} from 'node:test';

import {authority, derivedKey, device, newKey} from './certificates.mjs';
import {setFault} from './hub_fault.mjs';
import {Installation} from './installation.mjs';
import {
  atHub,
  createAtHub,
  dev,
  hubNames,
  hubsHolding,
  register,
  sdkDevice,
  service,
  transports,
  withCertificate,
  withKey,
} from './peers.mjs';
import {toldBy} from './sdk_errors.mjs';
import {until} from './waiting.mjs';
import {Webhook} from './webhook.mjs';

const client = service();
const groupKey = newKey();
const root = authority('Refusals Root');
const [hub] = hubNames;
const keyed = (id) => withKey(id, derivedKey(groupKey, id));
let webhook;

const enrollGroup = (enrollmentGroupId, attestation, allocation) =>
    client.createOrUpdateEnrollmentGroup({enrollmentGroupId, attestation, ...allocation});

before(async () => {
  const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
  webhook = await Webhook.start('127.0.0.9', installation.dir);
  await enrollGroup('refusals-keys', {
    type: 'symmetricKey',
    symmetricKey: {primaryKey: groupKey, secondaryKey: newKey()},
  }, {allocationPolicy: 'static', iotHubs: [hub]});
  await enrollGroup('refusals-root', {
    type: 'x509',
    x509: {signingCertificates: {primary: {certificate: root.certificate}}},
  }, {
    allocationPolicy: 'custom',
    iotHubs: hubNames,
    customAllocationDefinition: {webhookUrl: webhook.url, apiVersion: '2021-10-01'},
  });
  webhook.answer = () => ({status: 200, body: {iotHubHostName: hub}});
  await until('the gateway to know the groups', async () => {
    await register('Http', keyed('refusals-known'));
    return register('Http', withCertificate('refusals-known-x509', device('refusals-known-x509', root)));
  });
});
after(async () => {
  webhook.stop();
  await setFault(hub, 'none');
});

const together = {concurrency: true};
const everyTransport = (t, body) => Promise.all(Object.keys(transports).map(
    (transport) => t.test(transport, () => body(transport, transport.toLowerCase()))));

async function told(transport, registering) {
  return toldBy(transport, await registering.then(() => undefined, (error) => error));
}

const failures = [
  ['fails', 400207, {status: 404, body: {}}],
  ['names no hub', 400208, {status: 200, body: {}}],
  ['lets nobody in', 400209, {status: 401, body: {}}],
];
for (const [what, code, answer] of failures) {
  test(`a webhook that ${what} fails the registration with ${code}`, together, async (t) => {
    webhook.answer = () => answer;
    await everyTransport(t, async (transport, name) => {
      const id = `refusals-${code}-${name}`;
      const {errorCode, errorMessage, ...state} =
          await told(transport, register(transport, withCertificate(id, device(id, root))));
      assert.equal(errorCode, code);
      assert.ok(errorMessage);
      assert.equal(state.status, 'failed');
      assert.ok(!('assignedHub' in state));
      assert.deepEqual(await hubsHolding(id), []);
    });
  });
}

test('a hub that is full fails the registration, and takes the device later', together, async (t) => {
  await setFault(hub, 'full');
  const refused = [];
  await everyTransport(t, async (transport, name) => {
    const id = `refusals-full-${name}`;
    const device = sdkDevice(transport, keyed(id));
    assert.equal((await told(transport, device.register())).errorCode, 403301);
    refused.push(device);
  });
  await setFault(hub, 'none');
  for (const device of refused) assert.equal((await device.register()).assignedHub, hub);
});

test('a device of that name that is not ours stays as it is', together, async (t) => {
  await everyTransport(t, async (transport, name) => {
    const id = `refusals-foreign-${name}`;
    await createAtHub(hub, id);
    const {identity: theirs} = await atHub(hub, id);
    assert.equal((await told(transport, register(transport, keyed(id)))).errorCode, 409301);
    assert.deepEqual((await atHub(hub, id)).identity, theirs);
  });
});

test('a certificate of another name is refused before anything is asked', together, async (t) => {
  await everyTransport(t, async (transport, name) => {
    const id = `refusals-named-${name}`;
    const leaf = device(`refusals-named-otherwise-${name}`, root);
    const refusal = await told(transport, register(transport, withCertificate(id, leaf)));
    if (transport.startsWith('Mqtt')) {
      assert.equal(refusal.connack, 5);
    } else {
      assert.equal(refusal.errorCode, 401002);
    }
    assert.deepEqual(await hubsHolding(id), []);
  });
});

test('a registration ID that is none is refused', together, async (t) => {
  await everyTransport(t, async (transport, name) => {
    const refusal = await told(transport, register(transport, keyed(`refusals!${name}`)));
    if (transport.startsWith('Mqtt')) {
      assert.equal(refusal.connack, 2);
    } else {
      assert.equal(refusal.errorCode, 400201);
    }
  });
});

test('a payload that is no object is refused, and one that is too large', together, async (t) => {
  const BODY_LIMIT = 96 * 1024;
  await everyTransport(t, async (transport, name) => {
    const id = `refusals-payload-${name}`;
    const list = await told(transport, register(transport, keyed(id), dev.idScope, [1]));
    assert.equal(list.errorCode, 400201);
    const around = JSON.stringify({registrationId: id, payload: {x: ''}}).length;
    const of = (size) => ({x: 'y'.repeat(size - around)});
    const large = await told(transport,
                             register(transport, keyed(id), dev.idScope, of(BODY_LIMIT + 1)));
    assert.equal(Math.floor(large.errorCode / 1000), 413);
    assert.deepEqual(await hubsHolding(id), []);
    const state = await register(transport, keyed(id), dev.idScope, of(BODY_LIMIT));
    assert.equal(state.assignedHub, hub);
  });
});
