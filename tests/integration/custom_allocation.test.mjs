// Custom allocation (service API, section 3) end to end: a webhook of the admin's chooses the hub,
// called by the gateway where it reaches it, else through the coordinator.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {after, before, beforeEach} from 'node:test';

import {derivedKey, newKey} from './certificates.mjs';
import {Installation} from './installation.mjs';
import {atHub, dev, hubNames, hubsHolding, register, service, withKey} from './peers.mjs';
import {begin, end, poll, registerRaw} from './raw_device.mjs';
import {until} from './waiting.mjs';
import {Webhook} from './webhook.mjs';

const WEBHOOK_ADDRESS = '127.0.0.9';

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();
const [first, second] = hubNames;
const choose = (iotHubHostName, more = {}) => () =>
    ({status: 200, body: {iotHubHostName, ...more}});
let webhook;

before(async () => {
  webhook = await Webhook.start(WEBHOOK_ADDRESS, installation.dir);
});
after(() => webhook.stop());
beforeEach(() => {
  webhook.calls.length = 0;
  webhook.answer = choose(first);
});

const custom = () => ({
  allocationPolicy: 'custom',
  iotHubs: [first, second],
  customAllocationDefinition: {webhookUrl: webhook.url, apiVersion: '2021-10-01'},
});

async function enroll(registrationId, more = {}) {
  const keys = {primaryKey: newKey(), secondaryKey: newKey()};
  await client.createOrUpdateIndividualEnrollment({
    registrationId,
    attestation: {type: 'symmetricKey', symmetricKey: keys},
    ...custom(),
    ...more,
  });
  return keys.primaryKey;
}

test('the webhook sees the contract of DPS, and its choice, twin and payload count', async () => {
  const groupKey = newKey();
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'custom-group',
    attestation: {
      type: 'symmetricKey',
      symmetricKey: {primaryKey: groupKey, secondaryKey: newKey()},
    },
    initialTwin: {tags: {from: 'enrollment'}, properties: {desired: {}}},
    ...custom(),
  });
  webhook.answer = choose(second, {
    initialTwin: {tags: {from: 'webhook'}, properties: {desired: {interval: 7}}},
    payload: {hello: 1},
  });
  const id = 'Custom-Dev-1';
  const security = withKey(id, derivedKey(groupKey, id));
  const state = await until('the gateway to know the group',
                            () => register('Mqtt', security, dev.idScope, {model: 'm1'}));
  assert.equal(state.assignedHub, second);
  assert.deepEqual(state.payload, {hello: 1});

  assert.equal(webhook.calls.length, 1);
  const {path: target, method, type, body} = webhook.calls[0];
  assert.equal(target, '/pick?code=secret');
  assert.equal(method, 'POST');
  assert.match(type, /^application\/json/);
  assert.deepEqual(Object.keys(body).sort(), ['deviceRuntimeContext', 'enrollmentGroup', 'linkedHubs']);
  assert.deepEqual(body.deviceRuntimeContext,
                   {registrationId: id, symmetricKey: {}, payload: {model: 'm1'}});
  assert.deepEqual([...body.linkedHubs].sort(), [first, second].sort());
  const shown = (await client.getEnrollmentGroup('custom-group')).responseBody;
  assert.equal(body.enrollmentGroup.enrollmentGroupId, 'custom-group');
  assert.equal(body.enrollmentGroup.etag, shown.etag);
  assert.deepEqual(body.enrollmentGroup.attestation, {type: 'symmetricKey'});
  assert.equal(body.enrollmentGroup.customAllocationDefinition.webhookUrl,
               webhook.url.replace(/\?.*/, '?****'));
  assert.equal(JSON.stringify(body).includes(groupKey), false);

  assert.deepEqual(await hubsHolding(id), [second]);
  const {twin} = await atHub(second, id);
  assert.deepEqual(twin.tags, {from: 'webhook'});
  assert.equal(twin.properties.desired.interval, 7);

  // Again: where it is, and the payload every time.
  webhook.answer = choose(second, {payload: {hello: 2}});
  const again = await register('Http', security);
  assert.deepEqual(again.payload, {hello: 2});
  assert.equal(webhook.calls[1].body.deviceRuntimeContext.currentIotHubHostName, second);
  assert.equal(webhook.calls[1].body.deviceRuntimeContext.currentDeviceId, id);
});

