// Azure's service SDK against the coordinator: enrollments and groups with their etags, and the
// registration states of what registered (service API 1.2, 1.6, 1.9, 12.2).
import assert from 'node:assert/strict';
import test from 'node:test';

import {authority, derivedKey, device, newKey, thumbprint} from './certificates.mjs';
import {dev, hubNames, register, service, withKey} from './peers.mjs';
import {until} from './waiting.mjs';

const client = service();

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
