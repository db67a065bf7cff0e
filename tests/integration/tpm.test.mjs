// Devices that prove themselves with a chip: Microsoft's TPM client and berth-device, each with a
// software TPM of its own, over every transport that carries a challenge. What counts is that the key
// in the chip is the one that the hub knows.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {createHmac} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import test, {after} from 'node:test';
import {promisify} from 'node:util';

import {Installation} from './installation.mjs';
import {atHub, dev, hubNames, hubsHolding, service, transports} from './peers.mjs';
import {SoftwareTpm} from './software_tpm.mjs';
import {TpmSimulator} from './tpm_simulator.mjs';
import {until, within} from './waiting.mjs';

const require = createRequire(path.join(process.env.BERTH_NPM, 'package.json'));
const {TpmSecurityClient} = require('azure-iot-security-tpm');
const {ProvisioningDeviceClient} = require('azure-iot-provisioning-device');
const tss = require('tss.js');

const REGISTERED_WITHIN_MS = 30_000;
const API_VERSION = '2021-06-01';
// Device API 4.4: where a storage root key's modulus is, at the end of its TPM2B_PUBLIC.
const MODULUS_SIZE = 256;

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();
const stops = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

let chips = 0;
async function chip() {
  const tpm = await SoftwareTpm.start(path.join(installation.dir, `chip-${++chips}`));
  stops.push(() => tpm.stop());
  return tpm;
}

// Microsoft's client on a chip, as it is on any device with their simulator.
async function simulated(tpm, registrationId) {
  const simulator = await TpmSimulator.inFrontOf(tpm);
  stops.push(() => simulator.stop());
  return new TpmSecurityClient(registrationId, busTo(simulator));
}
function busTo(simulator) {
  const bus = new tss.Tpm(true, '127.0.0.1', simulator.port);
  stops.push(() => bus.close());
  return bus;
}
// As its owner does who gives it to somebody else.
async function clear(tpm) {
  const simulator = await TpmSimulator.inFrontOf(tpm);
  const bus = busTo(simulator);
  await new Promise((resolve) => bus.connect(resolve));
  await new Promise((resolve, reject) => bus.withSession(tss.NullPwSession).Clear(
      new tss.TPM_HANDLE(tss.TPM_RH.LOCKOUT), (error) => (error ? reject(error) : resolve())));
  simulator.stop();
}
const asked = (security, method, ...args) =>
    new Promise((resolve, reject) => security[method](
        ...args, (error, value) => (error ? reject(error) : resolve(value))));

// The TPM client speaks in callbacks only. For a TPM the SDK gives the whole status, for others the
// registration.
async function register(transport, security) {
  const device =
      ProvisioningDeviceClient.create(dev.device.host, dev.idScope, new transports[transport](), security);
  const answer = await within(REGISTERED_WITHIN_MS, 'the chip to register', device.register());
  return answer.registrationState;
}

const byChip = (endorsementKey) => ({type: 'tpm', tpm: {endorsementKey}});
const enroll = async (registrationId, endorsementKey, more = {}) =>
    (await client.createOrUpdateIndividualEnrollment({
      registrationId,
      attestation: byChip(endorsementKey),
      allocationPolicy: 'static',
      iotHubs: [hubNames[1]],
      initialTwin: {tags: {site: 'plant-1'}, properties: {desired: {interval: 30}}},
      ...more,
    })).responseBody;

const run = promisify(execFile);
async function berthDevice(tpm, ...args) {
  const {stdout} = await run(path.join(installation.bin, 'berth-device'),
                             [...args, '--tcti', tpm.tcti]);
  return JSON.parse(stdout);
}
const shown = (tpm) => berthDevice(tpm, 'tpm');
const provision = (tpm, protocol, ...args) =>
    berthDevice(tpm, '--dev', path.join(installation.dir, 'dev.json'), '--protocol', protocol,
                '--hub-token', ...args);
// berth-device ends with 1 and says what it was told.
async function refusedDevice(tpm, protocol, ...args) {
  try {
    await provision(tpm, protocol, ...args);
  } catch ({code, stdout}) {
    assert.equal(code, 1);
    return JSON.parse(stdout);
  }
  assert.fail('the device should have been refused');
}

