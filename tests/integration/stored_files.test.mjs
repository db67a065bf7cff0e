// What somebody reads who takes the disk away (design, section 5): no database file of the
// coordinator or of the gateway shows a registration ID, a host name, a key or a connection string.
// berth-hub stands in for somebody else's hub during development: its hubs.db is readable, and is
// not looked at.
import assert from 'node:assert/strict';
import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import {authority, derivedKey, device, newKey, withChain} from './certificates.mjs';
import {Installation} from './installation.mjs';
import {dev, hubNames, hubs, register, service, withCertificate, withKey} from './peers.mjs';
import {until} from './waiting.mjs';

const PROGRAMS = ['coordinator', 'gateway'];
const MANY_PAGES = 64 * 1024;
const DATABASE = /\.db(-wal|-shm)?$/;

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();

const individual = 'Stored-Individual:1';
const ofGroup = 'stored-of-group-1';
const ofChain = 'stored-of-chain-1';
const refusedDevice = 'stored-refused-1';
const groupId = 'stored-group-of-keys';
const deviceId = 'Stored-Device-ID';
const individualKeys = {primaryKey: newKey(), secondaryKey: newKey()};
const groupKeys = {primaryKey: newKey(), secondaryKey: newKey()};
const symmetric = (keys) => ({type: 'symmetricKey', symmetricKey: keys});
const root = authority('Stored Root CA');
const leaf = device(ofChain, root);

async function provision() {
  await client.createOrUpdateIndividualEnrollment({
    registrationId: individual,
    deviceId,
    attestation: symmetric(individualKeys),
    allocationPolicy: 'static',
    iotHubs: [hubNames[0]],
    initialTwin: {tags: {place: 'stored-tag-of-the-twin'}, properties: {desired: {n: 1}}},
  });
  await client.createOrUpdateEnrollmentGroup(
      {enrollmentGroupId: groupId, attestation: symmetric(groupKeys), iotHubs: hubNames});
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'stored-group-of-a-ca',
    attestation: {
      type: 'x509',
      x509: {signingCertificates: {primary: {certificate: root.certificate}}},
    },
    iotHubs: hubNames,
  });
  const states = [
    await until('the gateway to know the individual',
                () => register('Http', withKey(individual, individualKeys.primaryKey))),
    await until('the gateway to know the group',
                () => register('Mqtt', withKey(ofGroup, derivedKey(groupKeys.primaryKey, ofGroup)))),
    await until('the gateway to know the CA',
                () => register('Http', withCertificate(ofChain, withChain(leaf, root)))),
  ];
  await assert.rejects(register('Http', withKey(refusedDevice, newKey())));
  for (const {registrationId} of states) {
    await until(`the coordinator to know ${registrationId}`,
                async () => (await client.getDeviceRegistrationState(registrationId)).responseBody);
  }
}

// A key as its bytes, and as people write it.
const keyForms = (name, base64) => {
  const bytes = Buffer.from(base64, 'base64');
  return [
    [`${name}, its bytes`, bytes],
    [`${name} in base64`, base64],
    [`${name} in base64url`, bytes.toString('base64url')],
    [`${name} in hex`, bytes.toString('hex')],
  ];
};

const keyOf = (connectionString) => /SharedAccessKey=(.*)$/.exec(connectionString)[1];
// PKCS#8 or SEC 1: the bytes between the lines.
const derOf = (pem) => pem.replace(/-----[^-]*-----|\s/g, '');

function privateScalar(pem) {
  const der = Buffer.from(derOf(pem), 'base64');
  // SEC 1 (RFC 5915): version 1, then the private key as an octet string of 32 bytes.
  const start = der.indexOf(Buffer.from([0x02, 0x01, 0x01, 0x04, 0x20])) + 5;
  assert.ok(start > 5, 'a P-256 key has a private scalar');
  return der.subarray(start, start + 32).toString('base64');
}

