// Azure's device SDK against the gateway: each transport with each way to attest. What counts is not
// what the device is told but what its hub says of it.
import assert from 'node:assert/strict';
import {describe, test} from 'node:test';

import {authority, derivedKey, device, newKey, rsaDevice, thumbprint, withChain} from './certificates.mjs';
import {atHub, dev, hubNames, hubsHolding, register, service, transports, withCertificate, withKey} from './peers.mjs';
import {toldBy} from './sdk_errors.mjs';
import {until} from './waiting.mjs';

const client = service();
const OWNERSHIP_MARKER = /^berth:./;
const twinFor = (id) =>
    ({tags: {site: 'plant-1', device: id}, properties: {desired: {interval: 30, nested: {on: true}}}});

const symmetric = (keys) => ({type: 'symmetricKey', symmetricKey: keys});
const keyPair = () => ({primaryKey: newKey(), secondaryKey: newKey()});
const byCertificate = ({certificate}) =>
    ({type: 'x509', x509: {clientCertificates: {primary: {certificate}}}});
const byIssuer = ({certificate}) =>
    ({type: 'x509', x509: {signingCertificates: {primary: {certificate}}}});

const enroll = async (registrationId, attestation, more = {}) =>
    (await client.createOrUpdateIndividualEnrollment({
      registrationId,
      attestation,
      allocationPolicy: 'static',
      iotHubs: [hubNames[1]],
      initialTwin: twinFor(registrationId),
      ...more,
    })).responseBody;

const enrollGroup = async (enrollmentGroupId, attestation, more = {}) =>
    (await client.createOrUpdateEnrollmentGroup({
      enrollmentGroupId,
      attestation,
      allocationPolicy: 'static',
      iotHubs: [hubNames[1]],
      initialTwin: twinFor(enrollmentGroupId),
      ...more,
    })).responseBody;

// The device is on the expected hub and on no other, with our marker and the initial twin.
async function assertAtHub(state, hostName, deviceId, twin) {
  assert.equal(state.status, 'assigned');
  assert.equal(state.assignedHub, hostName);
  assert.equal(state.deviceId, deviceId);
  assert.equal(state.substatus, 'initialAssignment');
  assert.deepEqual(await hubsHolding(deviceId), [hostName]);
  const found = await atHub(hostName, deviceId);
  assert.match(found.identity.statusReason, OWNERSHIP_MARKER);
  assert.deepEqual(found.twin.tags, twin.tags);
  for (const [name, value] of Object.entries(twin.properties.desired)) {
    assert.deepEqual(found.twin.properties.desired[name], value);
  }
  return found.identity.authentication;
}

function assertKeys(authentication, keys) {
  assert.equal(authentication.type, 'sas');
  assert.deepEqual(authentication.symmetricKey, keys);
}

function assertThumbprint(authentication, leaf) {
  assert.equal(authentication.type, 'selfSigned');
  assert.equal(authentication.x509Thumbprint.primaryThumbprint, thumbprint(leaf.certificate));
}

const UNAUTHORIZED = 401002;
const DISABLED = 403202;
const SCOPE_UNKNOWN = 3;  // CONNACK: device API 2.4

