// Groups of TPMs, which DPS does not have: chips that a delivery note lists, and chips whose maker
// put a certificate into them. Microsoft's clients know nothing of either, and work; its service SDK
// keeps what it does not know.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {createHash, createHmac} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import test, {after} from 'node:test';
import {promisify} from 'node:util';

import {Admin} from './admin.mjs';
import {Installation} from './installation.mjs';
import {atHub, dev, hubNames, hubsHolding, service, transports} from './peers.mjs';
import {SoftwareTpm, TpmMaker} from './software_tpm.mjs';
import {TpmSimulator} from './tpm_simulator.mjs';
import {until, within} from './waiting.mjs';

const require = createRequire(path.join(process.env.BERTH_NPM, 'package.json'));
const {TpmSecurityClient} = require('azure-iot-security-tpm');
const {ProvisioningDeviceClient} = require('azure-iot-provisioning-device');
const tss = require('tss.js');

const REGISTERED_WITHIN_MS = 30_000;

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();
const admin = new Admin(dev.service.connectionString);
const stops = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

const maker = new TpmMaker(path.join(installation.dir, 'maker'));
let chips = 0;
const folder = () => path.join(installation.dir, `group-chip-${++chips}`);
async function kept(starting) {
  const tpm = await starting;
  stops.push(() => tpm.stop());
  return tpm;
}
const chip = () => kept(SoftwareTpm.start(folder()));
const chipOf = (by) => kept(SoftwareTpm.madeBy(by, folder()));

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
async function refusedDevice(tpm, protocol, ...args) {
  try {
    await provision(tpm, protocol, ...args);
  } catch ({code, stdout}) {
    assert.equal(code, 1);
    return JSON.parse(stdout);
  }
  assert.fail('the device should have been refused');
}

const attestation = (...certificates) =>
    ({type: 'tpm', tpmGroup: {certificates: certificates.map((certificate) => ({certificate}))}});
const makeGroup = async (enrollmentGroupId, mechanism = attestation()) =>
    (await client.createOrUpdateEnrollmentGroup({
      enrollmentGroupId,
      attestation: mechanism,
      allocationPolicy: 'static',
      iotHubs: [hubNames[1]],
    })).responseBody;
const listOf = (group) => `/berth/v1/enrollmentGroups/${group}/tpms`;
const admit = (group, ...tpms) => admin.call('POST', listOf(group), {tpms});

const hmac = (key, text) => createHmac('sha256', key).update(text).digest('base64');
async function keyAtHub(deviceId) {
  assert.deepEqual(await hubsHolding(deviceId), [hubNames[1]]);
  const {identity} = await atHub(hubNames[1], deviceId);
  return Buffer.from(identity.authentication.symmetricKey.primaryKey, 'base64');
}
// The token that the chip signed is worth something at the hub.
function assertSignedBy(key, token) {
  const fields = Object.fromEntries(token.replace('SharedAccessSignature ', '').split('&').map(
      (field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)]));
  assert.equal(decodeURIComponent(fields.sig), hmac(key, `${fields.sr}\n${fields.se}`));
}
// An endorsement key, and the registration ID that it makes.
function named(key) {
  const bits = Array.from(createHash('sha256').update(key).digest(),
                          (byte) => byte.toString(2).padStart(8, '0')).join('');
  const registrationId = bits.match(/.{1,5}/g).map(
      (five) => 'abcdefghijklmnopqrstuvwxyz234567'[parseInt(five.padEnd(5, '0'), 2)]).join('');
  return {endorsementKey: key.toString('base64'), registrationId};
}
// A first register with keys and a certificate that no client of ours would show together.
async function askedWith({endorsementKey, storageRootKey, registrationId, endorsementKeyCertificate}) {
  const response = await fetch(
      `https://${dev.device.host}/${dev.idScope}/registrations/${registrationId}/register?` +
          'api-version=2021-06-01',
      {
        method: 'PUT',
        headers: {'Content-Type': 'application/json'},
        body: JSON.stringify({
          registrationId,
          tpm: {endorsementKey, storageRootKey,
                endorsementKeyCertificates: [endorsementKeyCertificate]},
        }),
      });
  return response.status;
}
const gatewayLog = () => readFileSync(path.join(installation.dir, 'berth-gateway.log'), 'utf8');
const logged = (reason) => until(`the gateway to log: ${reason}`, () => gatewayLog().includes(reason));

