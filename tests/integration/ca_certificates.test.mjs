// CA certificates with proof of possession, on the command line, and the devices that they attest:
// of a group and of a single enrollment, also while the coordinator is out of reach (service API 2.4,
// 4.3).
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test, {after} from 'node:test';

import {authority, device, withChain} from './certificates.mjs';
import {Installation} from './installation.mjs';
import {dev, hubNames, register, service, withCertificate} from './peers.mjs';
import {until} from './waiting.mjs';

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();
const folder = mkdtempSync(path.join(tmpdir(), 'berth-ca-'));
after(() => rmSync(folder, {recursive: true, force: true}));

async function berth(...args) {
  const {stdout} = await installation.berth(
      ...args, '--login', dev.service.connectionString, '--ca-file', dev.service.caFile, '--output',
      'json');
  return stdout ? JSON.parse(stdout) : undefined;
}

function file(name, text) {
  const written = path.join(folder, name);
  writeFileSync(written, text);
  return written;
}

const root = authority('svc plant root');
const member = (id) => withCertificate(id, withChain(device(id, root)));
const references = (names) => ({type: 'x509', x509: {caReferences: names}});
const refusedAs401 = (error) => {
  assert.match(String(error.message) + error.responseBody, /401|Unauthorized|certificate/i);
  return true;
};

test('a CA certificate is uploaded, and attests nobody until its owner proves to have the key', async () => {
  const uploaded =
      await berth('certificate', 'create', 'plant-root', '--path', file('root.pem', root.certificate));
  assert.equal(uploaded.isVerified, false);
  assert.equal(uploaded.info.subjectName, 'CN=svc plant root');
  await assert.rejects(
      berth('certificate', 'create', 'plant-root', '--path', file('root.pem', root.certificate)));

  const group = (await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'svc-by-name',
    attestation: references({primary: 'Plant-Root'}),
    iotHubs: hubNames,
  })).responseBody;
  assert.deepEqual(group.attestation.x509, {caReferences: {primary: 'Plant-Root'}});
  await assert.rejects(register('Http', member('svc-by-name-1')), refusedAs401);
  await assert.rejects(
      client.createOrUpdateEnrollmentGroup(
          {enrollmentGroupId: 'svc-by-no-name', attestation: references({primary: 'nobodys'})}),
      {name: 'ArgumentError'});

  const asked = await berth('certificate', 'generate-verification-code', 'plant-root');
  assert.ok(asked.verificationCode);
  const forged = device(asked.verificationCode, authority('svc plant root'));
  await assert.rejects(
      berth('certificate', 'verify', 'plant-root', '--path', file('forged.pem', forged.certificate)));
  const proof = device(asked.verificationCode, root);
  const verified =
      await berth('certificate', 'verify', 'plant-root', '--path', file('proof.pem', proof.certificate));
  assert.equal(verified.isVerified, true);
  assert.notEqual(verified.etag, asked.etag);

  const assigned = await until(
      'the gateway to hear of the proof', () => register('Http', member('svc-by-name-1')));
  assert.ok(hubNames.includes(assigned.assignedHub));
});

test('a single enrollment may name the CA that its device chains to', async () => {
  await client.createOrUpdateIndividualEnrollment({
    registrationId: 'svc-single',
    deviceId: 'press-17',
    attestation: references({primary: 'plant-root'}),
  });
  const assigned = await register('Mqtt', member('svc-single'));
  assert.equal(assigned.deviceId, 'press-17');
});

test('the gateway attests by the CA certificate while the coordinator is away', async () => {
  await installation.berth('dev', 'offline', '--dir', installation.dir);
  try {
    const assigned = await register('Mqtt', member('svc-by-name-offline'));
    assert.ok(assigned.assignedHub);
  } finally {
    await installation.berth('dev', 'online', '--dir', installation.dir);
  }
});

test('a CA certificate stays while an enrollment refers to it', async () => {
  await assert.rejects(berth('certificate', 'delete', 'plant-root'), (error) => {
    assert.match(error.stderr, /svc-by-name refers to the CA certificate/);
    return true;
  });
  // From a name to the certificate itself: accepted by PUT, as DPS does.
  const group = (await client.getEnrollmentGroup('svc-by-name')).responseBody;
  const inline = {
    type: 'x509',
    x509: {signingCertificates: {primary: {certificate: root.certificate}}},
  };
  await client.createOrUpdateEnrollmentGroup({...group, attestation: inline});
  await client.deleteIndividualEnrollment('svc-single');
  await berth('certificate', 'delete', 'plant-root');
  assert.deepEqual(await berth('certificate', 'list'), []);
});
