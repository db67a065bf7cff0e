// Azure's service SDK against the coordinator, every method of it: enrollments and groups with their
// etags, bulk operations, queries by pages, and the registration states of what registered (service
// API 1.2, 1.6 to 1.9, 12.2).
import assert from 'node:assert/strict';
import test from 'node:test';

import {authority, derivedKey, device, newKey, thumbprint} from './certificates.mjs';
import {
  dev, hubNames, register, service, serviceMethods, serviceWithToken, withKey,
} from './peers.mjs';
import {until} from './waiting.mjs';

const driven = new Set();
// Notes what is called, and is the SDK's client otherwise.
const client = new Proxy(service(), {
  get(target, name) {
    if (serviceMethods.includes(name)) driven.add(name);
    const value = target[name];
    return typeof value === 'function' ? value.bind(target) : value;
  },
});

const conflict = {name: 'DeviceAlreadyExistsError'};
const staleEtag = {name: 'InvalidEtagError'};
const refused = {name: 'UnauthorizedError'};

// The SDK names an error after the hub's codes; the status is what counts here.
function isNotFound(error) {
  assert.equal(error.response?.statusCode, 404);
  return true;
}

const symmetric = (keys) => ({type: 'symmetricKey', symmetricKey: keys});
const keyPair = () => ({primaryKey: newKey(), secondaryKey: newKey()});

test('an individual enrollment is created, read, updated and deleted', async () => {
  const keys = keyPair();
  const wanted = {
    registrationId: 'Svc-Dev:1._a',
    deviceId: 'Svc-Dev-1',
    attestation: symmetric(keys),
    provisioningStatus: 'enabled',
    allocationPolicy: 'hashed',
    iotHubs: hubNames,
    reprovisionPolicy: {updateHubAssignment: true, migrateDeviceData: true},
    initialTwin: {tags: {site: 'a'}, properties: {desired: {interval: 30}}},
  };
  const created = (await client.createOrUpdateIndividualEnrollment(wanted)).responseBody;
  assert.ok(created.etag);
  assert.ok(Date.parse(created.createdDateTimeUtc));
  assert.deepEqual(created.initialTwin.tags, wanted.initialTwin.tags);
  assert.deepEqual(created.initialTwin.properties.desired, wanted.initialTwin.properties.desired);
  assert.deepEqual(created.iotHubs, hubNames);

  const read = (await client.getIndividualEnrollment(wanted.registrationId)).responseBody;
  assert.equal(read.etag, created.etag);
  assert.equal(read.registrationId, wanted.registrationId);
  assert.equal(read.attestation.symmetricKey?.primaryKey, undefined, 'a read shows no keys');

  const disabled =
      (await client.createOrUpdateIndividualEnrollment({...read, provisioningStatus: 'disabled'}))
          .responseBody;
  assert.equal(disabled.provisioningStatus, 'disabled');
  assert.notEqual(disabled.etag, read.etag);
  const mechanism =
      (await client.getIndividualEnrollmentAttestationMechanism(wanted.registrationId)).responseBody;
  assert.deepEqual(mechanism, symmetric(keys), 'an update without keys leaves them');

  await client.deleteIndividualEnrollment(wanted.registrationId);
  await assert.rejects(client.getIndividualEnrollment(wanted.registrationId), isNotFound);
});

test('an individual enrollment answers 409, 412 and 404 where it must', async () => {
  const wanted = {registrationId: 'svc-etag', attestation: symmetric(keyPair())};
  const first = (await client.createOrUpdateIndividualEnrollment(wanted)).responseBody;
  await assert.rejects(client.createOrUpdateIndividualEnrollment(wanted), conflict);

  const second =
      (await client.createOrUpdateIndividualEnrollment({...first, provisioningStatus: 'disabled'}))
          .responseBody;
  await assert.rejects(client.createOrUpdateIndividualEnrollment(first), staleEtag);
  await assert.rejects(client.deleteIndividualEnrollment(first.registrationId, first.etag), staleEtag);
  const any = (await client.createOrUpdateIndividualEnrollment({...first, etag: '*'})).responseBody;
  assert.notEqual(any.etag, second.etag);

  await client.deleteIndividualEnrollment(any);
  await assert.rejects(client.deleteIndividualEnrollment(first.registrationId), isNotFound);
  await assert.rejects(client.createOrUpdateIndividualEnrollment(any), isNotFound);
});

