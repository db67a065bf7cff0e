// Azure's device SDK over each transport, when its device does not get its hub at once: payloads to and
// from a webhook of custom allocation, `assigning` for several polls, a connection that is cut.
import assert from 'node:assert/strict';
import test, {after, before} from 'node:test';
import {TLSSocket} from 'node:tls';

import {authority, derivedKey, device, newKey, withChain} from './certificates.mjs';
import {setFault} from './hub_fault.mjs';
import {Installation} from './installation.mjs';
import {
  dev,
  hubNames,
  hubsHolding,
  register,
  sdkDevice,
  service,
  transports,
  withCertificate,
  withKey,
} from './peers.mjs';
import {until} from './waiting.mjs';
import {Webhook} from './webhook.mjs';

const POLLS = 3;
const client = service();
const [first, second] = hubNames;
const groupKey = newKey();
const root = authority('Waiting Root');
const intermediate = authority('Waiting Intermediate', root);
let webhook;

const keyed = (id) => withKey(id, derivedKey(groupKey, id));
const certified = (id) => withCertificate(id, device(id, root));
const chained = (id) =>
    withCertificate(id, withChain(device(id, intermediate), intermediate));
const signed = ({certificate}) =>
    ({type: 'x509', x509: {signingCertificates: {primary: {certificate}}}});
const symmetric = {
  type: 'symmetricKey',
  symmetricKey: {primaryKey: groupKey, secondaryKey: newKey()},
};

const enrollGroup = (enrollmentGroupId, attestation, allocation) =>
    client.createOrUpdateEnrollmentGroup({enrollmentGroupId, attestation, ...allocation});

before(async () => {
  const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
  webhook = await Webhook.start('127.0.0.9', installation.dir);
  const custom = {
    allocationPolicy: 'custom',
    iotHubs: hubNames,
    customAllocationDefinition: {webhookUrl: webhook.url, apiVersion: '2021-10-01'},
  };
  // Of each it is told what it said itself.
  webhook.answer = ({body: {deviceRuntimeContext: {payload}}}) =>
      ({status: 200, body: {iotHubHostName: second, payload: {youSaid: payload}}});
  await enrollGroup('waiting-custom-keys', symmetric, custom);
  await enrollGroup('waiting-custom-root', signed(root), custom);
  await until('the gateway to know the groups', async () => {
    await register('Http', keyed('waiting-known'), dev.idScope, {});
    return register('Http', certified('waiting-known-x509'));
  });
});
after(async () => {
  webhook.stop();
  for (const name of hubNames) await setFault(name, 'none');
});

const everyTransport = (t, body) => Promise.all(Object.keys(transports).map(
    (transport) => t.test(transport, () => body(transport, transport.toLowerCase()))));

// With numbers of all their digits, and text outside ASCII.
const PAYLOAD = {
  model: 'm1',
  text: 'Grüße, 世界 🚢',
  nested: {list: [1, 2.5, true, 0.30000000000000004, 13.387664401253275]},
};
const kinds = {
  'a key': {security: keyed, context: {symmetricKey: {}}},
  'a certificate': {security: certified},
  'a chain': {security: chained},
};
for (const [kind, {security, context}] of Object.entries(kinds)) {
  test(`with ${kind}, payloads go to the webhook and come back`, {concurrency: true}, async (t) => {
    await everyTransport(t, async (transport, name) => {
      const id = `waiting-payload-${kind.split(' ')[1]}-${name}`;
      const state = await register(transport, security(id), dev.idScope, PAYLOAD);
      assert.equal(state.assignedHub, second);
      assert.deepEqual(state.payload, {youSaid: PAYLOAD});
      const {body} = webhook.calls.find(
          (call) => call.body.deviceRuntimeContext.registrationId === id);
      assert.deepEqual(body.deviceRuntimeContext.payload, PAYLOAD);
      if (context) {
        assert.deepEqual(body.deviceRuntimeContext,
                         {registrationId: id, payload: PAYLOAD, ...context});
      } else {
        assert.ok(body.deviceRuntimeContext.x509, JSON.stringify(body));
      }
      assert.deepEqual(await hubsHolding(id), [second]);
    });
  });
}

// Each hub or webhook that makes devices wait does so until they have polled a few times.
const waits = (device) => device.polls() < POLLS;

