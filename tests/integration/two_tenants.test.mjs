// Two tenants on one coordinator and one gateway, chosen by the host name of the service API: neither
// sees anything of the other (design section 5). Names of the tenants resolve here only.
import assert from 'node:assert/strict';
import dns from 'node:dns';
import {readFileSync} from 'node:fs';
import test, {before} from 'node:test';
import tls from 'node:tls';

import {Admin, connectionString} from './admin.mjs';
import {authority, derivedKey, newKey} from './certificates.mjs';
import {dev, hubs, register, service, withKey} from './peers.mjs';
import {until} from './waiting.mjs';

const COORDINATOR = dev.service.url.slice('https://'.length);
const ACME = 'acme.dps.test';
const BETA = 'beta.dps.test';

const lookUp = dns.lookup;
dns.lookup = (name, options, callback) => {
  if (typeof options === 'function') return dns.lookup(name, {}, options);
  if (!name.endsWith('.dps.test')) return lookUp(name, options, callback);
  if (options.all) return callback(null, [{address: COORDINATOR, family: 4}]);
  return callback(null, COORDINATOR, 4);
};

const operator = new Admin(dev.operator.connectionString);

// A tenant with its keys, its SDK and its hands.
async function makeTenant(name, hostName) {
  const made = await operator.call('POST', '/berth/v1/tenants', {name, hostNames: [hostName]});
  const login = connectionString(hostName, made.accessPolicies[0]);
  return {idScope: made.idScope, login, sdk: service(login), admin: new Admin(login)};
}

let acme;
let beta;
before(async () => {
  acme = await makeTenant('acme', ACME);
  beta = await makeTenant('beta', BETA);
});

const isNotFound = (error) => error.response?.statusCode === 404;
const symmetric = (primaryKey = newKey(), secondaryKey = newKey()) =>
    ({type: 'symmetricKey', symmetricKey: {primaryKey, secondaryKey}});

test('each name has a certificate of its own, which names nobody else', async () => {
  const namesShownTo = (servername) => new Promise((resolve, reject) => {
    const socket = tls.connect({host: COORDINATOR, port: 443, servername}, () => {
      resolve(socket.getPeerCertificate().subjectaltname);
      socket.end();
    });
    socket.on('error', reject);
  });
  assert.equal(await namesShownTo(ACME), `DNS:${ACME}`);
  assert.equal(await namesShownTo(BETA), `DNS:${BETA}`);
  assert.doesNotMatch(await namesShownTo(undefined), /dps\.test/);
});

test('the keys of a tenant open nothing under the other name', async () => {
  await acme.sdk.createOrUpdateIndividualEnrollment({registrationId: 'probe', attestation: symmetric()});
  const atBeta = acme.login.replace(ACME, BETA);
  await assert.rejects(service(atBeta).getIndividualEnrollment('probe'), {name: 'UnauthorizedError'});
  const path = '/enrollments/probe?api-version=2021-10-01';
  // A token for acme's host, shown to beta; a token of acme's key for beta's host; and acme's
  // connection with beta's Host header.
  for (const [host, resource, header] of [[BETA, ACME, BETA], [BETA, BETA, BETA], [ACME, BETA, BETA]]) {
    const answer = await acme.admin.send(
        'GET', path, {host, headers: {Host: header, Authorization: acme.admin.token(resource)}});
    assert.equal(answer.status, 401, `${host}, ${resource}, ${header}`);
  }
  // Nor under a name that nobody claims, which is the default tenant's.
  const atDefault = acme.login.replace(ACME, COORDINATOR);
  await assert.rejects(service(atDefault).getIndividualEnrollment('probe'), {name: 'UnauthorizedError'});
});

test('the same names are different records, and a query gives one tenant its own', async () => {
  const hers = (await acme.sdk.createOrUpdateIndividualEnrollment(
                   {registrationId: 'same', deviceId: 'of-acme', attestation: symmetric()}))
                   .responseBody;
  await assert.rejects(beta.sdk.getIndividualEnrollment('same'), isNotFound);
  await beta.sdk.createOrUpdateIndividualEnrollment(
      {registrationId: 'same', deviceId: 'of-beta', attestation: symmetric()});
  await beta.sdk.createOrUpdateEnrollmentGroup(
      {enrollmentGroupId: 'betas-group', attestation: symmetric()});

  const read = (await acme.sdk.getIndividualEnrollment('same')).responseBody;
  assert.equal(read.deviceId, 'of-acme');
  assert.equal(read.etag, hers.etag);
  const rows = async (sdk) => {
    const query = sdk.createIndividualEnrollmentQuery({query: '*'});
    return (await query.next()).responseBody.map((row) => row.deviceId ?? row.registrationId);
  };
  assert.deepEqual((await rows(acme.sdk)).sort(), ['of-acme', 'probe']);
  assert.deepEqual(await rows(beta.sdk), ['of-beta']);
  const groups = acme.sdk.createEnrollmentGroupQuery({query: '*'});
  assert.deepEqual((await groups.next()).responseBody, []);

  await beta.sdk.deleteIndividualEnrollment('same');
  await acme.sdk.getIndividualEnrollment('same');
});