test('an individual X.509 enrollment shows what its certificate says', async () => {
  const {certificate} = device('svc-x509');
  const wanted = {
    registrationId: 'svc-x509',
    attestation: {type: 'x509', x509: {clientCertificates: {primary: {certificate}}}},
  };
  const created = (await client.createOrUpdateIndividualEnrollment(wanted)).responseBody;
  const {info} = created.attestation.x509.clientCertificates.primary;
  assert.equal(info.sha256Thumbprint, thumbprint(certificate));
  assert.equal(info.subjectName, 'CN=svc-x509');
  assert.equal(info.version, 3);
  await client.deleteIndividualEnrollment(wanted.registrationId);
});

test('a symmetric-key group is created, read, updated and deleted', async () => {
  const keys = keyPair();
  const wanted = {
    enrollmentGroupId: 'svc-group',
    attestation: symmetric(keys),
    provisioningStatus: 'enabled',
    allocationPolicy: 'static',
    iotHubs: [hubNames[0]],
  };
  const created = (await client.createOrUpdateEnrollmentGroup(wanted)).responseBody;
  assert.equal(created.allocationPolicy, 'static');
  await assert.rejects(client.createOrUpdateEnrollmentGroup(wanted), conflict);

  const read = (await client.getEnrollmentGroup('SVC-GROUP')).responseBody;
  assert.equal(read.enrollmentGroupId, 'svc-group', 'IDs ignore case and keep their first spelling');
  const updated =
      (await client.createOrUpdateEnrollmentGroup({...read, iotHubs: [hubNames[1]]})).responseBody;
  assert.deepEqual(updated.iotHubs, [hubNames[1]]);
  await assert.rejects(client.createOrUpdateEnrollmentGroup(read), staleEtag);
  const mechanism = (await client.getEnrollmentGroupAttestationMechanism('svc-group')).responseBody;
  assert.deepEqual(mechanism, symmetric(keys));

  await assert.rejects(client.deleteEnrollmentGroup('svc-group', read.etag), staleEtag);
  await client.deleteEnrollmentGroup('svc-group', updated.etag);
  await assert.rejects(client.getEnrollmentGroup('svc-group'), isNotFound);
});

test('an X.509 group is created, read and deleted', async () => {
  const root = authority('svc root');
  const wanted = {
    enrollmentGroupId: 'svc-x509-group',
    attestation: {
      type: 'x509',
      x509: {signingCertificates: {primary: {certificate: root.certificate}}},
    },
  };
  const created = (await client.createOrUpdateEnrollmentGroup(wanted)).responseBody;
  assert.equal(created.attestation.x509.signingCertificates.primary.info.sha256Thumbprint,
               thumbprint(root.certificate));
  await client.deleteEnrollmentGroup(created);
  await assert.rejects(client.getEnrollmentGroup(wanted.enrollmentGroupId), isNotFound);
});

test('a malformed enrollment is refused with the error body of the service', async () => {
  await assert.rejects(
      client.createOrUpdateIndividualEnrollment(
          {registrationId: 'svc-bad', attestation: {type: 'rune'}}),
      (error) => {
        assert.equal(error.response.statusCode, 400);
        const body = JSON.parse(error.responseBody);
        assert.equal(Math.trunc(body.errorCode / 1000), 400);
        assert.ok(body.message && body.trackingId && Date.parse(body.timestampUtc));
        return true;
      });
  await assert.rejects(client.getIndividualEnrollment('svc-bad'), isNotFound);
});

test('a wrong service key is refused', async () => {
  const forged =
      dev.service.connectionString.replace(/SharedAccessKey=.*/, `SharedAccessKey=${newKey()}`);
  await assert.rejects(service(forged).getIndividualEnrollment('anything'), refused);
});