const failures = [
  ['401', {status: 401, body: {}}, 400209],
  ['404', {status: 404, body: {}}, 400207],
  ['302', {status: 302, body: {}}, 400207],
  ['an empty answer', {status: 200, body: {}}, 400208],
  ['a hub that is not linked', {status: 200, body: {iotHubHostName: 'other.example'}}, 400207],
  ['a payload that is no object', {status: 200, body: {iotHubHostName: 'x', payload: 1}}, 400207],
];
for (const [what, answer, code] of failures) {
  test(`${what} fails the registration with ${code}, without a second call`, async () => {
    const id = `custom-${code}-${answer.status}-${Object.keys(answer.body).length}`;
    const key = await enroll(id);
    webhook.answer = () => answer;
    const state = await until('the gateway to know it', () => registerRaw(id, key));
    assert.equal(state.status, 'failed');
    assert.equal(state.errorCode, code);
    assert.equal(state.assignedHub, undefined);
    assert.equal(webhook.calls.length, 1);
    assert.deepEqual(await hubsHolding(id), []);
    // The device may begin anew.
    webhook.answer = choose(first);
    assert.equal((await registerRaw(id, key)).assignedHub, first);
  });
}

test('a webhook that is down keeps the device assigning until it is back', async () => {
  const key = await enroll('custom-down');
  webhook.answer = () => ({status: 503, body: {}});
  const operation = await until('the gateway to know it', () => begin('custom-down', key));
  await until('the first call', () => webhook.calls.length === 1);
  assert.equal((await poll('custom-down', key, operation)).status, 'assigning');
  webhook.answer = choose(second);
  assert.equal((await end('custom-down', key, operation)).assignedHub, second);
  assert.equal(webhook.calls.length, 2);
});

test('a device that never moves asks nobody, and is told its payload again', async () => {
  const key = await enroll('custom-never', {
    reprovisionPolicy: {updateHubAssignment: false, migrateDeviceData: false},
  });
  webhook.answer = choose(first, {payload: {kept: true}});
  await until('the gateway to know it', () => registerRaw('custom-never', key));
  webhook.answer = choose(second, {payload: {kept: false}});
  const again = await registerRaw('custom-never', key);
  assert.equal(again.assignedHub, first);
  assert.deepEqual(again.payload, {kept: true});
  assert.equal(webhook.calls.length, 1);
});

test('a gateway killed while the webhook thinks goes on with the call', async () => {
  const key = await enroll('custom-killed');
  webhook.answer = () => new Promise(() => {});
  const operation = await until('the gateway to know it', () => begin('custom-killed', key));
  await until('the call', () => webhook.calls.length === 1);
  await installation.kill('gateway');
  webhook.answer = choose(second, {payload: {after: 'restart'}});
  await installation.restart('gateway');
  const state =
      await until('the operation to end', () => end('custom-killed', key, operation));
  assert.equal(state.assignedHub, second);
  assert.deepEqual(state.payload, {after: 'restart'});
  assert.equal(webhook.calls.length, 2);
});

test('what the gateway may not reach is called by the coordinator', async () => {
  const file = path.join(installation.dir, 'berth-gateway.toml');
  const original = readFileSync(file, 'utf8');
  const registries = dev.hubs.map((_, n) => `"127.0.0.${n + 3}"`).join(', ');
  assert.match(original, /allow_loopback = true/);
  writeFileSync(file, original.replace('allow_loopback = true',
                                       `allow_loopback = false\nallow = [${registries}]`));
  await installation.end('gateway');
  await installation.restart('gateway');
  const key = await enroll('custom-relayed');
  webhook.answer = choose(second, {payload: {via: 'coordinator'}});
  const state = await until('the gateway to know it', () => registerRaw('custom-relayed', key));
  assert.equal(state.assignedHub, second);
  assert.deepEqual(state.payload, {via: 'coordinator'});
  assert.equal(webhook.calls.length, 1);

  // Neither may the coordinator: its link is cut.
  await installation.berth('dev', 'offline', '--dir', installation.dir);
  const operation = await begin('custom-relayed', key);
  await until('the device to wait', async () =>
      (await poll('custom-relayed', key, operation)).status === 'assigning');
  assert.equal(webhook.calls.length, 1);
  await installation.berth('dev', 'online', '--dir', installation.dir);
  assert.equal((await end('custom-relayed', key, operation)).assignedHub, second);
});