// The key that the hub holds for the device.
async function keyAtHub(hostName, deviceId) {
  assert.deepEqual(await hubsHolding(deviceId), [hostName]);
  const {identity, twin} = await atHub(hostName, deviceId);
  assert.equal(identity.authentication.type, 'sas');
  assert.equal(twin.properties.desired.interval, 30);
  return Buffer.from(identity.authentication.symmetricKey.primaryKey, 'base64');
}
const hmac = (key, text) => createHmac('sha256', key).update(text).digest('base64');

// A SAS token, as a hub judges it: signed over `sr` as it was sent, a line feed, and `se`.
function assertSignedBy(key, token, resource) {
  const fields = new Map(token.replace('SharedAccessSignature ', '')
                             .split('&')
                             .map((field) => [field.slice(0, field.indexOf('=')),
                                              field.slice(field.indexOf('=') + 1)]));
  assert.equal(decodeURIComponent(fields.get('sr')), resource);
  assert.equal(decodeURIComponent(fields.get('sig')),
               hmac(key, `${fields.get('sr')}\n${fields.get('se')}`));
  assert.ok(Number(fields.get('se')) > Date.now() / 1000);
}

// What a device sends by itself, without any SDK.
async function put(registrationId, body, token) {
  const response = await fetch(
      `https://${dev.device.host}/${dev.idScope}/registrations/${registrationId}/register?` +
          `api-version=${API_VERSION}`,
      {
        method: 'PUT',
        headers: {'Content-Type': 'application/json', ...(token ? {Authorization: token} : {})},
        body: JSON.stringify({registrationId, ...body}),
      });
  return {status: response.status, body: await response.json()};
}
const gatewayLog = () => readFileSync(path.join(installation.dir, 'berth-gateway.log'), 'utf8');
const logged = (reason) => until(`the gateway to log: ${reason}`, () => gatewayLog().includes(reason));

// ---- Microsoft's client ----

for (const transport of ['Http', 'Amqp', 'AmqpWs']) {
  test(`${transport}: Microsoft's TPM client gets its hub, and its chip the key for it`, async () => {
    const security = await simulated(await chip());
    const id = await asked(security, 'getRegistrationId');
    const endorsementKey = (await asked(security, 'getEndorsementKey')).toString('base64');
    const deviceId = `${transport}-Chip`;
    await enroll(id, endorsementKey, {deviceId});

    const state = await register(transport, security);
    assert.equal(state.status, 'assigned');
    assert.equal(state.assignedHub, hubNames[1]);
    assert.equal(state.deviceId, deviceId);

    const key = await keyAtHub(hubNames[1], deviceId);
    const text = `${hubNames[1]}%2Fdevices%2F${deviceId}\n1900000000`;
    const signature = await asked(security, 'signWithIdentity', Buffer.from(text));
    assert.equal(signature.toString('base64'), hmac(key, text));
  });
}

test('a chip that was cleared has another storage root key, and keeps its identity', async () => {
  const tpm = await chip();
  const before = await shown(tpm);
  await enroll(before.registrationId, before.endorsementKey);
  await provision(tpm, 'https');
  const first = await keyAtHub(hubNames[1], before.registrationId);
  await clear(tpm);
  const security = await simulated(tpm);
  assert.equal(await asked(security, 'getRegistrationId'), before.registrationId);
  const root = await asked(security, 'getStorageRootKey');
  assert.notEqual(root.toString('base64'), before.storageRootKey);
  await register('Http', security);
  const second = await keyAtHub(hubNames[1], before.registrationId);
  assert.notDeepEqual(first, second);
  const signature = await asked(security, 'signWithIdentity', Buffer.from('a text'));
  assert.equal(signature.toString('base64'), hmac(second, 'a text'));
});

// ---- berth-device ----