test('a registration state is there after a registration, and goes when it is deleted', async () => {
  const keys = keyPair();
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'svc-states',
    attestation: symmetric(keys),
    allocationPolicy: 'static',
    iotHubs: [hubNames[1]],
  });
  const id = 'svc-state-1';
  await assert.rejects(client.getDeviceRegistrationState(id), isNotFound);

  const assigned = await register('Http', withKey(id, derivedKey(keys.primaryKey, id)));
  assert.equal(assigned.assignedHub, hubNames[1]);

  const state = await until('the registration to reach the coordinator',
                            async () => (await client.getDeviceRegistrationState(id)).responseBody);
  assert.equal(state.registrationId, id);
  assert.equal(state.status, 'assigned');
  assert.equal(state.assignedHub, hubNames[1]);
  assert.equal(state.deviceId, id);
  assert.equal(state.substatus, 'initialAssignment');
  assert.ok(state.etag);

  await assert.rejects(client.deleteDeviceRegistrationState(id, '"00000000"'), staleEtag);
  await client.deleteDeviceRegistrationState(state);
  await assert.rejects(client.getDeviceRegistrationState(id), isNotFound);
});

// The promise form of this one never settles.
const bulk = (mode, enrollments) => new Promise((resolve, reject) => {
  client.runBulkEnrollmentOperation(
      {mode, enrollments}, (error, result) => error ? reject(error) : resolve(result));
});

// Every row of a query, and the sizes of its pages.
async function everyRow(query) {
  const rows = [];
  const pages = [];
  do {
    const page = (await query.next(query.continuationToken)).responseBody;
    pages.push(page.length);
    rows.push(...page);
  } while (query.hasMoreResults);
  return {rows, pages};
}

test('bulk operations create, update, compare etags and delete', async () => {
  const ids = ['svc-bulk-1', 'svc-bulk-2', 'svc-bulk-3'];
  const records = ids.map((registrationId) => ({registrationId, attestation: symmetric()}));
  assert.deepEqual(await bulk('create', records), {isSuccessful: true, errors: []});

  const again = await bulk('create', [records[0], {registrationId: 'svc-bulk-4', attestation: symmetric()}]);
  assert.equal(again.isSuccessful, false);
  assert.deepEqual(again.errors.map((error) => [error.registrationId, error.errorCode]),
                   [['svc-bulk-1', 409201]]);
  assert.ok(again.errors[0].errorStatus);
  await client.getIndividualEnrollment('svc-bulk-4');

  const read = await Promise.all(
      ids.map(async (id) => (await client.getIndividualEnrollment(id)).responseBody));
  const keys = (await client.getIndividualEnrollmentAttestationMechanism(ids[0])).responseBody;
  const disabled = read.map((record) => ({...record, provisioningStatus: 'disabled'}));
  assert.equal((await bulk('update', disabled)).isSuccessful, true);
  assert.deepEqual((await client.getIndividualEnrollmentAttestationMechanism(ids[0])).responseBody,
                   keys, 'records without keys keep them');
  const stale = await bulk('updateIfMatchETag', disabled);
  assert.deepEqual(stale.errors.map((error) => error.errorCode), [412201, 412201, 412201]);

  await assert.rejects(bulk('delete', [{registrationId: ids[0]}, {registrationId: ids[0]}]),
                       {name: 'ArgumentError'});
  const eleven = Array.from({length: 11}, (_, i) => ({registrationId: `svc-many-${i}`}));
  await assert.rejects(bulk('delete', eleven), {name: 'ArgumentError'});
  assert.deepEqual(
      await bulk('delete', [...ids, 'svc-bulk-4'].map((registrationId) => ({registrationId}))),
      {isSuccessful: true, errors: []});
  await assert.rejects(client.getIndividualEnrollment(ids[0]), isNotFound);
});

test('queries give every enrollment and every group, page by page', async () => {
  const ids = Array.from({length: 5}, (_, i) => `svc-page-${i}`);
  for (const id of ids) {
    await client.createOrUpdateIndividualEnrollment({registrationId: id, attestation: symmetric()});
    await client.createOrUpdateEnrollmentGroup({enrollmentGroupId: id, attestation: symmetric()});
  }
  const individuals =
      await everyRow(client.createIndividualEnrollmentQuery({query: 'SELECT * FROM enrollments'}, 2));
  const found = individuals.rows.map((row) => row.registrationId).filter((id) => ids.includes(id));
  assert.deepEqual(found.sort(), ids);
  assert.ok(individuals.pages.every((size) => size <= 2) && individuals.pages.length >= 3);
  for (const row of individuals.rows) {
    assert.equal(row.registrationState, undefined);
    assert.equal(row.attestation.symmetricKey, undefined, 'rows show no keys');
  }

  const groups = await everyRow(client.createEnrollmentGroupQuery({query: '*'}, 3));
  assert.deepEqual(groups.rows.map((row) => row.enrollmentGroupId).filter((id) => ids.includes(id)).sort(),
                   ids);
  for (const id of ids) {
    await client.deleteIndividualEnrollment(id);
    await client.deleteEnrollmentGroup(id);
  }
});

