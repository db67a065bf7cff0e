// Every row of docs/cli.md's table of `az iot dps` commands: `berth` does the job, and the page names
// no command that does not (service API 4.5).
import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test, {after} from 'node:test';

import {Admin} from './admin.mjs';
import {authority, device, newKey} from './certificates.mjs';
import {Installation} from './installation.mjs';
import {dev, hubNames, register, withKey} from './peers.mjs';
import {until} from './waiting.mjs';

const API = 'api-version=2021-10-01';
const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const admin = new Admin(dev.service.connectionString);
const operator = new Admin(dev.operator.connectionString);
const folder = mkdtempSync(path.join(tmpdir(), 'berth-az-'));
after(() => rmSync(folder, {recursive: true, force: true}));

const page = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
// What the page says: the commands of `berth` by that of az.
const documented = new Map();
for (const [, az, ours] of page.matchAll(/^\| (`iot [^|]*) \| ([^|]*) \|$/gm)) {
  documented.set(az, [...ours.matchAll(/`berth ([^`]*)`/g)].map(([, command]) => command));
}

let called = [];  // "hub link", of the test that runs
async function run(login, noun, verb, ...args) {
  called.push(`${noun} ${verb}`);
  const {stdout} = await installation.berth(noun, verb, ...args, '--login', login, '--ca-file',
                                            dev.service.caFile, '--output', 'json');
  return stdout.startsWith('{') || stdout.startsWith('[') || stdout.startsWith('"')
      ? JSON.parse(stdout)
      : stdout.trimEnd();
}
const berth = (...args) => run(dev.service.connectionString, ...args);
const berthAsOperator = (...args) => run(dev.operator.connectionString, ...args);
const isRefused = (error) => error.code === 1;

const file = (name, text) => {
  const place = path.join(folder, name);
  writeFileSync(place, text);
  return place;
};
const derived = (key, id) =>
    createHmac('sha256', Buffer.from(key, 'base64')).update(id).digest('base64');
const symmetricKey = (primaryKey = newKey()) =>
    ({type: 'symmetricKey', symmetricKey: {primaryKey, secondaryKey: newKey()}});

let last = 0;
const fresh = (word) => `az-${word}-${++last}`;
const enrolled = async (more = {}) => {
  const registrationId = fresh('device');
  await admin.call('PUT', `/enrollments/${registrationId}?${API}`,
                   {registrationId, attestation: symmetricKey(), ...more});
  return registrationId;
};
const grouped = async (more = {}) => {
  const enrollmentGroupId = fresh('group');
  await admin.call('PUT', `/enrollmentGroups/${enrollmentGroupId}?${API}`,
                   {enrollmentGroupId, attestation: symmetricKey(), ...more});
  return enrollmentGroupId;
};
const enrollment = (id) => admin.call('GET', `/enrollments/${id}?${API}`);
const group = (id) => admin.call('GET', `/enrollmentGroups/${id}?${API}`);
const isGone = async (target) =>
    assert.equal((await admin.send('GET', `${target}?${API}`)).status, 404);
const tenant = () =>
    operator.call('POST', '/berth/v1/tenants', {name: fresh('tenant')});
const policy = async (rights = 'EnrollmentRead') => {
  const keyName = fresh('policy');
  await admin.call('POST', '/berth/v1/accessPolicies', {keyName, rights});
  return keyName;
};
const keysOf = (keyName) => admin.call('POST', `/berth/v1/accessPolicies/${keyName}/listKeys`);
const hub = async () => {
  const hostName = `${fresh('hub')}.example`;
  await admin.call('POST', '/berth/v1/linkedHubs',
                   {hostName, policyName: 'p', policyKey: newKey(), applyAllocationPolicy: false});
  return hostName;
};
const authorityFile = (ca) => file('ca.pem', ca.certificate);
const uploaded = async (ca = authority(fresh('root'))) => {
  const name = fresh('ca');
  await admin.call('PUT', `/berth/v1/certificates/${name}`, {certificate: ca.certificate});
  return name;
};
const certificate = (name) => admin.call('GET', `/berth/v1/certificates/${name}`);

// A device that has registered, by itself or as one of a group.
async function registered(groupId) {
  const key = newKey();
  const more = {attestation: symmetricKey(key), allocationPolicy: 'static', iotHubs: [hubNames[0]]};
  if (groupId) {
    await admin.call('PUT', `/enrollmentGroups/${groupId}?${API}`,
                     {enrollmentGroupId: groupId, ...more});
  }
  const id = groupId ? fresh('member') : await enrolled(more);
  const security = withKey(id, groupId ? derived(key, id) : key);
  await until(`${id} to register`, () => register('Http', security));
  await until('the coordinator to know it', async () =>
      (await admin.send('GET', `/berth/v1/registrations/${id}`)).status === 200);
  return id;
}

const rows = {
  '`iot dps list`': async () => {
    const {idScope} = await tenant();
    const all = await berthAsOperator('tenant', 'list');
    assert.ok(all.some((one) => one.idScope === idScope));
  },
  '`iot dps show`': async () => {
    assert.equal((await berthAsOperator('tenant', 'show', dev.idScope)).idScope, dev.idScope);
    assert.equal((await berth('settings', 'show')).idScope, dev.idScope);
  },
  '`iot dps create`': async () => {
    const name = fresh('tenant');
    const made = await berthAsOperator('tenant', 'create', '--name', name, '--ap', 'geoLatency');
    assert.match(made.idScope, /^0ne[0-9A-F]{8}$/);
    assert.equal(made.allocationPolicy, 'geoLatency');
    assert.ok(made.accessPolicies[0].primaryKey);
  },
  '`iot dps update`': async () => {
    const {idScope} = await tenant();
    const changed = await berthAsOperator('tenant', 'update', idScope, '--allocation-policy', 'static');
    assert.equal(changed.allocationPolicy, 'static');
    for (const own of ['geoLatency', 'hashed']) {
      assert.equal((await berth('settings', 'update', '--allocation-policy', own)).allocationPolicy,
                   own);
    }
  },
  '`iot dps delete`': async () => {
    const {idScope} = await tenant();
    await berthAsOperator('tenant', 'delete', idScope);
    assert.equal((await operator.send('GET', `/berth/v1/tenants/${idScope}`)).status, 404);
  },
  '`iot dps policy list` (`access-policy list`)': async () => {
    const name = await policy();
    assert.ok((await berth('policy', 'list')).some(({keyName}) => keyName === name));
  },
  '`iot dps policy show`': async () => {
    const name = await policy();
    assert.equal((await berth('policy', 'show', name)).primaryKey, undefined);
    assert.equal((await berth('policy', 'show', name, '--show-keys')).primaryKey,
                 (await keysOf(name)).primaryKey);
  },
  '`iot dps policy create`': async () => {
    const name = fresh('policy');
    const key = newKey();
    await berth('policy', 'create', name, '--rights', 'EnrollmentRead', 'ServiceConfig',
                '--primary-key', key);
    const made = await keysOf(name);
    assert.equal(made.primaryKey, key);
    assert.equal(made.rights, 'ServiceConfig, EnrollmentRead');
  },
  '`iot dps policy update`': async () => {
    const name = await policy();
    const before = await keysOf(name);
    const key = newKey();
    await berth('policy', 'update', name, '--rights', 'EnrollmentWrite', '--secondary-key', key);
    const changed = await keysOf(name);
    assert.equal(changed.secondaryKey, key);
    assert.equal(changed.primaryKey, before.primaryKey);
    assert.equal(changed.rights, 'EnrollmentWrite');
    await berth('policy', 'regenerate', name, '--key', 'primary');
    assert.notEqual((await keysOf(name)).primaryKey, before.primaryKey);
  },
  '`iot dps policy delete`': async () => {
    const name = await policy();
    await berth('policy', 'delete', name);
    assert.equal((await admin.send('GET', `/berth/v1/accessPolicies/${name}`)).status, 404);
  },
  '`iot dps connection-string show`': async () => {
    const name = await policy();
    const text = await berth('policy', 'connection-string', '--policy-name', name, '--key-type',
                             'secondary');
    assert.equal(text, `HostName=${admin.login.HostName};SharedAccessKeyName=${name};` +
                           `SharedAccessKey=${(await keysOf(name)).secondaryKey}`);
    const all = await berth('policy', 'connection-string', '--all');
    assert.ok(all.some(({keyName}) => keyName === name));
  },
  '`iot dps linked-hub list`': async () => {
    const name = await hub();
    assert.ok((await berth('hub', 'list')).some(({hostName}) => hostName === name));
  },
  '`iot dps linked-hub show`': async () => {
    const shown = await berth('hub', 'show', await hub());
    assert.match(shown.connectionString, /SharedAccessKey=\*\*\*\*$/);
  },
  '`iot dps linked-hub create`': async () => {
    const hostName = `${fresh('hub')}.example`;
    const made = await berth(
        'hub', 'link', '--connection-string',
        `HostName=${hostName};SharedAccessKeyName=iothubowner;SharedAccessKey=${newKey()}`,
        '--location', 'westeurope', '--allocation-weight', '1000', '--apply-allocation-policy',
        'false');
    assert.equal(made.hostName, hostName);
    assert.equal(made.location, 'westeurope');
    assert.equal(made.allocationWeight, 1000);
    assert.equal(made.applyAllocationPolicy, false);
  },
  '`iot dps linked-hub update`': async () => {
    const name = await hub();
    const before = await berth('hub', 'show', name);
    const changed = await berth('hub', 'update', name, '--allocation-weight', '9');
    assert.equal(changed.allocationWeight, 9);
    assert.equal(changed.applyAllocationPolicy, before.applyAllocationPolicy);
  },
  '`iot dps linked-hub delete`': async () => {
    const name = await hub();
    await berth('hub', 'unlink', name);
    assert.equal((await admin.send('GET', `/berth/v1/linkedHubs/${name}`)).status, 404);
  },
  '`iot dps certificate list`': async () => {
    const wanted = await uploaded();
    assert.ok((await berth('certificate', 'list')).some(({name}) => name === wanted));
  },
  '`iot dps certificate show`': async () => {
    const name = await uploaded();
    const shown = await berth('certificate', 'show', name);
    assert.equal(shown.name, name);
    assert.match(shown.info.subjectName, /^CN=az-root-/);
  },
  '`iot dps certificate create`': async () => {
    const name = fresh('ca');
    await berth('certificate', 'create', name, '--path', authorityFile(authority(fresh('root'))),
                '--verified', 'true');
    assert.equal((await certificate(name)).isVerified, true);
  },
  '`iot dps certificate update`': async () => {
    const name = await uploaded();
    const next = authority(fresh('root'));
    const {etag} = await certificate(name);
    await berth('certificate', 'update', name, '--path', authorityFile(next), '--etag', etag);
    assert.notEqual((await certificate(name)).etag, etag);
    await assert.rejects(
        berth('certificate', 'update', name, '--path', authorityFile(next), '--etag', etag), isRefused);
  },
  '`iot dps certificate delete`': async () => {
    const name = await uploaded();
    await berth('certificate', 'delete', name);
    assert.equal((await admin.send('GET', `/berth/v1/certificates/${name}`)).status, 404);
  },
  '`iot dps certificate generate-verification-code`': async () => {
    const {verificationCode} = await berth('certificate', 'generate-verification-code', await uploaded());
    assert.ok(verificationCode.length >= 32);
  },
  '`iot dps certificate verify`': async () => {
    const ca = authority(fresh('root'));
    const name = await uploaded(ca);
    const {verificationCode} =
        await admin.call('POST', `/berth/v1/certificates/${name}/generateVerificationCode`, undefined,
                         {'If-Match': (await certificate(name)).etag});
    const wrong = file('proof.pem', device('another', ca).certificate);
    await assert.rejects(berth('certificate', 'verify', name, '--path', wrong), isRefused);
    const proof = file('proof.pem', device(verificationCode, ca).certificate);
    assert.equal((await berth('certificate', 'verify', name, '--path', proof)).isVerified, true);
  },
  '`iot dps enrollment list`': async () => {
    await enrolled();
    const id = await enrolled();
    const all = await berth('enrollment', 'list');
    assert.ok(all.some(({registrationId}) => registrationId === id));
    assert.equal((await berth('enrollment', 'list', '--top', '1')).length, 1);
  },
  '`iot dps enrollment show`': async () => {
    const id = await enrolled();
    assert.equal((await berth('enrollment', 'show', id)).attestation.symmetricKey?.primaryKey, undefined);
    const {attestation} = await berth('enrollment', 'show', '--eid', id, '--show-keys');
    assert.ok(attestation.symmetricKey.primaryKey);
  },
  '`iot dps enrollment create`': async () => {
    const id = fresh('device');
    const [pk, sk] = [newKey(), newKey()];
    const made = await berth(
        'enrollment', 'create', '--enrollment-id', id, '--at', 'symmetricKey', '--pk', pk, '--sk', sk,
        '--device-id', `${id}-hub`, '--tags', '{"line":7}', '--props', '{"interval":30}', '--info',
        '{"note":"x"}', '--ps', 'disabled', '--rp', 'reprovisionandresetdata', '--ap', 'custom', '--wh',
        'https://alloc.example/pick', '--av', '2021-10-01', '--ih', ...hubNames, '--ee', 'true');
    const {etag, createdDateTimeUtc, lastUpdatedDateTimeUtc, ...record} = made;
    assert.deepEqual(record, {
      registrationId: id,
      deviceId: `${id}-hub`,
      attestation: {type: 'symmetricKey', symmetricKey: {primaryKey: pk, secondaryKey: sk}},
      initialTwin: {tags: {line: 7}, properties: {desired: {interval: 30}}},
      optionalDeviceInformation: {note: 'x'},
      provisioningStatus: 'disabled',
      reprovisionPolicy: {updateHubAssignment: true, migrateDeviceData: false},
      allocationPolicy: 'custom',
      customAllocationDefinition: {webhookUrl: 'https://alloc.example/pick', apiVersion: '2021-10-01'},
      iotHubs: hubNames,
      capabilities: {iotEdge: true},
    });
    const own = device(fresh('device'));
    const byCertificate = await berth('enrollment', 'create', fresh('device'), '--at', 'x509', '--cp',
                                      file('own.pem', own.certificate), '--scp',
                                      file('next.pem', device('next').certificate));
    const {primary, secondary} = byCertificate.attestation.x509.clientCertificates;
    assert.ok(primary.info.sha256Thumbprint && secondary.info.sha256Thumbprint);
    const byName = await berth('enrollment', 'create', fresh('device'), '--at', 'x509', '--cn',
                               await uploaded());
    assert.ok(byName.attestation.x509.caReferences.primary);
    await assert.rejects(berth('enrollment', 'create', id, '--at', 'symmetricKey'), isRefused);
  },
  '`iot dps enrollment update`': async () => {
    const id = await enrolled({deviceId: 'stays'});
    const before = await enrollment(id);
    await berth('enrollment', 'update', id, '--ps', 'disabled', '--rp', 'never');
    const changed = await enrollment(id);
    assert.equal(changed.provisioningStatus, 'disabled');
    assert.equal(changed.deviceId, 'stays');
    assert.deepEqual(changed.reprovisionPolicy,
                     {updateHubAssignment: false, migrateDeviceData: false});
    await assert.rejects(
        berth('enrollment', 'update', id, '--ps', 'enabled', '--etag', before.etag), isRefused);
    const both = fresh('device');
    await berth('enrollment', 'create', both, '--at', 'x509', '--cp',
                file('a.pem', device(both).certificate), '--scp', file('b.pem', device(both).certificate));
    await berth('enrollment', 'update', both, '--remove-secondary-certificate');
    assert.equal((await enrollment(both)).attestation.x509.clientCertificates.secondary, undefined);
  },
  '`iot dps enrollment delete`': async () => {
    const id = await enrolled();
    await berth('enrollment', 'delete', id);
    await isGone(`/enrollments/${id}`);
  },
  '`iot dps enrollment registration show`': async () => {
    const id = await registered();
    assert.equal((await berth('registration', 'show', id)).assignedHub, hubNames[0]);
  },
  '`iot dps enrollment registration delete`': async () => {
    const id = await registered();
    await berth('registration', 'delete', id);
    await isGone(`/registrations/${id}`);
  },
  '`iot dps enrollment-group list`': async () => {
    await grouped();
    const id = await grouped();
    const all = await berth('group', 'list');
    assert.ok(all.some(({enrollmentGroupId}) => enrollmentGroupId === id));
    assert.equal((await berth('group', 'list', '--top', '1')).length, 1);
  },
  '`iot dps enrollment-group show`': async () => {
    const id = await grouped();
    assert.equal((await berth('group', 'show', id)).attestation.symmetricKey?.primaryKey, undefined);
    assert.ok((await berth('group', 'show', id, '--show-keys')).attestation.symmetricKey.primaryKey);
  },
  '`iot dps enrollment-group create`': async () => {
    const byKey = await berth('group', 'create', fresh('group'), '--primary-key', newKey());
    assert.equal(byKey.attestation.type, 'symmetricKey');
    const byCa = await berth('group', 'create', fresh('group'), '--certificate-path',
                             authorityFile(authority(fresh('root'))), '--iot-hubs', hubNames[0]);
    assert.ok(byCa.attestation.x509.signingCertificates.primary.info);
    const byName =
        await berth('group', 'create', fresh('group'), '--root-ca-name', await uploaded());
    assert.ok(byName.attestation.x509.caReferences.primary);
  },
  '`iot dps enrollment-group update`': async () => {
    const id = await grouped({allocationPolicy: 'static'});
    await berth('group', 'update', id, '--iot-hubs', ...hubNames, '--edge-enabled', 'true');
    const changed = await group(id);
    assert.deepEqual(changed.iotHubs, hubNames);
    assert.equal(changed.allocationPolicy, 'static');
    assert.equal(changed.capabilities.iotEdge, true);
  },
  '`iot dps enrollment-group delete`': async () => {
    const id = await grouped();
    await berth('group', 'delete', id);
    await isGone(`/enrollmentGroups/${id}`);
  },
  '`iot dps enrollment-group compute-device-key`': async () => {
    const key = newKey();
    const id = await grouped({attestation: symmetricKey(key)});
    assert.equal(await berth('group', 'compute-device-key', id, '--rid', 'sensor-1'),
                 derived(key, 'sensor-1'));
  },
  '`iot dps enrollment-group registration list`': async () => {
    const groupId = fresh('group');
    const id = await registered(groupId);
    const found = await berth('registration', 'list', '--group', groupId);
    assert.deepEqual(found.map(({registrationId}) => registrationId), [id]);
  },
  '`iot dps enrollment-group registration show`': async () => {
    const groupId = fresh('group');
    const id = await registered(groupId);
    assert.equal((await berth('registration', 'show', id)).enrollmentGroupId, groupId);
  },
  '`iot dps enrollment-group registration delete`': async () => {
    const id = await registered(fresh('group'));
    await berth('registration', 'delete', id);
    await isGone(`/registrations/${id}`);
  },
  '`iot dps compute-device-key` (deprecated)': async () => {
    const key = newKey();
    assert.equal(await berth('group', 'compute-device-key', '--key', key, '--registration-id', 'x'),
                 derived(key, 'x'));
  },
};
// Old names of the same jobs.
for (const verb of ['list', 'show', 'delete']) {
  rows[`\`iot dps registration ${verb}\` (deprecated)`] =
      rows[`\`iot dps enrollment-group registration ${verb}\``];
}

test('the page has a row for every command that is tried here, and no other', () => {
  assert.deepEqual([...documented.keys()].sort(), Object.keys(rows).sort());
});

for (const [az, does] of Object.entries(rows)) {
  test(`what ${az} does`, async () => {
    called = [];
    await does();
    for (const command of documented.get(az)) {
      assert.ok(called.includes(command), `${command} was not called`);
    }
  });
}