function every(transport) {
  const name = (rest) => `${transport.toLowerCase()}-${rest}`;

  for (const which of ['primaryKey', 'secondaryKey']) {
    test(`${transport}: an individual enrollment's ${which} gets its hub`, async () => {
      const id = name(`individual-${which.toLowerCase()}`);
      const keys = keyPair();
      await enroll(id, symmetric(keys), {deviceId: `${id}-Device`});
      const state = await register(transport, withKey(id, keys[which]));
      assertKeys(await assertAtHub(state, hubNames[1], `${id}-Device`, twinFor(id)), keys);
    });

    test(`${transport}: a key derived from a group's ${which} gets its hub`, async () => {
      const group = name(`group-${which.toLowerCase()}`);
      const id = `${group}-device`;
      const keys = keyPair();
      await enrollGroup(group, symmetric(keys));
      const state = await register(transport, withKey(id, derivedKey(keys[which], id)));
      assertKeys(await assertAtHub(state, hubNames[1], id, twinFor(group)), {
        primaryKey: derivedKey(keys.primaryKey, id),
        secondaryKey: derivedKey(keys.secondaryKey, id),
      });
    });
  }

  test(`${transport}: an individual certificate gets its hub`, async () => {
    const id = name('x509-individual');
    const leaf = device(id);
    await enroll(id, byCertificate(leaf));
    const state = await register(transport, withCertificate(id, leaf));
    assertThumbprint(await assertAtHub(state, hubNames[1], id, twinFor(id)), leaf);
  });

  test(`${transport}: an individual RSA certificate gets its hub`, async () => {
    const id = name('x509-rsa');
    const leaf = rsaDevice(id);
    await enroll(id, byCertificate(leaf));
    const state = await register(transport, withCertificate(id, leaf));
    assertThumbprint(await assertAtHub(state, hubNames[1], id, twinFor(id)), leaf);
  });

  test(`${transport}: a leaf of a group's signing certificate gets its hub`, async () => {
    const group = name('x509-direct');
    const id = `${group}-device`;
    const root = authority(`${group} root`);
    const leaf = device(id, root);
    await enrollGroup(group, byIssuer(root));
    const state = await register(transport, withCertificate(id, leaf));
    assertThumbprint(await assertAtHub(state, hubNames[1], id, twinFor(group)), leaf);
  });

  test(`${transport}: a chain to a group's root gets its hub`, async () => {
    const group = name('x509-chain');
    const id = `${group}-device`;
    const root = authority(`${group} root`);
    const intermediate = authority(`${group} intermediate`, root);
    const leaf = device(id, intermediate);
    await enrollGroup(group, byIssuer(root));
    const state = await register(transport, withCertificate(id, withChain(leaf, intermediate)));
    assertThumbprint(await assertAtHub(state, hubNames[1], id, twinFor(group)), leaf);
  });

  test(`${transport}: the group of the nearest issuer in the chain decides`, async () => {
    const far = name('x509-far');
    const near = name('x509-near');
    const id = `${near}-device`;
    const root = authority(`${far} root`);
    const intermediate = authority(`${near} intermediate`, root);
    const leaf = device(id, intermediate);
    await enrollGroup(far, byIssuer(root), {iotHubs: [hubNames[1]]});
    await enrollGroup(near, byIssuer(intermediate), {iotHubs: [hubNames[0]]});
    const state = await register(transport, withCertificate(id, withChain(leaf, intermediate)));
    assertThumbprint(await assertAtHub(state, hubNames[0], id, twinFor(near)), leaf);
  });

  test(`${transport}: an evenly weighted device gets one hub, and the same one again`, async () => {
    const id = name('hashed');
    const keys = keyPair();
    await enroll(id, symmetric(keys), {allocationPolicy: 'hashed', iotHubs: hubNames});
    const first = await register(transport, withKey(id, keys.primaryKey));
    assert.ok(hubNames.includes(first.assignedHub));
    await assertAtHub(first, first.assignedHub, id, twinFor(id));
    const again = await register(transport, withKey(id, keys.primaryKey));
    assert.equal(again.assignedHub, first.assignedHub);
    assert.deepEqual(await hubsHolding(id), [first.assignedHub]);
  });

  test(`${transport}: a device follows its enrollment to another hub`, async () => {
    const id = name('moves');
    const keys = keyPair();
    const created = await enroll(id, symmetric(keys), {
      iotHubs: [hubNames[0]],
      reprovisionPolicy: {updateHubAssignment: true, migrateDeviceData: false},
    });
    assert.equal((await register(transport, withKey(id, keys.primaryKey))).assignedHub, hubNames[0]);
    await client.createOrUpdateIndividualEnrollment({...created, iotHubs: [hubNames[1]]});
    const moved = await until('the device to be sent to the other hub', async () => {
      const state = await register(transport, withKey(id, keys.primaryKey));
      return state.assignedHub === hubNames[1] && state;
    });
    assert.equal(moved.substatus, 'deviceDataReset');
    assert.ok(await atHub(hubNames[1], id));
    await until('the old hub to let go of the device',
                async () => (await hubsHolding(id)).join() === hubNames[1]);
  });

  // What is refused is told with its code, gets no hub and leaves what was assigned as it is.
  async function assertRefused(security, code, idScope) {
    const id = await security.getRegistrationId();
    const before = await hubsHolding(id);
    const error = await register(transport, security, idScope).catch((thrown) => thrown);
    const told = toldBy(transport, error);
    assert.equal(told.connack ?? told.errorCode, code);
    if (transport.startsWith('Amqp')) assert.equal(told.condition, 'amqp:unauthorized-access');
    assert.deepEqual(await hubsHolding(id), before);
  }

  test(`${transport}: an unknown device is refused`, async () => {
    await assertRefused(withKey(name('unknown'), newKey()), UNAUTHORIZED);
    await assertRefused(withCertificate(name('unknown-x509'), device(name('unknown-x509'))), UNAUTHORIZED);
  });

  test(`${transport}: a wrong key is refused, and the assignment stays`, async () => {
    const id = name('wrong-key');
    const keys = keyPair();
    await enroll(id, symmetric(keys));
    await assertRefused(withKey(id, newKey()), UNAUTHORIZED);
    const assigned = await register(transport, withKey(id, keys.primaryKey));
    assert.equal(assigned.assignedHub, hubNames[1]);
    await assertRefused(withKey(id, newKey()), UNAUTHORIZED);
    const state = await until('the registration to reach the coordinator',
                              async () => (await client.getDeviceRegistrationState(id)).responseBody);
    assert.equal(state.status, 'assigned');
    assert.equal(state.assignedHub, hubNames[1]);
  });

  test(`${transport}: a certificate of a foreign issuer is refused`, async () => {
    const group = name('x509-foreign');
    const id = `${group}-device`;
    const root = authority(`${group} root`);
    await enrollGroup(group, byIssuer(root));
    // The same name, another key.
    await assertRefused(withCertificate(id, device(id, authority(`${group} root`))), UNAUTHORIZED);
  });

  test(`${transport}: another certificate than the enrolled one is refused`, async () => {
    const id = name('x509-other');
    await enroll(id, byCertificate(device(id)));
    await assertRefused(withCertificate(id, device(id)), UNAUTHORIZED);
  });

  test(`${transport}: a disabled individual enrollment is refused, whatever its group says`, async () => {
    const group = name('disabled-individual');
    const id = `${group}-device`;
    const keys = keyPair();
    await enrollGroup(group, symmetric(keys));
    const own = {
      primaryKey: derivedKey(keys.primaryKey, id),
      secondaryKey: derivedKey(keys.secondaryKey, id),
    };
    await enroll(id, symmetric(own), {provisioningStatus: 'disabled'});
    await assertRefused(withKey(id, own.primaryKey), DISABLED);
  });

  test(`${transport}: a device of a disabled group is refused, and keeps what it had`, async () => {
    const group = name('disabled-group');
    const id = `${group}-device`;
    const keys = keyPair();
    const created = await enrollGroup(group, symmetric(keys));
    const key = derivedKey(keys.primaryKey, id);
    assert.equal((await register(transport, withKey(id, key))).assignedHub, hubNames[1]);
    await client.createOrUpdateEnrollmentGroup({...created, provisioningStatus: 'disabled'});
    await until('the gateway to refuse the group', async () => {
      try {
        await register(transport, withKey(id, key));
        return false;
      } catch {
        return true;
      }
    });
    await assertRefused(withKey(id, key), DISABLED);
    assert.deepEqual(await hubsHolding(id), [hubNames[1]]);
  });

  test(`${transport}: a foreign ID scope is refused`, async () => {
    const id = name('foreign-scope');
    const keys = keyPair();
    await enroll(id, symmetric(keys));
    const foreign = dev.idScope === '0ne00000000' ? '0ne00000001' : '0ne00000000';
    await assertRefused(withKey(id, keys.primaryKey),
                        transport.startsWith('Mqtt') ? SCOPE_UNKNOWN : UNAUTHORIZED, foreign);
  });
}

// Each waits for its polls most of the time.
for (const transport of Object.keys(transports)) {
  describe(transport, {concurrency: 6}, () => every(transport));
}
