// One tracking ID leads from a device's answer to both sides' logs and to the audit log; the metrics
// count what happened; and the audit log proves itself (docs/monitoring.md, docs/formats/audit.md).
import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import test from 'node:test';

import {newKey} from './certificates.mjs';
import {setFault} from './hub_fault.mjs';
import {Installation} from './installation.mjs';
import {dev, hubNames, sdkDevice, service, transports, withKey} from './peers.mjs';
import {until} from './waiting.mjs';

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();
const exported = path.join(installation.dir, 'audit.jsonl');
const secrets = [];
const sealsSeen = new Set();  // the lines of all exports

function sasToken(resource, key) {
  const expiry = Math.floor(Date.now() / 1000) + 600;
  const encoded = encodeURIComponent(resource);
  const signature =
      createHmac('sha256', Buffer.from(key, 'base64')).update(`${encoded}\n${expiry}`).digest('base64');
  return `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${expiry}` +
      '&skn=registration';
}

// A request as a device sends it: status, headers and body, which SDKs do not show.
function ask(method, id, key, suffix, body) {
  const target =
      `/${dev.idScope}/registrations/${id}${suffix}?api-version=2021-06-01`;
  const text = body === undefined ? '' : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const request = https.request(
        {
          host: dev.device.host,
          port: dev.device.https,
          method,
          path: target,
          headers: {
            'Authorization': sasToken(`${dev.idScope}/registrations/${id}`, key),
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(text),
          },
        },
        (response) => {
          let said = '';
          response.on('data', (chunk) => (said += chunk));
          response.on('end', () => resolve({
                                status: response.statusCode,
                                headers: response.headers,
                                body: JSON.parse(said),
                              }));
        });
    request.on('error', reject);
    request.end(text);
  });
}

const register = (id, key) => ask('PUT', id, key, '/register', {registrationId: id});

async function registerUntilAssigned(id, key) {
  const begun = await register(id, key);
  assert.equal(begun.status, 202);
  const trackingId = begun.headers['x-ms-request-id'];
  const done = await until(`${id} to be assigned`, async () => {
    const answer = await ask('GET', id, key, `/operations/${begun.body.operationId}`);
    return answer.body.status === 'assigned' ? answer : undefined;
  });
  assert.equal(done.headers['x-ms-request-id'], trackingId, 'a poll names the same operation');
  return trackingId;
}

async function enroll(registrationId) {
  const primaryKey = newKey();
  secrets.push(primaryKey);
  await client.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: {type: 'symmetricKey', symmetricKey: {primaryKey, secondaryKey: newKey()}},
    allocationPolicy: 'static',
    iotHubs: [hubNames[0]],
  });
  return primaryKey;
}

const logLines = (program) => readFileSync(path.join(installation.dir, `${program}.log`), 'utf8')
                                  .split('\n')
                                  .filter((line) => line.startsWith('{'))
                                  .map((line) => JSON.parse(line));

const lineWith = (program, fits) =>
    until(`a line in ${program}'s log`, () => logLines(program).find(fits));

async function audit() {
  await installation.berth('--login', dev.operator.connectionString, '--ca-file', dev.service.caFile,
                           'audit', 'export', exported);
  const lines = readFileSync(exported, 'utf8').trimEnd().split('\n');
  for (const line of lines) {
    if (JSON.parse(line).line === 'seal') sealsSeen.add(line);
  }
  return lines.map((line) => JSON.parse(line));
}

const entryWith = (kind, trackingId) => until(`${kind} in the audit log`, async () => {
  const lines = await audit();
  return lines.find((line) => line.kind === kind && line.fields.trackingId === trackingId);
});

async function verify(file = exported) {
  const {stdout} = await installation.berth('--ca-file', dev.service.caFile, '--output', 'json',
                                            'audit', 'verify', file);
  return JSON.parse(stdout);
}

function scrape(url) {
  return new Promise((resolve, reject) => {
    http.get(url, (response) => {
          let said = '';
          response.on('data', (chunk) => (said += chunk));
          response.on('end', () => {
            const samples = new Map();
            for (const line of said.split('\n')) {
              const sample = /^(berth_\w+\{.*\}) (\d+)$/.exec(line);
              if (sample) samples.set(sample[1], Number(sample[2]));
            }
            resolve(samples);
          });
        }).on('error', reject);
  });
}

