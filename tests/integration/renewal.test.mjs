// Certificates that are good for seconds instead of months: the one that the gateway shows the
// coordinator and the one that it shows devices are renewed again and again, and no device notices.
import assert from 'node:assert/strict';
import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import tls from 'node:tls';

import {newKey} from './certificates.mjs';
import {registerFleet} from './fleet.mjs';
import {Installation} from './installation.mjs';
import {dev, hubNames, register, service, withKey} from './peers.mjs';
import {until, within} from './waiting.mjs';

const LIFETIME_SECONDS = 12;
const RENEWALS = 4;
const RENEWED_WITHIN_MS = 90_000;
const DEVICES_OF_A_FLEET = 10;

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();
const file = (name) => path.join(installation.dir, name);

async function asOperator(...command) {
  const {stdout} = await installation.berth('--login', dev.operator.connectionString, '--ca-file',
                                            dev.service.caFile, '--output', 'json', ...command);
  return JSON.parse(stdout);
}

function configure(program, change) {
  const config = file(`berth-${program}.toml`);
  const before = readFileSync(config, 'utf8');
  const after = change(before);
  assert.notEqual(after, before);
  writeFileSync(config, after);
}

// The gateway joins anew, so that its first certificate is a short one too, and has the coordinator
// issue the one that devices see.
async function shortenCertificates() {
  // It gives nobody a certificate for a name of its own, of which localhost is one here.
  configure('coordinator', (config) => config
      .replace('[ca]\n', `[ca]\ngateway_certificate_seconds = ${LIFETIME_SECONDS}\n`)
      .replace(/^names = .*$/m, `names = ["${new URL(dev.service.url).hostname}"]`));
  await installation.end('coordinator');
  await installation.restart('coordinator');
  await installation.end('gateway');
  for (const name of readdirSync(file('gateway'))) {
    if (name.startsWith('gateway.db')) rmSync(file(`gateway/${name}`));
  }
  const {joinToken} = await asOperator('gateway', 'token', 'dev-gateway');
  configure('gateway', (config) => config
      .replace(/^join_token = .*\n/m, '')
      .replace('[coordinator]\n', `[coordinator]\njoin_token = "${joinToken}"\n`)
      .replace(/^certificate = .*\nprivate_key = .*\n/m, 'names = ["localhost", "127.0.0.1"]\n'));
  await installation.restart('gateway');
}

const gatewayLog = () => readFileSync(file('berth-gateway.log'), 'utf8');
const times = (text, part) => text.split(part).length - 1;

// What a device that connects now is shown.
async function shownCertificate() {
  const socket = tls.connect({host: dev.device.host, port: dev.device.https, servername: 'localhost'});
  await within(5000, 'the device endpoint', new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve);
    socket.once('error', reject);
  }));
  const certificate = socket.getPeerCertificate();
  socket.destroy();
  return certificate;
}

test('certificates are renewed before they expire, and no device notices', async (t) => {
  await shortenCertificates();
  const logBefore = gatewayLog().length;
  const newLines = () => gatewayLog().slice(logBefore);
  const groupKey = newKey();
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'renewal',
    attestation: {
      type: 'symmetricKey',
      symmetricKey: {primaryKey: groupKey, secondaryKey: newKey()},
    },
    iotHubs: hubNames,
  });
  await until('the gateway to know the group', async () => {
    const [report] = await registerFleet(
        {prefix: 'renewal-first', count: 1, groupKey, protocol: 'https'});
    return report.status === 'assigned';
  });
  const first = await shownCertificate();

  await t.test(`${RENEWALS} times while fleets register`, async () => {
    let isOver = false;
    const lanes = ['https', 'mqtt'].map(async (protocol) => {
      let devices = 0;
      for (let n = 0; !isOver; ++n) {
        const reports = await registerFleet(
            {prefix: `renewal-${protocol}-${n}-`, count: DEVICES_OF_A_FLEET, groupKey, protocol});
        for (const {registrationId, status, message} of reports) {
          assert.equal(status, 'assigned', `${registrationId}: ${message}`);
        }
        devices += reports.length;
      }
      return devices;
    });
    const serials = new Set();
    try {
      await Promise.race([
        Promise.all(lanes),
        until(`${RENEWALS} renewals of both certificates`, async () => {
          const shown = await shownCertificate();
          assert.ok(Date.parse(shown.valid_to) > Date.now(), 'an expired certificate is shown');
          serials.add(shown.serialNumber);
          return serials.size > RENEWALS &&
              times(newLines(), 'this gateway\'s certificate was renewed') >= RENEWALS;
        }, RENEWED_WITHIN_MS),
      ]);
    } finally {
      isOver = true;
    }
    const devices = (await Promise.all(lanes)).reduce((sum, lane) => sum + lane);
    t.diagnostic(`${devices} devices registered; ${serials.size} certificates were shown`);
    assert.ok(devices > 0);
    assert.equal(times(newLines(), 'the link to the coordinator is down'), 0);
  });

  await t.test('past the end of the first ones', async () => {
    await until('the first certificate to expire', () => Date.now() > Date.parse(first.valid_to));
    const shown = await asOperator('gateway', 'show', 'dev-gateway');
    assert.ok(Date.parse(shown.certificateExpiryUtc) > Date.now());
  });

  await t.test('and the renewed one opens the door to the coordinator', async () => {
    await installation.kill('coordinator');
    await installation.restart('coordinator');
    const key = newKey();
    await client.createOrUpdateIndividualEnrollment({
      registrationId: 'renewal-last',
      attestation: {
        type: 'symmetricKey',
        symmetricKey: {primaryKey: key, secondaryKey: newKey()},
      },
    });
    // With an expired certificate the gateway might do nothing but renew it.
    const state = await until('the gateway to know the last enrollment',
                              () => register('Http', withKey('renewal-last', key)));
    assert.equal(state.status, 'assigned');
    assert.equal((await client.getDeviceRegistrationState('renewal-last')).responseBody.status,
                 'assigned');
  });
});
