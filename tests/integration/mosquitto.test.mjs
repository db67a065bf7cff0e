// Devices that are assigned to a Mosquitto, and then go there: Debian's broker with its
// dynamic-security plugin, Microsoft's SDK to register, MQTT.js to speak to the broker.
import assert from 'node:assert/strict';
import {appendFileSync} from 'node:fs';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {
  Administrator, broker, brokerFolder, closed, connectByCertificate, connectByKey, firstMessage,
  publish, subscribe,
} from './broker.mjs';
import {authority, derivedKey, device, newKey, withChain} from './certificates.mjs';
import {Installation} from './installation.mjs';
import {dev, register, service, withCertificate, withKey} from './peers.mjs';
import {begin} from './plain_registration.mjs';
import {until} from './waiting.mjs';

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();
const toBroker = {allocationPolicy: 'static', iotHubs: [broker.hostName]};
const factory = authority('Suite factory');

let administrator;
let heard;
let observer;

const reconnected = async () => {
  administrator = await until('the broker to take its administrator', () => Administrator.connect());
};

before(async () => {
  // Whose devices may come with a certificate is the broker's own configuration.
  appendFileSync(path.join(brokerFolder, 'device-cas.pem'), factory.certificate);
  await installation.restart('mosquitto');
  await reconnected();
  ({client: observer, heard} = await administrator.observer());
});

after(async () => {
  observer.end(true);
  await administrator.end();
});

const keysOf = new Map();

async function enrollByKey(registrationId, more = {}) {
  const keys = {primaryKey: newKey(), secondaryKey: newKey()};
  keysOf.set(registrationId, keys);
  await client.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: {type: 'symmetricKey', symmetricKey: keys},
    ...toBroker,
    ...more,
  });
  return keys;
}

async function enrollGroupOfFactory(enrollmentGroupId) {
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId,
    attestation: {
      type: 'x509',
      x509: {signingCertificates: {primary: {certificate: factory.certificate}}},
    },
    ...toBroker,
  });
}

async function setStatus(kind, id, provisioningStatus) {
  const record = (await client[`get${kind}`](id)).responseBody;
  await client[`createOrUpdate${kind}`]({...record, provisioningStatus});
}

// What a device says elsewhere is not heard, though it was said before what it says at its place.
async function speaksAtItsPlaceOnly(connection, id) {
  assert.equal(await publish(connection, 'devices/somebody/messages/events/', 'false'), false);
  assert.equal(await publish(connection, '$CONTROL/dynamic-security/v1', '{}'), false);
  assert.equal(await subscribe(connection, 'devices/somebody/messages/devicebound/#'), false);
  assert.equal(await subscribe(connection, 'devices/+/messages/devicebound/#'), false);
  assert.equal(await subscribe(connection, '#'), false);
  assert.equal(await subscribe(connection, `devices/${id}/messages/devicebound/#`), true);
  assert.equal(await publish(connection, `devices/${id}/messages/events/`, 'true'), true);
  await until(`${id} to be heard`, () => heard.includes(`devices/${id}/messages/events/ true`));
  assert.ok(!heard.some((one) => one.startsWith('devices/somebody/')));
}

test('a device that registered with its key speaks to the broker with it', async () => {
  const id = 'pump-1';
  const keys = await enrollByKey(id, {initialTwin: {properties: {desired: {interval: 30}}}});
  const state = await until('the device to be assigned',
                            () => register('Mqtt', withKey(id, keys.primaryKey)));
  assert.equal(state.assignedHub, broker.hostName);

  const connection = await connectByKey(id, keys.primaryKey);
  await speaksAtItsPlaceOnly(connection, id);
  const twin = firstMessage(connection);
  assert.equal(await subscribe(connection, `devices/${id}/twin/desired`), true);
  assert.deepEqual(await twin, {topic: `devices/${id}/twin/desired`, text: '{"interval":30}'});

  await setStatus('IndividualEnrollment', id, 'disabled');
  await closed(connection);
  await until('the broker to keep the device out', async () => {
    await assert.rejects(connectByKey(id, keys.primaryKey));
    return true;
  });

  await setStatus('IndividualEnrollment', id, 'enabled');
  const again = await until('the broker to let the device in', () => connectByKey(id, keys.primaryKey));
  await speaksAtItsPlaceOnly(again, id);
  again.end(true);
});

test('another key than the device\'s own does not open the broker', async () => {
  const id = 'pump-2';
  const keys = await enrollByKey(id);
  await until('the device to be assigned', () => register('Http', withKey(id, keys.primaryKey)));
  await assert.rejects(connectByKey(id, newKey()));
  await assert.rejects(connectByKey('pump-3', keys.primaryKey));
});