// What was counted between two scrapes, by name and labels.
function counted(before, after, name, labels) {
  let sum = 0;
  for (const [sample, value] of after) {
    if (!sample.startsWith(`${name}{`)) continue;
    const fits = Object.entries(labels).every(([key, text]) => sample.includes(`${key}="${text}"`));
    if (fits) sum += value - (before.get(sample) ?? 0);
  }
  return sum;
}

test('a refused device is found by the tracking ID that it was given', async () => {
  const key = await enroll('audited-refused-1');
  await until('the gateway to know the enrollment',
              async () => (await register('audited-refused-1', key)).status === 202);
  const refused = await register('audited-refused-1', newKey());
  assert.equal(refused.status, 401);
  const trackingId = refused.body.trackingId;
  assert.equal(refused.headers['x-ms-request-id'], trackingId);

  const said = await lineWith('berth-gateway', (line) => line.trackingId === trackingId);
  assert.equal(said.registrationId, 'audited-refused-1');
  const operation = await lineWith(
      'berth-gateway',
      (line) => line.Category === 'DeviceOperations' && line.CorrelationId === trackingId);
  assert.equal(operation.OperationName, 'Register');
  assert.equal(operation.OperationVersion, 'June2021');
  assert.equal(operation.ResultType, 'ClientError');
  assert.equal(operation.ResultSignature, '401');
  assert.match(operation.CallerIpAddress, /^127\.0\.0\.X+$/);
  assert.deepEqual(JSON.parse(operation.properties_s),
                   {id: 'audited-refused-1', type: 'Registration', protocol: 'Https'});
  const atCoordinator = await lineWith('berth-coordinator',
                                       (line) => line.CorrelationId === trackingId);
  assert.equal(atCoordinator.Category, 'DeviceOperations');
  assert.equal(atCoordinator.ResultType, 'ClientError');
  assert.equal(atCoordinator.ResultSignature, '401');
  const entry = await entryWith('refused', trackingId);
  assert.equal(entry.fields.registrationId, 'audited-refused-1');
  assert.equal(entry.tenant, dev.idScope);
});

test('an assigned device is found by the tracking ID that it was given', async () => {
  const key = await enroll('audited-1');
  await until('the gateway to know the enrollment',
              async () => (await register('audited-1', key)).status === 202);
  const trackingId = await registerUntilAssigned('audited-1', key);

  await lineWith('berth-gateway', (line) => line.trackingId === trackingId &&
                     line.message === `assigned to hub ${hubNames[0]} as audited-1`);
  const operation = await lineWith('berth-gateway', (line) => line.CorrelationId === trackingId);
  assert.equal(operation.ResultType, 'Success');
  const atCoordinator = await lineWith('berth-coordinator',
                                       (line) => line.CorrelationId === trackingId);
  assert.equal(atCoordinator.ResultType, 'Success');
  assert.equal((await entryWith('accepted', trackingId)).fields.registrationId, 'audited-1');
  assert.equal((await entryWith('assigned', trackingId)).fields.hub, hubNames[0]);
});

for (const transport of Object.keys(transports)) {
  test(`over ${transport}, a device is found by the ID of the operation that it was told`, async () => {
    const id = `followed-${transport}`;
    const key = await enroll(id);
    const sdk = sdkDevice(transport, withKey(id, key));
    await until(`${id} to be assigned`, () => sdk.register());
    const trackingId = sdk.operation().split('.').at(-1);
    await lineWith('berth-gateway', (line) => line.trackingId === trackingId &&
                       line.message === `assigned to hub ${hubNames[0]} as ${id}`);
    const atCoordinator = await lineWith('berth-coordinator',
                                         (line) => line.CorrelationId === trackingId);
    assert.deepEqual(JSON.parse(atCoordinator.properties_s), {
      id,
      type: 'Registration',
      protocol: transport === 'Http' ? 'Https' : transport,
    });
  });
}

test('what an admin does is in the log of service operations, and in the audit log', async () => {
  await enroll('audited-2');
  const operation = await lineWith('berth-coordinator', (line) => {
    return line.Category === 'ServiceOperations' && line.OperationName === 'Upsert' &&
        JSON.parse(line.properties_s).id === 'audited-2';
  });
  assert.equal(operation.ResultType, 'Success');
  assert.equal(JSON.parse(operation.properties_s).type, 'IndividualEnrollment');
  const entry = await entryWith('change', operation.CorrelationId);
  assert.equal(entry.fields.operation, 'PUT /enrollments/{id}');
  assert.match(entry.fields.source, /^127\./);
  assert.equal(JSON.parse(entry.fields.after).registrationId, 'audited-2');
});