test('hubs, CA certificates, policies and settings are each tenant\'s own', async () => {
  const {certificate} = authority('shared root');
  await acme.admin.call('PUT', '/berth/v1/certificates/root', {certificate, isVerified: true});
  assert.deepEqual((await beta.admin.call('GET', '/berth/v1/certificates')).value, []);
  await assert.rejects(
      beta.sdk.createOrUpdateEnrollmentGroup({
        enrollmentGroupId: 'by-name',
        attestation: {type: 'x509', x509: {caReferences: {primary: 'root'}}},
      }),
      {name: 'ArgumentError'});
  // The same certificate may be both tenants', and is each one's to prove.
  const own = await beta.admin.call('PUT', '/berth/v1/certificates/root', {certificate});
  assert.equal(own.isVerified, false);

  await acme.admin.call('POST', '/berth/v1/accessPolicies', {keyName: 'reader', rights: 'EnrollmentRead'});
  const policies = (await beta.admin.call('GET', '/berth/v1/accessPolicies')).value;
  assert.deepEqual(policies.map((policy) => policy.keyName), ['provisioningserviceowner']);

  await acme.admin.call('PUT', '/berth/v1/settings', {allocationPolicy: 'geoLatency'});
  const settings = await beta.admin.call('GET', '/berth/v1/settings');
  assert.equal(settings.allocationPolicy, 'hashed');
  assert.equal(settings.idScope, beta.idScope);
  assert.deepEqual((await beta.admin.call('GET', '/berth/v1/linkedHubs')).value, []);
});

test('a tenant\'s key is not the operator\'s, nor the operator\'s a tenant\'s', async () => {
  for (const path of ['/berth/v1/tenants', '/berth/v1/gateways', '/berth/v1/sites', '/berth/v1/quarantine']) {
    assert.equal((await acme.admin.send('GET', path)).status, 401, path);
    assert.equal((await operator.send('GET', path)).status, 200, path);
  }
  for (const path of ['/berth/v1/settings', '/enrollments/probe?api-version=2021-10-01']) {
    assert.equal((await operator.send('GET', path)).status, 401, path);
  }
});

test('devices of the same name register at one gateway, each with its own tenant', async () => {
  const [hubOfAcme, hubOfBeta] = hubs;
  for (const [tenant, hub] of [[acme, hubOfAcme], [beta, hubOfBeta]]) {
    await tenant.admin.call('POST', '/berth/v1/linkedHubs', {
      connectionString: hub.connectionString,
      hostName: hub.hostName,
      registryUrl: hub.registryUrl,
      caCertificate: readFileSync(hub.caFile, 'utf8'),
    });
  }
  const [gateway] = (await operator.call('GET', '/berth/v1/gateways')).value;
  await operator.call('PUT', `/berth/v1/gateways/${gateway.gatewayId}`,
                      {tenants: [...gateway.tenants, acme.idScope, beta.idScope]});
  const keys = {acme: newKey(), beta: newKey()};
  await acme.sdk.createOrUpdateEnrollmentGroup(
      {enrollmentGroupId: 'presses', attestation: symmetric(keys.acme, newKey())});
  await beta.sdk.createOrUpdateEnrollmentGroup(
      {enrollmentGroupId: 'presses', attestation: symmetric(keys.beta, newKey())});

  const security = (key) => withKey('press-1', derivedKey(key, 'press-1'));
  const first = await until(
      'the gateway to serve acme', () => register('Http', security(keys.acme), acme.idScope));
  assert.equal(first.assignedHub, hubOfAcme.hostName);
  await assert.rejects(register('Http', security(keys.acme), beta.idScope));
  await until('acme to hear of it', () => acme.sdk.getDeviceRegistrationState('press-1'));
  await assert.rejects(beta.sdk.getDeviceRegistrationState('press-1'), isNotFound);
  assert.deepEqual((await beta.admin.call('GET', '/berth/v1/registrations')).value, []);

  const second = await until(
      'the gateway to serve beta', () => register('Http', security(keys.beta), beta.idScope));
  assert.equal(second.assignedHub, hubOfBeta.hostName);
  await until('beta to hear of it', () => beta.sdk.getDeviceRegistrationState('press-1'));
  await beta.sdk.deleteDeviceRegistrationState('press-1');
  assert.equal((await acme.sdk.getDeviceRegistrationState('press-1')).responseBody.status, 'assigned');
});

test('a tenant goes with all that it owned, and the others stay', async () => {
  const gone = await makeTenant('gone', 'gone.dps.test');
  await gone.sdk.createOrUpdateIndividualEnrollment({registrationId: 'same', attestation: symmetric()});
  await operator.call('DELETE', `/berth/v1/tenants/${gone.idScope}`);
  await assert.rejects(gone.sdk.getIndividualEnrollment('same'));
  await acme.sdk.getIndividualEnrollment('same');
});
