// The point of the product: the coordinator dies, devices that no one has ever seen get their hubs
// from the gateway all the same, and the coordinator learns of every one when it is back.
import assert from 'node:assert/strict';
import test from 'node:test';

import {authority, derivedKey, device, newKey, withChain} from './certificates.mjs';
import {Installation} from './installation.mjs';
import {atHub, hubNames, hubsHolding, register, service, transports, withCertificate, withKey} from './peers.mjs';
import {until} from './waiting.mjs';

const DEVICES_OF_EACH_KIND = 3;
const CAUGHT_UP_WITHIN_MS = 60_000;

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();
const symmetric = (keys) => ({type: 'symmetricKey', symmetricKey: keys});
const keyPair = () => ({primaryKey: newKey(), secondaryKey: newKey()});

// Everything that shall register while the coordinator is away: each has an enrollment, none has
// ever been seen.
async function enrollStrangers() {
  const strangers = [];
  const groupKeys = keyPair();
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'outage-keys',
    attestation: symmetric(groupKeys),
    allocationPolicy: 'static',
    iotHubs: [hubNames[0]],
    initialTwin: {tags: {group: 'keys'}, properties: {desired: {n: 1}}},
  });
  const root = authority('outage root');
  const intermediate = authority('outage intermediate', root);
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'outage-chain',
    attestation: {
      type: 'x509',
      x509: {signingCertificates: {primary: {certificate: root.certificate}}},
    },
    allocationPolicy: 'hashed',
    iotHubs: hubNames,
  });
  for (const transport of Object.keys(transports)) {
    for (let n = 0; n < DEVICES_OF_EACH_KIND; ++n) {
      const named = (kind) => `outage-${kind}-${transport.toLowerCase()}-${n}`;

      const ofGroup = named('group');
      strangers.push(
          {transport, security: withKey(ofGroup, derivedKey(groupKeys.primaryKey, ofGroup))});

      const individual = named('individual');
      const keys = keyPair();
      await client.createOrUpdateIndividualEnrollment({
        registrationId: individual,
        attestation: symmetric(keys),
        allocationPolicy: 'static',
        iotHubs: [hubNames[1]],
      });
      strangers.push({transport, security: withKey(individual, keys.secondaryKey)});

      const ofChain = named('chain');
      const leaf = withChain(device(ofChain, intermediate), intermediate);
      strangers.push({transport, security: withCertificate(ofChain, leaf)});
    }
  }
  return strangers;
}

// Changes arrive at a gateway in order: one that is there proves that all before it are.
async function untilTheGatewayKnows() {
  const id = 'outage-last-enrolled';
  const keys = keyPair();
  await client.createOrUpdateIndividualEnrollment({registrationId: id, attestation: symmetric(keys)});
  return until('the gateway to know the last enrollment',
               () => register('Http', withKey(id, keys.primaryKey)));
}

test('devices never seen before get their hubs while the coordinator is dead', async (t) => {
  const strangers = await enrollStrangers();
  await untilTheGatewayKnows();

  await installation.kill('coordinator');
  await assert.rejects(client.getEnrollmentGroup('outage-keys'), 'the coordinator is dead');

  const assigned = new Map();
  await t.test('every device is assigned', async () => {
    for (const {transport, security} of strangers) {
      const state = await register(transport, security);
      assert.equal(state.status, 'assigned');
      assigned.set(await security.getRegistrationId(), state);
    }
    assert.equal(assigned.size, strangers.length);
  });

  await t.test('every device is on the hub it was told, and on no other', async () => {
    for (const [id, state] of assigned) {
      assert.deepEqual(await hubsHolding(state.deviceId), [state.assignedHub], id);
      assert.match((await atHub(state.assignedHub, state.deviceId)).identity.statusReason, /^berth:./);
    }
  });

  await t.test('a wrong key is refused', async () => {
    await assert.rejects(register('Http', withKey('outage-individual-http-0', newKey())),
                         {name: 'UnauthorizedError'});
  });

  await t.test('a killed gateway goes on where it was, still without the coordinator', async () => {
    await installation.kill('gateway');
    await installation.restart('gateway');
    const {transport, security} = strangers[0];
    const again = await until('the gateway to serve again', () => register(transport, security));
    assert.equal(again.assignedHub, assigned.get(await security.getRegistrationId()).assignedHub);
  });

  await installation.restart('coordinator');

  await t.test('the coordinator finds every registration when it is back', async () => {
    for (const [id, state] of assigned) {
      const known = await until(`the registration of ${id}`,
                                async () => (await client.getDeviceRegistrationState(id)).responseBody,
                                CAUGHT_UP_WITHIN_MS);
      assert.equal(known.status, 'assigned');
      assert.equal(known.assignedHub, state.assignedHub);
      assert.equal(known.deviceId, state.deviceId);
    }
  });

  await t.test('and what is enrolled afterwards reaches the gateway', async () => {
    const id = 'outage-afterwards';
    const keys = keyPair();
    await client.createOrUpdateIndividualEnrollment(
        {registrationId: id, attestation: symmetric(keys), iotHubs: [hubNames[0]]});
    const state = await until('the new enrollment to reach the gateway',
                              () => register('Mqtt', withKey(id, keys.primaryKey)));
    assert.equal(state.assignedHub, hubNames[0]);
  });
});