test('the states of a group are queried page by page', async () => {
  const keys = keyPair();
  await client.createOrUpdateEnrollmentGroup(
      {enrollmentGroupId: 'svc-group-states', attestation: symmetric(keys)});
  const query = () =>
      everyRow(client.createEnrollmentGroupDeviceRegistrationStateQuery({query: '*'}, 'svc-group-states', 2));
  assert.deepEqual((await query()).rows, []);
  const ids = ['svc-member-1', 'svc-member-2', 'svc-member-3'];
  await Promise.all(ids.map((id) => register('Mqtt', withKey(id, derivedKey(keys.primaryKey, id)))));
  const states = await until('the three states to arrive', async () => {
    const found = await query();
    return found.rows.length === ids.length ? found : undefined;
  });
  assert.deepEqual(states.rows.map((state) => state.registrationId).sort(), ids);
  assert.deepEqual(states.pages, [2, 1]);
  assert.ok(states.rows.every((state) => state.status === 'assigned' && state.assignedHub));
});

test('a device that its group refused is among the states of the group', async () => {
  const keys = keyPair();
  const enrollmentGroupId = 'svc-refusing';
  await client.createOrUpdateEnrollmentGroup(
      {enrollmentGroupId, attestation: symmetric(keys), provisioningStatus: 'disabled'});
  const id = 'svc-refused-1';
  await until('the gateway to refuse it', async () => {
    await assert.rejects(register('Http', withKey(id, derivedKey(keys.primaryKey, id))));
    const {rows} = await everyRow(
        client.createEnrollmentGroupDeviceRegistrationStateQuery({query: '*'}, enrollmentGroupId, 10));
    return rows.length === 1 && rows[0].registrationId === id && rows[0].status === 'disabled' &&
           rows[0].etag && Date.parse(rows[0].lastUpdatedDateTimeUtc);
  });
  await client.deleteDeviceRegistrationState(id);
  await client.deleteEnrollmentGroup(enrollmentGroupId);
});

test('an enrollment shows the state of its device, and a refused device has one too', async () => {
  const keys = keyPair();
  const enrollment =
      {registrationId: 'svc-shown', attestation: symmetric(keys), provisioningStatus: 'disabled'};
  const created = (await client.createOrUpdateIndividualEnrollment(enrollment)).responseBody;
  await assert.rejects(register('Http', withKey('svc-shown', keys.primaryKey)));
  const state = await until(
      'the refusal to reach the coordinator',
      async () => (await client.getDeviceRegistrationState('svc-shown')).responseBody);
  assert.equal(state.status, 'disabled');
  assert.ok(state.etag && Date.parse(state.lastUpdatedDateTimeUtc));

  await client.createOrUpdateIndividualEnrollment({...created, provisioningStatus: 'enabled'});
  await until('the device to be let in',
              () => register('Http', withKey('svc-shown', keys.secondaryKey)));
  await until('the state to follow', async () => {
    const read = (await client.getIndividualEnrollment('svc-shown')).responseBody;
    return read.registrationState?.status === 'assigned';
  });
  await client.deleteDeviceRegistrationState('svc-shown');
  await client.deleteIndividualEnrollment('svc-shown');
});

test('a token of Microsoft Entra is none of ours', async () => {
  const credential = {
    getToken: async () => ({token: 'eyJ0eXAi', expiresOnTimestamp: Date.now() + 3_600_000}),
  };
  await assert.rejects(serviceWithToken(credential).getIndividualEnrollment('anything'), refused);
});

test('every method of the SDK was driven', () => {
  assert.deepEqual([...driven].sort(), [...serviceMethods].sort());
});