for (const protocol of ['https', 'amqp', 'amqp-ws']) {
  test(`berth-device over ${protocol} gets its hub, and signs tokens for it`, async () => {
    const tpm = await chip();
    const keys = await shown(tpm);
    await enroll(keys.registrationId, keys.endorsementKey);
    const assigned = await provision(tpm, protocol);
    assert.equal(assigned.status, 'assigned');
    assert.equal(assigned.assignedHub, hubNames[1]);
    assert.equal(assigned.deviceId, keys.registrationId);
    const key = await keyAtHub(hubNames[1], keys.registrationId);
    assertSignedBy(key, assigned.hubToken, `${hubNames[1]}/devices/${keys.registrationId}`);

    // And again: the hub has the new key, and the old token is worth nothing.
    const later = await provision(tpm, protocol);
    const newKey = await keyAtHub(hubNames[1], keys.registrationId);
    assertSignedBy(newKey, later.hubToken, `${hubNames[1]}/devices/${keys.registrationId}`);
    assert.notDeepEqual(newKey, key);
  });

  test(`berth-device over ${protocol} with another chip than the enrolled one is refused`, async () => {
    const enrolled = await shown(await chip());
    const id = `other-chip-${protocol}`;
    await enroll(id, enrolled.endorsementKey);
    const told = await refusedDevice(await chip(), protocol, '--registration-id', id);
    assert.notEqual(told.status, 'assigned');
    if (protocol === 'https') assert.equal(told.errorCode, 401002);
    await logged('the TPM\'s endorsement key is not the enrolled one');
    assert.deepEqual(await hubsHolding(id), []);
  });
}

test('a chip that nobody enrolled is told so', async () => {
  const told = await refusedDevice(await chip(), 'https');
  assert.equal(told.errorCode, 404201);
});

test('a disabled enrollment challenges nobody', async () => {
  const tpm = await chip();
  const keys = await shown(tpm);
  await enroll(keys.registrationId, keys.endorsementKey, {provisioningStatus: 'disabled'});
  assert.equal((await refusedDevice(tpm, 'https')).errorCode, 403202);
});

// ---- Explained ----

test('explain says of a chip where it goes, why it went there, and why another does not', async () => {
  const tpm = await chip();
  const keys = await shown(tpm);
  const id = keys.registrationId;
  await enroll(id, keys.endorsementKey);
  const explained = async ({endorsementKey, storageRootKey}) => {
    const file = path.join(installation.dir, 'chip.json');
    writeFileSync(file, JSON.stringify({endorsementKey, storageRootKey}));
    const {stdout} = await installation.berth(
        '--login', dev.service.connectionString, '--ca-file', dev.service.caFile, '--output', 'json',
        'registration', 'explain', id, '--evidence', file);
    return JSON.parse(stdout);
  };
  const told = await explained(keys);
  assert.equal(told.outcome, 'assigned');
  assert.equal(told.decision.hub, hubNames[1]);
  await provision(tpm, 'https');
  const after = await until('the coordinator to know the registration', async () => {
    const seen = await explained(keys);
    return seen.registration && seen;
  });
  assert.equal(after.outcome, 'stays');
  assert.equal(after.registration.attestationType, 'tpm');
  assert.equal(after.registration.decision.hub, hubNames[1]);
  const other = await shown(await chip());
  const refused = await explained(other);
  assert.equal(refused.outcome, 'refused');
  assert.match(refused.reason, /endorsement key is not the enrolled one/);
  assert.equal((await refusedDevice(await chip(), 'https', '--registration-id', id)).errorCode,
               refused.errorCode);
});

// ---- The exchange itself ----

test('the challenge is a 401 with a key name and no status', async () => {
  const keys = await shown(await chip());
  const id = 'challenge-shape';
  await enroll(id, keys.endorsementKey);
  const tpm = {endorsementKey: keys.endorsementKey, storageRootKey: keys.storageRootKey};
  const {status, body} = await put(id, {tpm});
  assert.equal(status, 401);
  assert.deepEqual(Object.keys(body).sort(), ['authenticationKey', 'keyName', 'message']);
  assert.equal(body.keyName, 'registration');
  assert.equal(body.message, 'Authorization required');
  // Device API 4.3, with the device's resource as its last part.
  assert.equal(Buffer.from(body.authenticationKey, 'base64').length,
               766 + `${dev.idScope}/registrations/${id}`.length);
});