test('the metrics count what happened, on both programs', async () => {
  const atCoordinator = (trackingId) =>
      lineWith('berth-coordinator', (line) => line.CorrelationId === trackingId);
  const first = await scrape(dev.metrics.gateway);
  const fleetFirst = await scrape(dev.metrics.coordinator);
  const key = await enroll('counted-1');
  await until('the gateway to know the enrollment',
              async () => (await register('counted-1', key)).status === 202);
  await atCoordinator(await registerUntilAssigned('counted-1', key));
  const before = await scrape(dev.metrics.gateway);
  const fleetBefore = await scrape(dev.metrics.coordinator);
  await atCoordinator(await registerUntilAssigned('counted-1', key));
  for (let i = 0; i < 3; ++i) {
    await atCoordinator((await register('counted-1', newKey())).body.trackingId);
  }
  const after = await scrape(dev.metrics.gateway);
  const fleetAfter = await scrape(dev.metrics.coordinator);
  const service_ = {provisioning_service_name: dev.idScope};
  const at = (name, labels) => counted(before, after, name, {...service_, ...labels});
  assert.equal(at('berth_attestation_attempts_total', {protocol: 'Https', status: 'Success'}), 1);
  assert.equal(at('berth_attestation_attempts_total', {protocol: 'Https', status: 'Failure'}), 3);
  assert.equal(
      at('berth_registration_attempts_total', {iot_hub_name: hubNames[0], status: 'Success'}), 1);
  assert.equal(at('berth_registration_attempts_total', {status: 'Failure'}), 0);
  const atFleet = (name, labels) =>
      counted(fleetBefore, fleetAfter, name, {...service_, ...labels});
  assert.equal(atFleet('berth_fleet_registration_attempts_total',
                       {iot_hub_name: hubNames[0], status: 'Success'}),
               1);
  const attestedAtFleet = (status) =>
      atFleet('berth_fleet_attestation_attempts_total', {protocol: 'Https', status});
  assert.equal(attestedAtFleet('Success'), 1);
  assert.equal(attestedAtFleet('Failure'), 3);
  // Who did not attest did not attempt to register.
  assert.equal(atFleet('berth_fleet_registration_attempts_total', {status: 'Failure'}), 0);
  // The device came into its hub once, and stayed there when it registered again.
  const inHub = {...service_, iot_hub_name: hubNames[0]};
  assert.equal(counted(first, before, 'berth_device_assignments_total', inHub), 1);
  assert.equal(counted(fleetFirst, fleetBefore, 'berth_fleet_device_assignments_total', inHub), 1);
  assert.equal(at('berth_device_assignments_total', {}), 0);
  assert.equal(atFleet('berth_fleet_device_assignments_total', {}), 0);
});

test('an attempt that its hub refused is counted under that hub, on both programs', async () => {
  const key = await enroll('counted-2');
  await setFault(hubNames[0], 'full');
  const before = await scrape(dev.metrics.gateway);
  const fleetBefore = await scrape(dev.metrics.coordinator);
  const begun = await until('the gateway to know the enrollment', async () => {
    const answer = await register('counted-2', key);
    return answer.status === 202 ? answer : undefined;
  });
  await until('the registration to fail', async () => {
    const answer = await ask('GET', 'counted-2', key, `/operations/${begun.body.operationId}`);
    return answer.body.status === 'failed';
  });
  await setFault(hubNames[0], 'none');
  await lineWith('berth-coordinator',
                 (line) => line.CorrelationId === begun.headers['x-ms-request-id']);
  const failed = {provisioning_service_name: dev.idScope, status: 'Failure'};
  const inHub = {...failed, iot_hub_name: hubNames[0]};
  const after = await scrape(dev.metrics.gateway);
  const fleetAfter = await scrape(dev.metrics.coordinator);
  for (const labels of [failed, inHub]) {
    assert.equal(counted(before, after, 'berth_registration_attempts_total', labels), 1);
    assert.equal(
        counted(fleetBefore, fleetAfter, 'berth_fleet_registration_attempts_total', labels), 1);
  }
});

test('the audit log is unbroken over restarts and kills, and signed by both sides', async () => {
  await installation.kill('gateway');
  await installation.restart('gateway');
  await installation.end('coordinator');
  await installation.restart('coordinator');
  const key = await until('the coordinator to serve again', () => enroll('audited-3'));
  await until('the gateway to serve again',
              async () => (await register('audited-3', key)).status === 202);
  const trackingId = await registerUntilAssigned('audited-3', key);
  await entryWith('assigned', trackingId);
  const sections = await until('both logs to be signed by the other side', async () => {
    await audit();
    const found = await verify();
    const nodes = found.map((section) => section.chain);
    const isSigned = found.every(
        (section) => nodes.every((node) => node === section.chain ||
                                     section.signedBy.includes(node)));
    return isSigned && found.length === 2 ? found : undefined;
  });
  for (const section of sections) assert.equal(section.from, 1);
});