function secrets() {
  const texts = [
    individual, ofGroup, ofChain, refusedDevice, groupId, deviceId, 'stored-group-of-a-ca',
    'stored-tag-of-the-twin', 'dev-gateway', ...hubNames, 'Stored Root CA', 'SharedAccessKey',
    'SharedAccessSignature', 'provisioningserviceowner', 'iothubowner',
    dev.service.connectionString, dev.operator.connectionString,
    ...hubs.map((hub) => hub.connectionString), ...hubs.map((hub) => hub.registryUrl),
  ].map((text) => [text, text]);
  const keys = {
    'the individual\'s key': individualKeys.primaryKey,
    'the individual\'s second key': individualKeys.secondaryKey,
    'the group\'s key': groupKeys.primaryKey,
    'the group\'s second key': groupKeys.secondaryKey,
    'the key derived for a device': derivedKey(groupKeys.primaryKey, ofGroup),
    'the service policy\'s key': keyOf(dev.service.connectionString),
    'the operator\'s key': keyOf(dev.operator.connectionString),
    'the CA\'s private key':
        privateScalar(readFileSync(path.join(installation.dir, 'ca.key'), 'utf8')),
  };
  for (const hub of hubs) keys[`the key of ${hub.hostName}`] = keyOf(hub.connectionString);
  return [
    ...texts,
    ...Object.entries(keys).flatMap(([name, base64]) => keyForms(name, base64)),
    ['the certificate of a CA', Buffer.from(derOf(root.certificate), 'base64')],
  ];
}

// Also as people may write it: in capitals or not, and as UTF-16.
function spellings(secret) {
  if (Buffer.isBuffer(secret)) return [secret];
  return [secret, secret.toLowerCase(), secret.toUpperCase()].flatMap(
      (text) => [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le')]);
}

const databaseFiles = (folder) => readdirSync(folder, {recursive: true})
                                      .filter((name) => DATABASE.test(name))
                                      .map((name) => path.join(folder, name));

function findings(files) {
  const found = [];
  for (const file of files) {
    const bytes = readFileSync(file);
    for (const [name, secret] of secrets()) {
      if (spellings(secret).some((spelling) => bytes.includes(spelling))) {
        found.push(`${path.basename(file)} shows ${name}`);
      }
    }
  }
  return found;
}

const allFiles = () =>
    PROGRAMS.flatMap((program) => databaseFiles(path.join(installation.dir, program)));

test('the database files show nothing', async (t) => {
  await provision();

  await t.test('as a crash leaves them', async () => {
    for (const program of PROGRAMS) await installation.kill(program);
    const files = allFiles();
    for (const program of PROGRAMS) {
      const database = path.join(installation.dir, program, `${program}.db`);
      assert.ok(files.includes(database), `no database of the ${program}`);
      assert.ok(files.includes(`${database}-wal`), `no log of the ${program}`);
      assert.ok(readFileSync(`${database}-wal`).length > MANY_PAGES, 'all of it is in the log');
    }
    assert.deepEqual(findings(files), []);
    for (const program of PROGRAMS) await installation.restart(program);
  });

  await t.test('and after a stop in order', async () => {
    for (const program of PROGRAMS) await installation.end(program);
    const files = allFiles();
    assert.ok(files.length >= PROGRAMS.length);
    assert.deepEqual(findings(files), []);
    for (const program of PROGRAMS) await installation.restart(program);
  });

  await t.test('while a file that does show something is found out', () => {
    const folder = path.join(installation.dir, 'gateway');
    const control = path.join(folder, 'control.db');
    try {
      for (const [name, secret] of secrets()) {
        writeFileSync(control, Buffer.concat(
            [Buffer.alloc(5000, 1), Buffer.from(secret), Buffer.alloc(5000, 2)]));
        assert.ok(findings(databaseFiles(folder)).includes(`control.db shows ${name}`), name);
      }
    } finally {
      rmSync(control);
    }
  });
});