// ---- By the list ----

await makeGroup('delivered');

for (const transport of ['Http', 'Amqp', 'AmqpWs']) {
  test(`${transport}: Microsoft's TPM client gets its hub for a chip that is on a list`, async () => {
    const simulator = await TpmSimulator.inFrontOf(await chip());
    stops.push(() => simulator.stop());
    const bus = new tss.Tpm(true, '127.0.0.1', simulator.port);
    stops.push(() => bus.close());
    const security = new TpmSecurityClient(undefined, bus);
    const asked = (method, ...args) => new Promise((resolve, reject) => security[method](
        ...args, (error, value) => (error ? reject(error) : resolve(value))));
    const key = await asked('getEndorsementKey');
    const id = await asked('getRegistrationId');
    // As docs/attestation/tpm.md has it computed for a delivery note.
    await admit('delivered', {endorsementKeyHash: createHash('sha256').update(key).digest('hex')});

    const device = ProvisioningDeviceClient.create(dev.device.host, dev.idScope,
                                                   new transports[transport](), security);
    const {registrationState: state} =
        await within(REGISTERED_WITHIN_MS, 'the chip to register', device.register());
    assert.equal(state.status, 'assigned');
    assert.equal(state.assignedHub, hubNames[1]);
    assert.equal(state.deviceId, id);
    const signature = await asked('signWithIdentity', Buffer.from('a text'));
    assert.equal(signature.toString('base64'), hmac(await keyAtHub(id), 'a text'));
  });
}

test('a list may give a chip its registration ID, and it has no other', async () => {
  const tpm = await chip();
  const {endorsementKey} = await shown(tpm);
  assert.deepEqual(await admit('delivered', {endorsementKey, registrationId: 'press-7'}),
                   {admitted: 1, alreadyAdmitted: 0, refused: []});
  assert.equal((await provision(tpm, 'https', '--registration-id', 'press-7')).deviceId, 'press-7');
  assert.equal((await refusedDevice(tpm, 'https')).errorCode, 401002);
  await logged('a chip of a group has one registration ID, and this one\'s is \'press-7\'');
});

test('a chip that is on no list is told so, and so is one that was taken off', async () => {
  const tpm = await chip();
  const {endorsementKeyHash} = await shown(tpm);
  assert.equal((await refusedDevice(tpm, 'https')).errorCode, 404201);
  await admit('delivered', {endorsementKeyHash});
  await provision(tpm, 'https');
  await admin.call('DELETE', `${listOf('delivered')}/${endorsementKeyHash}`);
  await until('the gateway to know', async () => {
    try {
      await provision(tpm, 'https');
    } catch ({stdout}) {
      return JSON.parse(stdout).errorCode === 404201;
    }
    return false;
  });
});

test('a disabled individual enrollment takes a chip out of its group', async () => {
  const tpm = await chip();
  const {endorsementKeyHash, endorsementKey, registrationId} = await shown(tpm);
  // Under another ID: it is the chip that is meant.
  await client.createOrUpdateIndividualEnrollment({
    registrationId: 'stolen-chip',
    attestation: {type: 'tpm', tpm: {endorsementKey}},
    provisioningStatus: 'disabled',
  });
  await admit('delivered', {endorsementKeyHash});
  assert.equal((await refusedDevice(tpm, 'https')).errorCode, 403202);
  assert.deepEqual(await hubsHolding(registrationId), []);
});

test('an enabled individual enrollment has its chip for itself', async () => {
  const tpm = await chip();
  const {endorsementKeyHash, endorsementKey, registrationId} = await shown(tpm);
  await client.createOrUpdateIndividualEnrollment(
      {registrationId: 'own-device', attestation: {type: 'tpm', tpm: {endorsementKey}}});
  await admit('delivered', {endorsementKeyHash});
  assert.equal((await refusedDevice(tpm, 'https')).errorCode, 403202);
  await logged('an individual enrollment names this endorsement key');
  assert.deepEqual(await hubsHolding(registrationId), []);
  assert.equal((await provision(tpm, 'https', '--registration-id', 'own-device')).deviceId,
               'own-device');
});