// An export, and where its parts are: what somebody could wish to change in it.
function partsOfExport() {
  const lines = readFileSync(exported, 'utf8').trimEnd().split('\n');
  const parsed = lines.map((line) => JSON.parse(line));
  const indices = (kind) => parsed.flatMap(({line}, index) => line === kind ? [index] : []);
  return {lines, parsed, begins: indices('begin'), ends: indices('end'), seals: indices('seal'),
          entries: indices('entry')};
}

// What was done to an export, by name: its lines afterwards.
const tampering = {
  'an entry says something else': ({lines}) =>
      lines.map((line) => line.replace('audited-1', 'audited-9')),
  'an entry is left out': ({lines, entries}) => lines.toSpliced(entries[2], 1),
  'the first entry is left out': ({lines, entries}) => lines.toSpliced(entries[0], 1),
  'the last entry of a log is left out': ({lines, ends}) => {
    const isEntry = (line) => JSON.parse(line).line === 'entry';
    return lines.toSpliced(lines.slice(0, ends[0]).findLastIndex(isEntry), 1);
  },
  'two entries changed places': ({lines, entries}) =>
      lines.toSpliced(entries[2], 2, lines[entries[3]], lines[entries[2]]),
  'an entry is there twice': ({lines, entries}) =>
      lines.toSpliced(entries[2], 0, lines[entries[2]]),
  'an entry is cut short': ({lines, entries}) =>
      lines.with(entries[2], lines[entries[2]].slice(0, -20)),
  'the last line is cut off': ({lines}) => lines.slice(0, -1),
  'a log\'s end is cut off': ({lines, ends}) =>
      lines.toSpliced(ends.at(-1) - 3, 4),
  'all is cut off behind an entry': ({lines, entries}) => lines.slice(0, entries.at(-2)),
  'a whole log is left out': ({lines, begins, ends}) =>
      lines.toSpliced(begins[1], ends[1] - begins[1] + 1),
  'two logs changed their names': ({lines, parsed, begins}) => {
    const [one, other] = begins.map((index) => parsed[index].chain);
    const renamed = {[one]: other, [other]: one};
    return lines.map((line, index) => parsed[index].chain
        ? line.replace(`"chain":"${parsed[index].chain}"`, `"chain":"${renamed[parsed[index].chain]}"`)
        : line);
  },
  'two logs changed places': ({lines, begins, ends}) => [
    ...lines.slice(begins[1], ends[1] + 1),
    ...lines.slice(begins[0], ends[0] + 1),
    ...lines.slice(ends[1] + 1),
  ],
  'a seal is left out': ({lines, seals}) => lines.toSpliced(seals[0], 1),
  'an older countersignature stands for the newest': ({lines, parsed, seals}) => {
    for (const index of seals) {
      const {chain, signer, sequence} = parsed[index];
      for (const line of sealsSeen) {
        const old = JSON.parse(line);
        if (old.chain !== chain || old.signer !== signer || old.sequence >= sequence) continue;
        return lines.with(index, line);
      }
    }
    return assert.fail('no signer has signed twice');
  },
};

test('an export is proven as it is', async () => {
  await verify();
});

for (const [what, change] of Object.entries(tampering)) {
  test(`an export is not proven where ${what}`, async () => {
    const parts = partsOfExport();
    assert.equal(parts.begins.length, 2);
    const lines = change(parts);
    assert.notDeepEqual(lines, parts.lines);
    const changed = path.join(installation.dir, 'changed.jsonl');
    writeFileSync(changed, `${lines.join('\n')}\n`);
    await assert.rejects(verify(changed), (error) => {
      assert.equal(error.code, 1);
      assert.match(error.stderr, /line|export/);
      return true;
    });
  });
}

test('no secret is in the audit log, nor in any log', async () => {
  await audit();
  const files = [exported, 'berth-gateway.log', 'berth-coordinator.log'].map(
      (file) => readFileSync(path.resolve(installation.dir, file), 'utf8'));
  assert.ok(secrets.length >= 4);
  for (const secret of [...secrets, dev.service.connectionString.split('SharedAccessKey=')[1]]) {
    for (const text of files) assert.ok(!text.includes(secret));
  }
});
