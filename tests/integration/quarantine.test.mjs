// An outcome that the coordinator cannot take in (design, section 4: "Up") is put aside and shown,
// and everything behind it in the gateway's outbox gets through.
import assert from 'node:assert/strict';
import test from 'node:test';

import {newKey} from './certificates.mjs';
import {Installation} from './installation.mjs';
import {dev, hubNames, register, service, withKey} from './peers.mjs';
import {until} from './waiting.mjs';

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();

async function enroll(registrationId) {
  const keys = {primaryKey: newKey(), secondaryKey: newKey()};
  await client.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: {type: 'symmetricKey', symmetricKey: keys},
    allocationPolicy: 'static',
    iotHubs: [hubNames[0]],
  });
  return withKey(registrationId, keys.primaryKey);
}

const knownAtCoordinator = (id) =>
    until(`the coordinator to know ${id}`,
          async () => (await client.getDeviceRegistrationState(id)).responseBody);

async function quarantine() {
  const {stdout} = await installation.berth(
      '--login', dev.operator.connectionString, '--ca-file', dev.service.caFile, '--output', 'json',
      'gateway', 'quarantine');
  return JSON.parse(stdout);
}

test('an outcome that cannot be taken in is shown, and blocks nothing', async () => {
  const withdrawn = await enroll('quarantined-1');
  const behind = await enroll('quarantined-behind-1');
  const last = await enroll('quarantined-last-1');
  await until('the gateway to know the last enrollment', () => register('Http', last));
  assert.deepEqual(await quarantine(), []);

  await installation.berth('dev', 'offline', '--dir', installation.dir);
  assert.equal((await register('Http', withdrawn)).assignedHub, hubNames[0]);
  assert.equal((await register('Mqtt', behind)).assignedHub, hubNames[0]);
  // Nobody could tell the gateway in time.
  await client.deleteIndividualEnrollment('quarantined-1');
  await installation.berth('dev', 'online', '--dir', installation.dir);

  await knownAtCoordinator('quarantined-behind-1');
  const aside = await quarantine();
  assert.equal(aside.length, 1);
  assert.equal(aside[0].registrationId, 'quarantined-1');
  assert.equal(aside[0].reason, 'there is no individual enrollment quarantined-1');
  assert.equal(aside[0].idScope, dev.idScope);
  assert.ok(Date.parse(aside[0].receivedUtc));

  const next = await enroll('quarantined-next-1');
  await until('the gateway to know the next enrollment', () => register('Http', next));
  await knownAtCoordinator('quarantined-next-1');
  assert.equal((await quarantine()).length, 1);
});