test('a delivery is refused chip by chip, with the reason', async () => {
  await makeGroup('second');
  const hash = (text) => createHash('sha256').update(text).digest('hex');
  await admit('delivered', {endorsementKeyHash: hash('a')});
  const {admitted, alreadyAdmitted, refused} = await admit(
      'second', {endorsementKeyHash: hash('a')}, {endorsementKeyHash: 'abc'},
      {endorsementKeyHash: hash('b')}, {endorsementKeyHash: hash('b')});
  assert.equal(admitted, 1);
  assert.equal(alreadyAdmitted, 1);
  assert.deepEqual(refused.map(({index}) => index).sort(), [0, 1]);
  assert.match(refused.find(({index}) => index === 0).reason,
               /on the list of enrollment group 'delivered'/);
});

test('berth imports a delivery note, and reports what it could not', async () => {
  const tpm = await chip();
  const {endorsementKeyHash, endorsementKey} = await shown(tpm);
  const other = (await shown(await chip())).endorsementKeyHash;
  const note = path.join(installation.dir, 'delivery.csv');
  const report = path.join(installation.dir, 'refused.csv');
  writeFileSync(note, `pallet,endorsementKeyHash,endorsementKey,registrationId\r\n` +
                          `7,${endorsementKeyHash},,drill-1\r\n8,,${endorsementKey},drill-2\r\n` +
                          `9,${other},,\r\n9,none,,\r\n`);
  const berth = (...args) => run(path.join(installation.bin, 'berth'),
                                 ['--login', dev.service.connectionString, '--ca-file',
                                  dev.service.caFile, '--output', 'json', ...args]);
  await berth('group', 'create', 'noted', '--attestation-type', 'tpm');
  const {code, stdout} = await berth('group', 'tpm-import', 'noted', note, '--report', report)
                             .catch((error) => error);
  assert.notEqual(code, 0);
  const {value, summary} = JSON.parse(stdout);
  assert.deepEqual(summary, {admitted: 2, alreadyAdmitted: 0, refused: 2});
  assert.deepEqual(value.map(({line}) => line), [3, 5]);
  assert.match(value[0].reason, /with the registration ID 'drill-1'/);
  assert.match(readFileSync(report, 'utf8'), /^line,tpm,reason\r\n3,/);

  assert.equal((await provision(tpm, 'https', '--registration-id', 'drill-1')).deviceId, 'drill-1');
  // The list goes elsewhere as the note that it could have come from.
  const exported = path.join(installation.dir, 'exported.csv');
  await berth('group', 'tpm-export', 'noted', exported);
  await berth('group', 'create', 'noted-again', '--attestation-type', 'tpm');
  for (const hash of [endorsementKeyHash, other]) await berth('group', 'tpm-remove', 'noted', hash);
  await berth('group', 'tpm-import', 'noted-again', exported);
  const {stdout: there} = await berth('group', 'tpm-list', 'noted-again');
  assert.deepEqual(JSON.parse(there).map((one) => one.endorsementKeyHash).sort(),
                   [endorsementKeyHash, other].sort());
  assert.equal(JSON.parse(there).find((one) => one.endorsementKeyHash === endorsementKeyHash).registrationId,
               'drill-1');
  for (const hash of [endorsementKeyHash, other]) await berth('group', 'tpm-remove', 'noted-again', hash);
  await berth('group', 'tpm-import', 'noted', exported);
  await berth('group', 'tpm-remove', 'noted', other);
  const {stdout: listed} = await berth('group', 'tpm-list', 'noted');
  assert.deepEqual(JSON.parse(listed).map(({registrationId}) => registrationId), ['drill-1']);
});

// ---- By the maker's CA ----