test('a token that answers no challenge is refused', async () => {
  const keys = await shown(await chip());
  const id = 'guessed-answer';
  await enroll(id, keys.endorsementKey);
  const tpm = {endorsementKey: keys.endorsementKey, storageRootKey: keys.storageRootKey};
  assert.equal((await put(id, {tpm})).status, 401);
  const resource = encodeURIComponent(`${dev.idScope}/registrations/${id}`);
  const expiry = Math.floor(Date.now() / 1000) + 3600;
  const signature = encodeURIComponent(hmac(Buffer.alloc(32, 7), `${resource}\n${expiry}`));
  const token = `SharedAccessSignature sr=${resource}&sig=${signature}&se=${expiry}&skn=registration`;
  const {status, body} = await put(id, {tpm}, token);
  assert.equal(status, 401);
  assert.equal(body.errorCode, 401002);
  await logged('the SAS token answers no challenge that this TPM has open');
});

test('keys that are none are refused, with the reason in the gateway\'s log', async () => {
  const keys = await shown(await chip());
  const id = 'malformed-root';
  await enroll(id, keys.endorsementKey);
  const cut = Buffer.from(keys.storageRootKey, 'base64').subarray(0, -1).toString('base64');
  const malformed =
      await put(id, {tpm: {endorsementKey: keys.endorsementKey, storageRootKey: cut}});
  assert.equal(malformed.status, 400);
  await logged('the TPM\'s storage root key is no TPM2B_PUBLIC');
  const missing = await put(id, {tpm: {endorsementKey: keys.endorsementKey}});
  assert.equal(missing.status, 400);
  await logged('the device shows no storage root key of its TPM');
});

test('somebody who knows the endorsement key locks nobody out', async () => {
  const tpm = await chip();
  const keys = await shown(tpm);
  await enroll(keys.registrationId, keys.endorsementKey);
  const root = Buffer.from(keys.storageRootKey, 'base64');
  let stop = false;
  let asked = 0;
  const attacker = (async () => {
    for (let n = 1; !stop; n = n % 200 + 1) {
      const other = Buffer.from(root);
      other[other.length - MODULUS_SIZE + n] ^= 0x55;
      const {status} = await put(keys.registrationId, {
        tpm: {endorsementKey: keys.endorsementKey, storageRootKey: other.toString('base64')},
      });
      assert.equal(status, 401);
      ++asked;
    }
  })();
  await until('the attacker to be at it', () => asked > 8);
  try {
    const assigned = await provision(tpm, 'https');
    assert.equal(assigned.status, 'assigned');
  } finally {
    stop = true;
    await attacker;
  }
});

test('an endorsement key that no TPM could attest with is refused at enrollment', async () => {
  const refused = async (endorsementKey, why) => assert.rejects(
      enroll('bad-endorsement-key', endorsementKey), (error) => {
        const document = JSON.parse(error.responseBody);
        assert.equal(document.errorCode, 400004);
        assert.match(document.message,
                     /^Endorsement key is invalid, or does not match the Enrollment\./);
        assert.ok(document.message.includes(why), document.message);
        return true;
      });
  await refused('AQID', 'is no TPM2B_PUBLIC');
  const ecc = Buffer.from((await shown(await chip())).endorsementKey, 'base64');
  ecc[3] = 0x23;
  await refused(ecc.toString('base64'), 'is an ECC key');
});

// ---- Without the coordinator ----

test('a chip that no one has ever seen gets its hub while the coordinator is away', async () => {
  const tpm = await chip();
  const keys = await shown(tpm);
  await enroll(keys.registrationId, keys.endorsementKey);
  // The gateway has the enrollment once it challenges.
  await until('the gateway to know the chip', async () => {
    const {status, body} = await put(keys.registrationId, {
      tpm: {endorsementKey: keys.endorsementKey, storageRootKey: keys.storageRootKey},
    });
    return status === 401 && body.authenticationKey;
  });
  await installation.end('coordinator');
  try {
    const assigned = await provision(tpm, 'amqp');
    assert.equal(assigned.status, 'assigned');
    assertSignedBy(await keyAtHub(hubNames[1], keys.registrationId), assigned.hubToken,
                   `${hubNames[1]}/devices/${keys.registrationId}`);
  } finally {
    await installation.restart('coordinator');
  }
  await until('the coordinator to learn of it', async () => {
    const state = (await client.getDeviceRegistrationState(keys.registrationId)).responseBody;
    return state.status === 'assigned';
  });
});
