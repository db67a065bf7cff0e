// Explain and dry run (docs/explain.md) beside what real devices get: for each reason to refuse, for
// an accepted device, and for what a change of weights moves.
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test, {after} from 'node:test';

import {Admin} from './admin.mjs';
import {authority, derivedKey, device, expiredDevice, newKey, withChain} from './certificates.mjs';
import {Installation} from './installation.mjs';
import {dev, hubNames, register, service, withCertificate, withKey} from './peers.mjs';
import {until} from './waiting.mjs';

const EXPLAIN = '/berth/v1/registrations:explain';
const DRY_RUN = '/berth/v1/allocation:dryRun';
const DEVICES = 24;

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();
const admin = new Admin(dev.service.connectionString);
const folder = mkdtempSync(path.join(tmpdir(), 'berth-explain-'));
after(() => rmSync(folder, {recursive: true}));

const groupKey = newKey();
const symmetric = (primaryKey) =>
    ({type: 'symmetricKey', symmetricKey: {primaryKey, secondaryKey: newKey()}});
const enrollGroup = (enrollmentGroupId, attestation, more = {}) =>
    client.createOrUpdateEnrollmentGroup({enrollmentGroupId, attestation, ...more});
const ofCa = (ca) => ({
  type: 'x509',
  x509: {signingCertificates: {primary: {certificate: ca.certificate}}},
});

function file(name, content) {
  const place = path.join(folder, name);
  writeFileSync(place, content, {mode: 0o600});
  return place;
}
const berth = (...args) => installation.berth(
    '--login', dev.service.connectionString, '--ca-file', dev.service.caFile, ...args);
// As an admin asks on the command line.
async function explained(registrationId, evidence, ...more) {
  const name = typeof evidence === 'string' ? 'evidence.pem' : 'evidence.json';
  const content = typeof evidence === 'string' ? evidence : JSON.stringify(evidence);
  const {stdout} = await berth('registration', 'explain', registrationId, '--evidence',
                               file(name, content), '--output', 'json', ...more);
  return JSON.parse(stdout);
}
// The DPS error code that a device is told; undefined if it got a hub.
async function refusalOf(security) {
  try {
    await register('Http', security);
  } catch (error) {
    // The SDK puts the document into its message.
    const document = /\{.*\}/.exec(`${error}`);
    assert.ok(document, `no answer in ${error}`);
    return JSON.parse(document[0]).errorCode;
  }
  return undefined;
}

test('the hub of an accepted device is the one that explain names', async () => {
  await enrollGroup('explain-keys', symmetric(groupKey));
  for (const id of ['explained-1', 'explained-2', 'explained-3']) {
    const key = derivedKey(groupKey, id);
    const told = await explained(id, {symmetricKey: key});
    assert.equal(told.outcome, 'assigned');
    assert.equal(told.enrollmentGroupId, 'explain-keys');
    const state = await until('the gateway to know the group',
                              () => register('Http', withKey(id, key)));
    assert.equal(state.assignedHub, told.decision.hub);
    const again = await explained(id, {symmetricKey: key});
    assert.equal(again.outcome, 'stays');
    // The past, as the gateway traced it, and the present, as explained, are the same decision.
    assert.deepEqual(again.registration.decision.candidates.map(({hubId, score}) => [hubId, score]),
                     told.decision.candidates.map(({hubId, score}) => [hubId, score]));
  }
});