for (const protocol of ['https', 'amqp', 'amqp-ws']) {
  test(`${protocol}: a chip shows its maker's certificate and gets its hub`, async () => {
    const tpm = await chipOf(maker);
    const {registrationId, endorsementKeyCertificate} = await shown(tpm);
    assert.ok(endorsementKeyCertificate);
    await makeGroup(`made-${protocol}`, attestation(maker.issuer));
    // As a client of Microsoft's: no list names the chip, and it says nothing of its maker.
    assert.equal((await refusedDevice(tpm, 'https')).errorCode, 404201);
    const assigned = await provision(tpm, protocol, '--ek-certificate');
    assert.equal(assigned.status, 'assigned');
    assert.equal(assigned.deviceId, registrationId);
    assertSignedBy(await keyAtHub(registrationId), assigned.hubToken);
    await client.deleteEnrollmentGroup(`made-${protocol}`);
  });
}

test('a chip of another maker is refused, and so is another chip\'s certificate', async () => {
  const other = new TpmMaker(path.join(installation.dir, 'other-maker'));
  const ours = await chipOf(maker);
  const theirs = await chipOf(other);
  await makeGroup('ours', attestation(maker.issuer));
  await until('the gateway to know the group',
              async () => (await provision(ours, 'https', '--ek-certificate')).status === 'assigned');
  // Both call themselves alike; the signature tells.
  const told = await refusedDevice(theirs, 'https', '--ek-certificate');
  assert.notEqual(told.status, 'assigned');
  await logged('does not verify with the key of');

  const {endorsementKeyCertificate} = await shown(ours);
  assert.equal(await askedWith({...await shown(theirs), endorsementKeyCertificate}), 401);
  await logged('the endorsement key\'s certificate is of another key');
  await client.deleteEnrollmentGroup('ours');
});

test('a chip is not another one by another spelling of its key', async () => {
  const tpm = await chipOf(maker);
  await makeGroup('spelled', attestation(maker.issuer));
  await until('the gateway to know the group',
              async () => (await provision(tpm, 'https', '--ek-certificate')).status === 'assigned');
  const keys = await shown(tpm);
  const key = Buffer.from(keys.endorsementKey, 'base64');
  assert.equal(named(key).registrationId, keys.registrationId);
  assert.equal(await askedWith({...keys, ...named(key)}), 401);  // the challenge, as it is
  const before = gatewayLog().length;
  const altered = Buffer.from(key);
  altered.writeUInt32BE(65537, 54);  // the exponent, written out
  assert.equal(await askedWith({...keys, ...named(altered)}), 401);
  await until('the gateway to log why',
              () => gatewayLog().slice(before).includes('is of a key by the TCG\'s template L-1'));
  await client.deleteEnrollmentGroup('spelled');
});

// ---- To the service SDK ----

test('Microsoft\'s service client reads, lists and changes such a group, and breaks nothing', async () => {
  await chipOf(maker);
  await makeGroup('kept', attestation(maker.issuer));
  const {responseBody: seen} = await client.getEnrollmentGroup('kept');
  assert.equal(seen.attestation.type, 'symmetricKey');
  assert.equal(seen.attestation.tpmGroup.certificates.length, 1);
  // As a client has it that drops what it does not know, such as C#'s.
  const {responseBody: changed} = await client.createOrUpdateEnrollmentGroup(
      {...seen, attestation: {type: 'symmetricKey'}, provisioningStatus: 'disabled'});
  assert.equal(changed.provisioningStatus, 'disabled');
  assert.deepEqual(changed.attestation, seen.attestation);
  const {responseBody: again} =
      await client.createOrUpdateEnrollmentGroup({...changed, provisioningStatus: 'enabled'});
  assert.deepEqual(again.attestation, seen.attestation);

  const query = client.createEnrollmentGroupQuery({query: '*'});
  const listed = await new Promise(
      (resolve, reject) => query.next((error, page) => (error ? reject(error) : resolve(page))));
  assert.deepEqual(
      listed.find(({enrollmentGroupId}) => enrollmentGroupId === 'kept').attestation,
      seen.attestation);
  const {responseBody: mechanism} = await client.getEnrollmentGroupAttestationMechanism('kept');
  assert.deepEqual(mechanism, seen.attestation);
  await client.deleteEnrollmentGroup('kept');
});