test('a device logs in with the key that it registered with last', async () => {
  const id = 'pump-4';
  const keys = await enrollByKey(id);
  await until('the device to be assigned', () => register('Http', withKey(id, keys.primaryKey)));
  (await connectByKey(id, keys.primaryKey)).end(true);
  await register('Http', withKey(id, keys.secondaryKey));
  (await connectByKey(id, keys.secondaryKey)).end(true);
  await assert.rejects(connectByKey(id, keys.primaryKey));
});

test('a device of a group logs in with its derived key, and stays out once it is singled out', async () => {
  const primaryKey = newKey();
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'pumps',
    attestation: {type: 'symmetricKey', symmetricKey: {primaryKey, secondaryKey: newKey()}},
    ...toBroker,
  });
  const id = 'pump-5';
  const key = derivedKey(primaryKey, id);
  await until('the device to be assigned', () => register('Mqtt', withKey(id, key)));
  const connection = await connectByKey(id, key);
  await speaksAtItsPlaceOnly(connection, id);

  await enrollByKey(id, {provisioningStatus: 'disabled'});
  await closed(connection);
  await until('the broker to keep the device out', async () => {
    await assert.rejects(connectByKey(id, key));
    return true;
  });
});

test('a device that registered with its certificate speaks to the broker with it', async () => {
  await enrollGroupOfFactory('presses');
  const id = 'press-1';
  const own = device(id, factory);
  const state = await until(
      'the device to be assigned',
      () => register('Mqtt', withCertificate(id, withChain(own, factory))));
  assert.equal(state.assignedHub, broker.hostName);

  const connection = await connectByCertificate(id, own);
  await speaksAtItsPlaceOnly(connection, id);
  // A certificate is no password.
  await assert.rejects(connectByKey(id, ''));
  await assert.rejects(connectByKey(id, 'anything'));

  // The broker lets anybody with such a certificate in; one that is cut off can do nothing there.
  await setStatus('EnrollmentGroup', 'presses', 'disabled');
  await closed(connection);
  const cutOff = await until('the broker to hear the device no more', async () => {
    const one = await connectByCertificate(id, own);
    if (await publish(one, `devices/${id}/messages/events/`, 'late')) {
      one.end(true);
      return undefined;
    }
    return one;
  });
  assert.equal(await subscribe(cutOff, `devices/${id}/messages/devicebound/#`), false);
  cutOff.end(true);

  await setStatus('EnrollmentGroup', 'presses', 'enabled');
  await until('the broker to hear the device again', async () => {
    const one = await connectByCertificate(id, own);
    const isHeard = await publish(one, `devices/${id}/messages/events/`, 'back');
    one.end(true);
    return isHeard;
  });
});

test('a certificate of the same CA that nobody registered can do nothing in the broker', async () => {
  const stranger = await connectByCertificate('press-9', device('press-9', factory));
  assert.equal(await publish(stranger, 'devices/press-9/messages/events/', 'x'), false);
  assert.equal(await subscribe(stranger, 'devices/press-9/messages/devicebound/#'), false);
  stranger.end(true);
});

test('a device whose broker is down waits, and is assigned when it is back', async () => {
  const id = 'pump-6';
  const keys = await enrollByKey(id);
  observer.end(true);
  await administrator.end();
  await installation.kill('mosquitto');
  const operation = await until('the gateway to take the device in', () => begin(id, keys.primaryKey));
  const status = async () => (await operation()).status;
  for (let i = 0; i < 3; ++i) assert.equal(await status(), 'assigning');

  await installation.restart('mosquitto');
  await until('the device to be assigned', async () => await status() === 'assigned');
  (await connectByKey(id, keys.primaryKey)).end(true);
  // What the broker knew it still knows, though it was killed.
  await reconnected();
  const {clients} = await administrator.ask({command: 'listClients'});
  assert.ok(clients.includes('pump-1') && clients.includes('press-1'));
  const twin = await connectByKey('pump-1', keysOf.get('pump-1').primaryKey);
  const message = firstMessage(twin);
  await subscribe(twin, 'devices/pump-1/twin/desired');
  assert.equal((await message).text, '{"interval":30}');
  twin.end(true);
});

test('a hand-made client is never overwritten', async () => {
  const id = 'pump-7';
  await administrator.ask({command: 'createClient', username: id, password: 'by hand'});
  const keys = await enrollByKey(id);
  const operation = await until('the gateway to take the device in', () => begin(id, keys.primaryKey));
  await until('the registration to fail', async () => (await operation()).status === 'failed');
  (await connectByKey(id, 'by hand')).end(true);
});

test('each gateway has a client of its own, which goes with it', async () => {
  const gateways = async () =>
      (await administrator.ask({command: 'listClients'})).clients.filter(
          (name) => name.startsWith('berth-gateway-'));
  assert.equal((await gateways()).length, 1);
  const berth = (...words) => installation.berth(
      '--login', dev.operator.connectionString, '--ca-file', dev.service.caFile, ...words);
  await berth('gateway', 'remove', 'dev-gateway');
  await until('the gateway to be gone from the broker', async () => (await gateways()).length === 0);
});
