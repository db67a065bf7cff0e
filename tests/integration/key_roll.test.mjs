// Keys and certificates rolled from beginning to end while devices go on registering
// (docs/key_rolling.md): no device with a good credential is ever refused, the counts are right, and
// afterwards the old one is good for nothing.
import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test, {after} from 'node:test';

import {authority, derivedKey, device, newKey, thumbprint, withChain} from './certificates.mjs';
import {ask, psk, registerOverCoap} from './coap_peers.mjs';
import {Installation} from './installation.mjs';
import {atHub, dev, register, service, withCertificate, withKey} from './peers.mjs';
import {until} from './waiting.mjs';

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();
const folder = mkdtempSync(path.join(tmpdir(), 'berth-roll-'));
after(() => rmSync(folder, {recursive: true, force: true}));

async function roll(...args) {
  const {stdout} = await installation.berth(
      'key', 'roll', ...args, '--login', dev.service.connectionString, '--ca-file',
      dev.service.caFile, '--output', 'json');
  return JSON.parse(stdout);
}

function file(name, text) {
  const written = path.join(folder, name);
  writeFileSync(written, text);
  return written;
}

// Devices that register again and again, as after a reboot, each over its own protocol and with what
// it was set up with last.
class Fleet {
  refusals = [];
  registered = new Map();
  #devices = new Map();
  #running = [];
  #stopped = false;

  constructor(prefix, protocols) {
    protocols.forEach((protocol, index) => this.#devices.set(`${prefix}-${index}`, {protocol}));
  }

  get ids() {
    return [...this.#devices.keys()];
  }

  setUp(id, security) {
    this.#devices.get(id).security = security;
  }

  run() {
    this.#running = this.ids.map(async (id) => {
      while (!this.#stopped) {
        const {protocol, security} = this.#devices.get(id);
        try {
          await register(protocol, security);
          this.registered.set(id, (this.registered.get(id) ?? 0) + 1);
        } catch (error) {
          this.refusals.push(`${id} over ${protocol}: ${error.message}`);
        }
      }
    });
  }

  // Every device has registered once more from now on.
  async round() {
    // Twice: the first may have begun before.
    const wanted = new Map(this.ids.map((id) => [id, (this.registered.get(id) ?? 0) + 2]));
    await until('every device to register again', () => {
      assert.deepEqual(this.refusals, []);
      return this.ids.every((id) => (this.registered.get(id) ?? 0) >= wanted.get(id));
    });
  }

  async stop() {
    this.#stopped = true;
    await Promise.all(this.#running);
  }
}

// Rolls `id` while the fleet registers. `setUp` makes a device's security from what it has, `fresh`
// what devices are to have.
async function rolls(fleet, id, {start, fresh, setUp, only = []}) {
  fleet.run();
  try {
    await fleet.round();
    const total = fleet.ids.length;
    const before = await until('the coordinator to have heard of all', async () => {
      const status = await roll('status', id, ...only);
      return status.registrations === total && status;
    });
    assert.equal(before.state, 'none');
    assert.equal(before.unknown, 0);

    const started = await roll('start', id, ...start, ...only);
    assert.equal(started.state, 'underWay');
    assert.deepEqual([started.old, started.new], [total, 0]);
    const credential = fresh(started);

    // At once, before the gateway can have heard of it; and all but one of the others soon.
    const [last, ...rest] = fleet.ids;
    for (const one of rest) fleet.setUp(one, setUp(one, credential));
    await fleet.round();
    const half = await until('the coordinator to have heard of the new ones', async () => {
      const status = await roll('status', id, ...only);
      return status.new === rest.length && status;
    });
    assert.equal(half.old, 1);
    await assert.rejects(roll('finish', id, ...only), (error) => {
      assert.equal(error.code, 1);
      assert.match(error.stderr, /1 device last registered/);
      return true;
    });
    const left = await roll('devices', id, ...only);
    assert.deepEqual(left.map((row) => [row.registrationId, row.uses]), [[last, 'old']]);
    assert.ok(Date.parse(left[0].lastSeenUtc) > Date.now() - 60_000);

    fleet.setUp(last, setUp(last, credential));
    await until('the coordinator to have heard of the last',
                async () => (await roll('status', id, ...only)).old === 0);
    const finished = await roll('finish', id, ...only);
    assert.equal(finished.state, 'none');
    assert.equal(finished.gone, 0);
    await fleet.round();
  } finally {
    await fleet.stop();
  }
  assert.deepEqual(fleet.refusals, []);
}

// The gateway hears of the end a moment later.
async function isRefused(protocol, security) {
  await until('the old one to be refused', async () => {
    const refused = await register(protocol, security()).then(() => false, (error) => error);
    if (!refused) return false;
    assert.match(refused.name + refused.message + refused.responseBody, /401|authorized|certificate/i);
    return true;
  });
}

const keysAtHub = async (state) =>
    (await atHub(state.assignedHub, state.deviceId)).identity.authentication.symmetricKey;

test('a group key is rolled while its devices go on registering', async () => {
  const oldKey = newKey();
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'roll-line',
    attestation: {type: 'symmetricKey', symmetricKey: {primaryKey: oldKey, secondaryKey: newKey()}},
  });
  const member = (id, groupKey) => withKey(id, derivedKey(groupKey, id));
  const fleet = new Fleet('roll-line', ['Http', 'Mqtt', 'Http', 'Mqtt', 'Amqp']);
  for (const id of fleet.ids) fleet.setUp(id, member(id, oldKey));