async function hubThatAnswersAs(t, fault) {
  const group = `waiting-hub-${fault}`;
  const key = newKey();
  const of = (id) => withKey(id, derivedKey(key, id));
  await enrollGroup(
      group, {type: 'symmetricKey', symmetricKey: {primaryKey: key, secondaryKey: newKey()}},
      {allocationPolicy: 'static', iotHubs: [first]});
  await until('the gateway to know the group', () => register('Http', of(`${group}-known`)));
  await setFault(first, fault);
  const devices = [];
  await everyTransport(t, async (transport, name) => {
    const id = `${group}-${name}`;
    const device = sdkDevice(transport, of(id));
    devices.push(device);
    if (devices.length === Object.keys(transports).length) {
      until('all of them to poll', () => !devices.some(waits)).finally(() => setFault(first, 'none'));
    }
    assert.equal((await device.register()).assignedHub, first);
    assert.ok(device.polls() > POLLS, `${device.polls()} polls`);
    assert.deepEqual(await hubsHolding(id), [first]);
  });
}

async function webhookThatIs(t, how, security) {
  const usual = webhook.answer;
  const devices = new Map();
  webhook.answer = async (call) => {
    const id = call.body.deviceRuntimeContext.registrationId;
    const device = devices.get(id);
    if (how === 'down') return waits(device) ? {status: 503, body: {}} : usual(call);
    await until(`${id} to poll`, () => !waits(device));
    return usual(call);
  };
  try {
    await everyTransport(t, async (transport, name) => {
      const id = `waiting-${how}-${name}`;
      const device = sdkDevice(transport, security(id), {payload: {how}});
      devices.set(id, device);
      const state = await device.register();
      assert.equal(state.assignedHub, second);
      assert.deepEqual(state.payload, {youSaid: {how}});
      assert.ok(device.polls() > POLLS, `${device.polls()} polls`);
    });
  } finally {
    webhook.answer = usual;
  }
}

const together = {concurrency: true};
test('devices poll for as long as it takes', together, async (t) => {
  await Promise.all([
    t.test('while their hub is down', together, (u) => hubThatAnswersAs(u, 'down')),
    t.test('while the webhook is down', together, (u) => webhookThatIs(u, 'down', certified)),
  ]);
  await Promise.all([
    t.test('while their hub throttles', together, (u) => hubThatAnswersAs(u, 'throttle')),
    t.test('while the webhook thinks', together, (u) => webhookThatIs(u, 'slow', chained)),
  ]);
});

// As a network does that loses them; the SDKs' connections are this process's.
function cutConnectionsTo(port) {
  const open = process._getActiveHandles().filter(
      (handle) => handle instanceof TLSSocket && handle.remotePort === port);
  for (const socket of open) {
    socket.destroy(Object.assign(new Error('read ECONNRESET'), {code: 'ECONNRESET'}));
  }
  return open.length;
}

test('a device whose connection is cut connects anew, and gets its hub', async (t) => {
  const {https, mqtt, amqp} = dev.device;
  const ports = {Mqtt: mqtt, MqttWs: https, Amqp: amqp, AmqpWs: https};
  const usual = webhook.answer;
  // One after another: connections are told apart by their ports alone.
  for (const [transport, port] of Object.entries(ports)) {
    await t.test(transport, async () => {
      const id = `waiting-cut-${transport.toLowerCase()}`;
      const device = sdkDevice(transport, chained(id), {payload: {}});
      let isCut;
      const cut = new Promise((resolve) => { isCut = resolve; });
      webhook.answer = (call) => cut.then(() => usual(call));
      try {
        const end = device.register();
        end.catch(() => {});
        // Between two requests.
        await until('the device to poll', () => device.polls() >= 1);
        assert.equal(cutConnectionsTo(port), 1);
        isCut();
        assert.equal((await end).assignedHub, second);
        assert.deepEqual(await hubsHolding(id), [second]);
      } finally {
        isCut();
        webhook.answer = usual;
      }
    });
  }
});

test('a device registers again with the same client, and is told the same hub', {concurrency: true}, async (t) => {
  await everyTransport(t, async (transport, name) => {
    const id = `waiting-again-${name}`;
    const device = sdkDevice(transport, certified(id), {payload: {life: 1}});
    const lives = [await device.register(), await device.register()];
    assert.deepEqual(lives.map(({assignedHub}) => assignedHub), [second, second]);
    assert.deepEqual(lives[1].payload, {youSaid: {life: 1}});
    assert.deepEqual(await hubsHolding(id), [second]);
  });
});