// Of keys and certificates; chips are explained in tpm.test.mjs.
test('explain names the hub whatever the device attests by', async () => {
  const [ownKey, ca, named] = [newKey(), authority('explain-kinds'), authority('explain-named')];
  const own = device('explain-own-certificate');
  await client.createOrUpdateIndividualEnrollment(
      {registrationId: 'explain-own-key', attestation: symmetric(ownKey)});
  await client.createOrUpdateIndividualEnrollment({
    registrationId: 'explain-own-certificate',
    attestation: {
      type: 'x509',
      x509: {clientCertificates: {primary: {certificate: own.certificate}}},
    },
  });
  await enrollGroup('explain-by-issuer', ofCa(ca));
  await admin.call('PUT', '/berth/v1/certificates/explain-root',
                   {certificate: named.certificate, isVerified: true});
  await enrollGroup('explain-by-name',
                    {type: 'x509', x509: {caReferences: {primary: 'explain-root'}}});
  const member = (id, issuer) => withChain(device(id, issuer), issuer);
  const [issued, ofNamed] = [member('explain-issued', ca), member('explain-of-named', named)];
  const cases = [
    ['explain-own-key', {symmetricKey: ownKey}, withKey('explain-own-key', ownKey), 'symmetricKey'],
    ['explain-own-certificate', own.certificate, withCertificate('explain-own-certificate', own),
     'x509'],
    ['explain-issued', issued.certificate, withCertificate('explain-issued', issued), 'x509'],
    ['explain-of-named', ofNamed.certificate, withCertificate('explain-of-named', ofNamed), 'x509'],
  ];
  for (const [id, evidence, security, kind] of cases) {
    const told = await explained(id, evidence);
    assert.equal(told.outcome, 'assigned', `${id}: ${told.text}`);
    const state = await until(`the gateway to know ${id}`, () => register('Http', security));
    assert.equal(state.assignedHub, told.decision.hub);
    const past = await until(`the coordinator to know ${id}`, async () => {
      const {registration} = await explained(id, evidence);
      return registration?.decision?.hub && registration;
    });
    assert.equal(past.attestationType, kind);
    assert.equal(past.decision.hub, told.decision.hub);
    assert.deepEqual(past.decision.checks.map(({name, result}) => [name, result]),
                     told.decision.checks.map(({name, result}) => [name, result]), id);
  }
});

test('the reason of each refused device is the one that explain gives', async () => {
  const [disabledKey, ownKey] = [newKey(), newKey()];
  const ca = authority('explain-ca');
  await enrollGroup('explain-chains', ofCa(ca));
  await client.createOrUpdateIndividualEnrollment({
    registrationId: 'explain-disabled',
    attestation: symmetric(disabledKey),
    provisioningStatus: 'disabled',
  });
  await client.createOrUpdateIndividualEnrollment(
      {registrationId: 'explain-own', attestation: symmetric(ownKey)});
  await until('the gateway to know the last',
              () => register('Http', withKey('explain-own', ownKey)));

  const wrong = newKey();
  const expired = expiredDevice('explain-late', ca);
  const stranger = device('explain-stranger', authority('another-ca'));
  const cases = [
    ['explain-disabled', {symmetricKey: disabledKey}, withKey('explain-disabled', disabledKey),
     /disabled/],
    ['explain-own', {symmetricKey: wrong}, withKey('explain-own', wrong), /fits neither/],
    ['explain-unknown', {symmetricKey: wrong}, withKey('explain-unknown', wrong), /fits no key/],
    ['explain-late', expired.certificate, withCertificate('explain-late', expired), /expired/],
    ['explain-stranger', stranger.certificate, withCertificate('explain-stranger', stranger),
     /no .*(group|CA)|leads to/],
  ];
  for (const [id, evidence, security, reason] of cases) {
    const told = await explained(id, evidence);
    assert.equal(told.outcome, 'refused', id);
    assert.match(told.reason, reason, id);
    assert.equal(await refusalOf(security), told.errorCode, id);
    // What the gateway noted of its attempt, where it notes one, is what explain said.
    const answer = await admin.send('GET', `/berth/v1/registrations/${id}`);
    if (told.enrollmentId || told.enrollmentGroupId) {
      const noted = await until(`the attempt of ${id} to be noted`, async () => {
        const {body} = await admin.send('GET', `/berth/v1/registrations/${id}`);
        return body.lastAttempt?.reason === told.reason && body.lastAttempt;
      });
      assert.deepEqual(noted.decision.checks.map(({name, result}) => [name, result]),
                       told.decision.checks.map(({name, result}) => [name, result]), id);
    } else {
      assert.equal(answer.status, 404, id);
    }
  }
});

test('how close a wrong key was is told to nobody', async () => {
  const near = Buffer.from(derivedKey(groupKey, 'explain-near'), 'base64');
  near[near.length - 1] ^= 1;
  const answers = [];
  for (const key of [near.toString('base64'), newKey().slice(0, 44), groupKey]) {
    answers.push(await explained('explain-near', {symmetricKey: key}));
    await assert.rejects(register('Http', withKey('explain-near', key)));
  }
  assert.deepEqual(answers[1], answers[0]);
  assert.deepEqual(answers[2], answers[0]);
});