  let newGroupKey;
  await rolls(fleet, 'roll-line', {
    start: [],
    fresh: (started) => {
      assert.equal(started.slotForDevices, 'secondary');
      return newGroupKey = started.newKey;
    },
    setUp: member,
  });

  // The hub has what the device was set up with.
  const [id] = fleet.ids;
  const state = await register('Http', member(id, newGroupKey));
  assert.equal((await keysAtHub(state)).secondaryKey, derivedKey(newGroupKey, id));
  assert.notEqual((await keysAtHub(state)).primaryKey, derivedKey(oldKey, id));
  // Whoever sets devices up by the command line gives them the key that is to stay.
  const {stdout} = await installation.berth(
      'group', 'compute-device-key', 'roll-line', '--registration-id', 'roll-line-new', '--login',
      dev.service.connectionString, '--ca-file', dev.service.caFile);
  assert.equal(stdout.trim(), derivedKey(newGroupKey, 'roll-line-new'));

  let tries = 0;
  await isRefused('Http', () => member(`roll-line-late-${++tries}`, oldKey));
  await isRefused('Mqtt', () => member(`roll-line-late-${++tries}`, oldKey));
});

test('the CA certificate of a group is rolled while its devices go on registering', async () => {
  const oldCa = authority('roll plant CA');
  // Of the same name, as renewed CAs are.
  const newCa = authority('roll plant CA');
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'roll-plant',
    attestation:
        {type: 'x509', x509: {signingCertificates: {primary: {certificate: oldCa.certificate}}}},
  });
  const member = (id, ca) => withCertificate(id, withChain(device(id, ca)));
  const fleet = new Fleet('roll-plant', ['Http', 'Mqtt', 'Http', 'Mqtt']);
  for (const id of fleet.ids) fleet.setUp(id, member(id, oldCa));
  await rolls(fleet, 'roll-plant', {
    start: ['--certificate-path', file('next-ca.pem', newCa.certificate)],
    fresh: () => newCa,
    setUp: member,
  });

  const group = (await client.getEnrollmentGroup('roll-plant')).responseBody;
  const {primary, secondary} = group.attestation.x509.signingCertificates;
  assert.equal(primary.info.sha256Thumbprint, thumbprint(newCa.certificate));
  assert.ok(!secondary);
  let tries = 0;
  await isRefused('Http', () => member(`roll-plant-late-${++tries}`, oldCa));
});

test('the certificate of a single device is rolled', async () => {
  const id = 'roll-press';
  const [oldOne, newOne] = [device(id), device(id)];
  await client.createOrUpdateIndividualEnrollment({
    registrationId: id,
    attestation:
        {type: 'x509', x509: {clientCertificates: {primary: {certificate: oldOne.certificate}}}},
  });
  const single = ['--individual'];
  await until('the gateway to know it', () => register('Mqtt', withCertificate(id, oldOne)));
  await roll('start', id, ...single, '--certificate-path', file('next.pem', newOne.certificate));
  const state = await register('Mqtt', withCertificate(id, newOne));
  const {x509Thumbprint} =
      (await atHub(state.assignedHub, state.deviceId)).identity.authentication;
  assert.equal(x509Thumbprint.primaryThumbprint, thumbprint(newOne.certificate));
  // The old one is still as good.
  await register('Http', withCertificate(id, oldOne));
  await until('the coordinator to have heard of it',
              async () => (await roll('status', id, ...single)).old === 1);
  await assert.rejects(roll('finish', id, ...single));
  await register('Http', withCertificate(id, newOne));
  await until('the coordinator to have heard of it',
              async () => (await roll('status', id, ...single)).old === 0);
  await roll('finish', id, ...single);
  await isRefused('Http', () => withCertificate(id, oldOne));
  await register('Mqtt', withCertificate(id, newOne));
});

test('a roll that was begun by mistake is undone, and nothing happens twice', async () => {
  const oldKey = newKey();
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'roll-back',
    attestation: {type: 'symmetricKey', symmetricKey: {primaryKey: oldKey, secondaryKey: newKey()}},
  });
  const {etag} = await roll('status', 'roll-back');
  const started = await roll('start', 'roll-back', '--etag', etag);
  // Another admin, who saw the group as it was before.
  await assert.rejects(roll('finish', 'roll-back', '--etag', etag), (error) => error.code === 1);
  await assert.rejects(roll('start', 'roll-back'), (error) => {
    assert.match(error.stderr, /under way already/);
    // The advice that goes with other conflicts, of names that are taken.
    assert.doesNotMatch(error.stderr, /create takes a new name/);
    return true;
  });
  await roll('abort', 'roll-back');
  const id = 'roll-back-1';
  await until('the gateway to know it',
              () => register('Http', withKey(id, derivedKey(oldKey, id))));
  await isRefused('Http', () => withKey('roll-back-2', derivedKey(started.newKey, 'roll-back-2')));
});

// A device that names its key's slot in the handshake is not locked out by what happens to the slots.
test('over CoAPS the new key stays where the device was told that it is', async () => {
  const id = 'roll-coap-1';
  const key = (groupKey) => psk(derivedKey(groupKey, id));
  // libcoap's client takes the key as text without an end of its own.
  const usableKey = () => {
    for (;;) {
      const groupKey = newKey();
      if (!key(groupKey).some((byte) => byte === 0 || byte === 10)) return groupKey;
    }
  };
  const [oldKey, newOne] = [usableKey(), usableKey()];
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'roll-coap',
    attestation: {type: 'symmetricKey', symmetricKey: {primaryKey: oldKey, secondaryKey: newKey()}},
  });
  const {slotForDevices} = await roll('start', 'roll-coap', '--key', newOne);
  const identity = (slot) => `${dev.idScope}/${id}/${slot[0]}/roll-coap`;
  const before = {identity: identity('primary'), key: key(oldKey)};
  const after = {identity: identity(slotForDevices), key: key(newOne)};
  const isTaken = async (credential) =>
      (await ask('openssl', 'get', '.well-known/core', {credential, seconds: 2}))?.code === '2.05';
  await until('the gateway to know the new key', () => isTaken(after));
  assert.ok(await isTaken(before));
  assert.equal((await registerOverCoap('openssl', id, before)).state?.status, 'assigned');
  await until('the coordinator to have heard of it',
              async () => (await roll('status', 'roll-coap')).old === 1);
  assert.equal((await registerOverCoap('openssl', id, after)).state?.status, 'assigned');
  await until('the coordinator to have heard of it',
              async () => (await roll('status', 'roll-coap')).new === 1);
  await roll('finish', 'roll-coap');
  await until('the old key to be refused', async () => !await isTaken(before));
  assert.ok(await isTaken(after));
});