test('the text is for people, and says what each enrollment needs', async () => {
  const {stdout} = await berth('registration', 'explain', 'explain-new', '--group', 'explain-keys');
  assert.match(stdout, /^If explain-new shows a SAS token signed with a key derived from the group/);
  assert.match(stdout, /put into hub \S+ as device explain-new/);
  assert.match(stdout, /Enrollment group explain-chains: it takes devices that show/);
});

test('what a dry run of other weights moves is what then moves, and nothing else', async () => {
  const ids = Array.from({length: DEVICES}, (_, n) => `weighed-${n}`);
  const securities = new Map(ids.map((id) => [id, withKey(id, derivedKey(groupKey, id))]));
  const registerAll = async () => new Map(await Promise.all(ids.map(async (id) =>
      [id, (await register('Http', securities.get(id))).assignedHub])));
  const before = await registerAll();
  const known = await until('the coordinator to hear of all', async () => {
    const page = await admin.call('POST', `${DRY_RUN}?maxItemCount=1000`,
                                  {enrollmentGroupId: 'explain-keys'});
    return page.summary.devices >= DEVICES + 3 && page;
  });
  assert.deepEqual(Object.keys(known.summary.outcomes), ['stays']);

  const {stdout} = await berth('allocation', 'dry-run', '--weight', `${hubNames[1]}=9`, '--group',
                               'explain-keys', '--all', '--output', 'jsonl');
  const lines = stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  const {summary} = lines.pop();
  const predicted = new Map(lines.map((row) => [row.registrationId, row]));
  for (const id of ids) assert.equal(predicted.get(id).currentHub, before.get(id));

  await berth('hub', 'update', hubNames[1], '--allocation-weight', '9');
  // The enrollment of a witness that is written after the weight is known after it.
  const witness = newKey();
  await client.createOrUpdateIndividualEnrollment(
      {registrationId: 'weighed-witness', attestation: symmetric(witness)});
  await until('the gateway to know the weight',
              () => register('Http', withKey('weighed-witness', witness)));
  const moved = await registerAll();
  for (const id of ids) {
    assert.equal(moved.get(id), predicted.get(id).hub, id);
    assert.equal(predicted.get(id).outcome, moved.get(id) === before.get(id) ? 'stays' : 'moves');
  }
  const ours = lines.filter(({registrationId, outcome}) =>
      outcome === 'moves' && securities.has(registrationId));
  assert.ok(ours.length > 0 && ours.length < DEVICES);
  assert.ok(summary.outcomes.moves >= ours.length);
});

test('a dry run with a hub that is not linked yet holds once it is', async () => {
  const ids = Array.from({length: DEVICES}, (_, n) => `planned-${n}`);
  const list = file('planned.txt', ids.join('\n'));
  const run = async (...more) => {
    const {stdout} = await berth('allocation', 'dry-run', '--devices', list, '--group',
                                 'explain-keys', '--output', 'json', ...more);
    return JSON.parse(stdout);
  };
  const added = 'planned.hub.example';
  const before = await run('--add-hub', `${added}=1000`);
  assert.ok(before.value.some(({hub}) => hub === added));
  const [{hubId}] = before.summary.addHubs;
  await berth('hub', 'link', '--hub-id', hubId, '--host-name', added, '--policy-name', 'p',
              '--policy-key', newKey(), '--allocation-weight', '1000');
  try {
    assert.deepEqual((await run()).value, before.value);
    assert.equal((await admin.send('POST', '/berth/v1/linkedHubs', {
                   body: {hostName: 'other.example', policyName: 'p', policyKey: newKey(), hubId},
                 })).status, 409);
  } finally {
    await berth('hub', 'unlink', added);
  }
});

test('nothing is told to who may not read enrollments and registrations', async () => {
  const made = await admin.call('POST', '/berth/v1/accessPolicies',
                                {keyName: 'half', rights: 'EnrollmentRead'});
  const {primaryKey} = await admin.call('POST', `/berth/v1/accessPolicies/${made.keyName}/listKeys`);
  const half = new Admin(`HostName=${admin.login.HostName};SharedAccessKeyName=half;SharedAccessKey=${
      primaryKey}`);
  for (const route of [EXPLAIN, DRY_RUN]) {
    assert.equal((await half.send('POST', route, {body: {registrationId: 'x'}})).status, 401);
  }
});
