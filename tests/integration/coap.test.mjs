// CoAP and CoAPS (docs/protocols/coap.md) against the gateway, with libcoap's clients and
// berth-device, and with messages that no honest client sends.
import assert from 'node:assert/strict';
import {execFile, execFileSync} from 'node:child_process';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {promisify} from 'node:util';

import {authority, derivedKey, device, newKey, thumbprint, withChain} from './certificates.mjs';
import {ask, block, DtlsPeer, GET, message, psk, registerOverCoap, resource} from './coap_peers.mjs';
import {atHub, dev, hubNames, hubsHolding, service} from './peers.mjs';
import {until} from './waiting.mjs';

const LIBRARIES = ['openssl', 'gnutls'];
const BODY_LIMIT = 96 * 1024;
// A handshake that must fail is given this long; an honest one takes milliseconds.
const REFUSED_AFTER_S = 4;
const FLEET_MEDIAN_MS = 6000;
const HALF_OPEN = 2000;
const FLOODER = '127.0.0.9';
const RESET = 3;  // the type of a message (RFC 7252 section 4.2)

const client = service();
const symmetric = (keys) => ({type: 'symmetricKey', symmetricKey: keys});

// A pair of keys whose pre-shared keys libcoap's clients can be told: they take them as text without
// an end of their own.
function keyPair(derive = (key) => key) {
  const usable = () => {
    for (;;) {
      const key = newKey();
      if (!psk(derive(key)).some((byte) => byte === 0 || byte === 10)) return key;
    }
  };
  return {primaryKey: usable(), secondaryKey: usable()};
}

const enroll = async (registrationId, attestation, more = {}) =>
    (await client.createOrUpdateIndividualEnrollment(
         {registrationId, attestation, allocationPolicy: 'static', iotHubs: [hubNames[1]], ...more}))
        .responseBody;

const enrollGroup = async (enrollmentGroupId, attestation, more = {}) =>
    (await client.createOrUpdateEnrollmentGroup(
         {enrollmentGroupId, attestation, allocationPolicy: 'static', iotHubs: [hubNames[1]], ...more}))
        .responseBody;

const slotOf = (which) => which[0];
const withPsk = (registrationId, deviceKey, slot = 'p', group = undefined) => ({
  identity: [dev.idScope, registrationId, slot, ...(group ? [group] : [])].join('/'),
  key: psk(deviceKey),
});

// The gateway has the enrollment: a handshake with its key comes through.
const known = (registrationId, credential) =>
    until(`${registrationId} to be known`,
          async () => (await ask('openssl', 'get', '.well-known/core', {credential, seconds: 2}))?.code ===
              '2.05');

async function assertAtHub(answer, registrationId, check) {
  assert.equal(answer.state?.status, 'assigned', JSON.stringify(answer));
  assert.equal(answer.maxAge, 0);
  assert.equal(answer.state.assignedHub, hubNames[1]);
  assert.equal(answer.state.deviceId, registrationId);
  assert.deepEqual(await hubsHolding(registrationId), [hubNames[1]]);
  check((await atHub(hubNames[1], registrationId)).identity.authentication);
}

async function berthDevice(...args) {
  const program = path.join(process.env.BERTH_BIN, 'berth-device');
  const all = ['--dev', path.join(process.env.BERTH_DEV_DIR, 'dev.json'), '--protocol', 'coaps', ...args];
  try {
    const {stdout} = await promisify(execFile)(program, all);
    return stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  } catch (error) {
    if (error.code !== 1) throw error;
    return error.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
  }
}

test('plain CoAP tells where to register, and nothing else', async () => {
  for (const library of LIBRARIES) {
    const found = await ask(library, 'get', '.well-known/core');
    assert.equal(found.code, '2.05');
    assert.match(found.body, new RegExp(`^<coaps://[^/]+:${dev.device.coaps}/>;rt="berth.provisioning"`));
    for (const [method, where] of [['put', resource('dev-1', 'register')], ['get', resource('dev-1')],
                                   ['get', ''], ['delete', resource('dev-1')]]) {
      const refused = await ask(library, method, where, {body: method === 'put' ? '{}' : undefined});
      assert.equal(refused.code, '4.03');
      assert.equal(refused.body, '');
    }
  }
});

for (const library of LIBRARIES) {
  for (const which of ['primaryKey', 'secondaryKey']) {
    test(`${library}: a pre-shared key made of an individual's ${which} gets its hub`, async () => {
      const id = `coap-${library}-${which.toLowerCase()}`;
      const keys = keyPair();
      await enroll(id, symmetric(keys));
      const credential = withPsk(id, keys[which], slotOf(which));
      await known(id, credential);
      await assertAtHub(await registerOverCoap(library, id, credential), id,
                        ({symmetricKey}) => assert.deepEqual(symmetricKey, keys));
    });

    test(`${library}: a pre-shared key made of a group's ${which} gets its hub`, async () => {
      const group = `coap-group-${library}-${which.toLowerCase()}`;
      const id = `${group}-Device`;
      const keys = keyPair((key) => derivedKey(key, id));
      await enrollGroup(group, symmetric(keys));
      const credential = withPsk(id, derivedKey(keys[which], id), slotOf(which), group);
      await known(id, credential);
      await assertAtHub(await registerOverCoap(library, id, credential), id,
                        ({symmetricKey}) => assert.deepEqual(symmetricKey, {
                          primaryKey: derivedKey(keys.primaryKey, id),
                          secondaryKey: derivedKey(keys.secondaryKey, id),
                        }));
    });
  }

  test(`${library}: a certificate gets its hub`, async () => {
    const id = `coap-${library}-x509`;
    const leaf = device(id);
    await enroll(id, {type: 'x509', x509: {clientCertificates: {primary: {certificate: leaf.certificate}}}});
    const answer = await until(`${id} to be known`, async () => {
      const got = await registerOverCoap(library, id, leaf);
      return got.state && got;
    });
    await assertAtHub(answer, id, ({x509Thumbprint}) =>
      assert.equal(x509Thumbprint.primaryThumbprint, thumbprint(leaf.certificate)));
  });
}

test('a chain with an intermediate gets its hub, and the long answer comes in blocks', async () => {
  const root = authority('coap root');
  const intermediate = authority('coap intermediate', root);
  const id = 'coap-chain';
  const leaf = withChain(device(id, intermediate), intermediate);
  await enrollGroup('coap-x509-group', {
    type: 'x509',
    x509: {signingCertificates: {primary: {certificate: root.certificate}}},
  });
  const answer = await until(`${id} to be known`, async () => {
    const got = await registerOverCoap('gnutls', id, leaf);
    return got.state && got;
  });
  assert.ok(answer.blocks > 1, `${answer.blocks} blocks`);
  assert.ok(answer.state.x509.signingCertificateInfo);
  await assertAtHub(answer, id, ({type}) => assert.equal(type, 'selfSigned'));
  // Without the intermediate, nothing leads to the root.
  const short = await registerOverCoap('gnutls', id, device(id, intermediate));
  assert.equal(short.code, '4.01');
  assert.equal(short.error.errorCode, 401002);
});

test('berth-device: keys, groups, certificates and chains', async () => {
  const keys = keyPair();
  await enroll('coap-tool', symmetric(keys));
  const groupKeys = keyPair();
  await enrollGroup('coap-tool-group', symmetric(groupKeys));
  await known('coap-tool', withPsk('coap-tool', keys.primaryKey));
  await until('the group to be known', async () => {
    const got = await berthDevice('--registration-id', 'coap-tool-first', '--group-key',
                                  groupKeys.secondaryKey, '--group-id', 'coap-tool-group',
                                  '--secondary-key', '--timeout', '5');
    return got[0].status === 'assigned';
  });
  for (const args of [['--key', keys.primaryKey], ['--key', keys.secondaryKey, '--secondary-key']]) {
    const [report] = await berthDevice('--registration-id', 'coap-tool', ...args);
    assert.equal(report.status, 'assigned', JSON.stringify(report));
  }
  const fleet = await berthDevice('--registration-id', 'coap-fleet-', '--count', '40', '--concurrency',
                                  '20', '--group-key', groupKeys.primaryKey, '--group-id',
                                  'coap-tool-group');
  const summary = fleet.at(-1);
  assert.equal(fleet.filter(({status}) => status === 'assigned').length, 40, JSON.stringify(summary));
  // One poll after a second, and no handshake that had to be begun again for its address.
  assert.ok(summary.milliseconds.p50 < FLEET_MEDIAN_MS, JSON.stringify(summary));

  const root = authority('coap tool root');
  const intermediate = withChain(authority('coap tool intermediate', root));
  await enrollGroup('coap-tool-x509', {
    type: 'x509',
    x509: {signingCertificates: {primary: {certificate: root.certificate}}},
  });
  const file = (name, content) => {
    const where = path.join(process.env.BERTH_DEV_DIR, name);
    writeFileSync(where, content, {mode: 0o600});
    return where;
  };
  const issuing = ['--issue-from', file('coap-issuer.pem', intermediate.certificate), '--issue-from-key',
                   file('coap-issuer.key', intermediate.key)];
  await until('the CA to be known', async () =>
    (await berthDevice('--registration-id', 'coap-issued', ...issuing))[0].status === 'assigned');
  const issued = await berthDevice('--registration-id', 'coap-issued-', '--count', '10', ...issuing);
  assert.equal(issued.filter(({status}) => status === 'assigned').length, 10, JSON.stringify(issued.at(-1)));
  // A payload of several blocks.
  const payload = JSON.stringify({notes: 'n'.repeat(20_000)});
  const [large] = await berthDevice('--registration-id', 'coap-tool', '--key', keys.primaryKey, '--payload',
                                    payload);
  assert.equal(large.status, 'assigned', JSON.stringify(large));
});

test('an unknown identity and a wrong key fail alike: in silence', async () => {
  const keys = keyPair();
  await enroll('coap-known', symmetric(keys));
  await known('coap-known', withPsk('coap-known', keys.primaryKey));
  const wrong = keyPair().primaryKey;
  const attempts = [
    withPsk('coap-known', wrong), withPsk('coap-known', keys.primaryKey, 's'),
    withPsk('coap-unknown', wrong), withPsk('coap-known', wrong, 'p', 'coap-no-group'),
    {identity: 'nonsense', key: psk(wrong)}, {identity: `${dev.idScope}/${'x'.repeat(200)}/p`, key: psk(wrong)},
  ];
  const answers = await Promise.all(attempts.map((credential) =>
    ask('openssl', 'get', resource('coap-known'), {credential, seconds: REFUSED_AFTER_S})));
  assert.deepEqual(answers, attempts.map(() => undefined));
});

test('a disabled enrollment is told so, and a session is good for its own device only', async () => {
  const keys = keyPair();
  await enroll('coap-disabled', symmetric(keys), {provisioningStatus: 'disabled'});
  const credential = withPsk('coap-disabled', keys.primaryKey);
  await known('coap-disabled', credential);
  const refused = await registerOverCoap('openssl', 'coap-disabled', credential);
  assert.equal(refused.code, '4.03');
  assert.equal(refused.error.errorCode, 403202);
  assert.match(refused.error.trackingId, /^[0-9a-f-]{36}$/);

  const other = keyPair();
  await enroll('coap-other', symmetric(other));
  await known('coap-other', withPsk('coap-other', other.primaryKey));
  const foreign = await registerOverCoap('openssl', 'coap-other', credential);
  assert.equal(foreign.code, '4.01');
});

test('bodies come in blocks of any size, up to the limit and not past it', async () => {
  const id = 'coap-blocks';
  const keys = keyPair();
  await enroll(id, symmetric(keys));
  const credential = withPsk(id, keys.primaryKey);
  await known(id, credential);
  const bodyOf = (size) => {
    const empty = '{"payload":{"x":""}}';
    return empty.replace('""', `"${'x'.repeat(size - empty.length)}"`);
  };
  for (const [library, blockSize, size] of [['openssl', 16, 500], ['gnutls', 64, 3000],
                                            ['openssl', 1024, BODY_LIMIT], ['gnutls', 1024, BODY_LIMIT]]) {
    const answer = await ask(library, 'put', resource(id, 'register'),
                             {credential, body: bodyOf(size), blockSize});
    assert.equal(answer?.code, '2.04', `${library}, ${size} bytes in blocks of ${blockSize}`);
  }
  const tooLarge = await ask('openssl', 'put', resource(id, 'register'),
                             {credential, body: bodyOf(BODY_LIMIT + 1), blockSize: 1024});
  assert.equal(tooLarge.code, '4.13');
  const nonConfirmable = await ask('openssl', 'put', resource(id, 'register'),
                                   {credential, body: '{}', nonConfirmable: true});
  assert.equal(nonConfirmable.code, '2.04');
  // A small Block2 is heeded.
  const small = await ask('openssl', 'get', resource(id), {credential, blockSize: 32});
  assert.equal(small.code, '2.05');
  assert.ok(small.blocks > 5, `${small.blocks} blocks`);
  assert.equal(JSON.parse(small.body).registrationId, id);
});

// Its resident set, in KiB.
function memoryOf(pid) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

test('messages that lie cost their sender its request, and nobody anything else', async () => {
  const id = 'coap-liar';
  const keys = keyPair();
  await enroll(id, symmetric(keys));
  const credential = withPsk(id, keys.primaryKey);
  await known(id, credential);
  const {gateway} = JSON.parse(readFileSync(path.join(process.env.BERTH_DEV_DIR, 'dev.json'))).pids;
  const where = {path: resource(id, 'register').split('/')};
  const full = 'x'.repeat(1024);
  const peer = new DtlsPeer(credential);
  let lastId = 100;
  const say = (fields) => peer.exchange(message({id: ++lastId, ...where, ...fields}));
  try {
    assert.equal((await say({payload: '{}'})).code, '2.04');
    const before = memoryOf(gateway);
    for (let round = 0; round < 50; ++round) {
      // A size of 4 GiB; a first block far out; one without those before; an end that is none.
      assert.equal((await say({size1: 0xFFFFFFFF, block1: block(0, true, 6), payload: full})).code, '4.13');
      assert.equal((await say({block1: block(0xFFFFF, true, 6), payload: full})).code, '4.08');
      assert.equal((await say({block1: block(7, false, 6), payload: 'x'})).code, '4.08');
      assert.equal((await say({block1: block(0, true, 6), payload: 'short'})).code, '4.00');
      assert.equal((await say({block1: block(0, true, 7), payload: full})).code, '4.00');
      assert.equal((await say({code: GET, block2: block(0xFFFFF, false, 6)})).code, '4.08');
    }
    const twice = message({id: ++lastId, ...where, payload: '{}'});
    const first = await peer.exchange(twice);
    const second = await peer.exchange(twice);
    assert.equal(first.code, '2.04');
    assert.deepEqual(second.bytes, first.bytes);
    // What is no CoAP at all is refused by a reset; the session lives on.
    for (const noise of [Buffer.from([0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
                         Buffer.concat([message({id: ++lastId, ...where}), Buffer.from([0xEE])])]) {
      assert.equal((await peer.exchange(noise)).type, RESET);
    }
    assert.equal((await say({payload: '{}'})).code, '2.04');
    assert.ok(memoryOf(gateway) < before + 16 * 1024, `${before} to ${memoryOf(gateway)} KiB`);
  } finally {
    await peer.close();
  }
  assert.equal((await registerOverCoap('openssl', id, credential)).state.status, 'assigned');
});

test('a device that was restarted gets in again from the same port', async () => {
  const id = 'coap-restarted';
  const keys = keyPair();
  await enroll(id, symmetric(keys));
  const credential = withPsk(id, keys.primaryKey);
  await known(id, credential);
  const segments = resource(id, 'register').split('/');
  const port = 45_678;
  for (let life = 0; life < 2; ++life) {
    const peer = new DtlsPeer(credential, {port});
    try {
      assert.equal((await peer.exchange(message({id: life + 1, path: segments, payload: '{}'}))).code, '2.04');
    } finally {
      await peer.close();  // without a word, as a device that loses its power
    }
  }
});

// A ClientHello without a cookie (RFC 6347 section 4.2.1), offering ECDHE_PSK.
function clientHello() {
  const hello = Buffer.concat([
    Buffer.from([0xFE, 0xFD]), Buffer.alloc(32), Buffer.from([0, 0, 0, 2, 0xCC, 0xAC, 1, 0, 0, 0]),
  ]);
  const fragment = Buffer.alloc(12);
  fragment[0] = 1;
  fragment.writeUIntBE(hello.length, 1, 3);
  fragment.writeUIntBE(hello.length, 9, 3);
  const record = Buffer.from([22, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  record.writeUInt16BE(fragment.length + hello.length, 11);
  return Buffer.concat([record, fragment, hello]);
}

test('half-open handshakes get a cookie and nothing more, and keep nobody out', async () => {
  const keys = keyPair();
  await enroll('coap-patient', symmetric(keys));
  const credential = withPsk('coap-patient', keys.primaryKey);
  await known('coap-patient', credential);
  const {gateway} = JSON.parse(readFileSync(path.join(process.env.BERTH_DEV_DIR, 'dev.json'))).pids;
  const before = memoryOf(gateway);
  const hello = clientHello();
  const sockets = [];
  try {
    for (let i = 0; i < HALF_OPEN; ++i) {
      const socket = createSocket('udp4');
      sockets.push(socket);
      socket.bind(0, FLOODER);
      await once(socket, 'listening');
      const answered = once(socket, 'message');
      socket.send(hello, dev.device.coaps, '127.0.0.1');
      const [answer] = await answered;
      assert.equal(answer[13], 3);  // HelloVerifyRequest
      assert.ok(answer.length < 2 * hello.length);
    }
    assert.ok(memoryOf(gateway) < before + 8 * 1024, `${before} to ${memoryOf(gateway)} KiB`);
    const answer = await registerOverCoap('openssl', 'coap-patient', credential);
    assert.equal(answer.state.status, 'assigned');
  } finally {
    for (const socket of sockets) socket.close();
  }
});

test('a new certificate is shown after SIGHUP', async () => {
  const folder = process.env.BERTH_DEV_DIR;
  const shown = () => {
    const said = execFileSync(
        'openssl', ['s_client', '-dtls1_2', '-connect', `127.0.0.1:${dev.device.coaps}`, '-cipher',
                    'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256'],
        {input: '', stdio: ['pipe', 'pipe', 'ignore'], encoding: 'utf8', timeout: 20_000});
    return /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(said)[0];
  };
  const tolerant = () => {
    try {
      return shown();
    } catch (error) {
      // Without a certificate the handshake ends in an alert, after the server's was shown.
      return /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(error.stdout)?.[0];
    }
  };
  const before = tolerant();
  assert.ok(before);
  const issued = path.join(folder, 'device.pem');
  const renewed = execFileSync('openssl', [
    'req', '-x509', '-new', '-key', path.join(folder, 'device.key'), '-sha256', '-days', '30', '-subj',
    '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-addext',
    'basicConstraints=critical,CA:FALSE', '-CA', path.join(folder, 'ca.pem'), '-CAkey',
    path.join(folder, 'ca.key'),
  ], {stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8'});
  writeFileSync(issued, renewed);
  process.kill(JSON.parse(readFileSync(path.join(folder, 'dev.json'))).pids.gateway, 'SIGHUP');
  await until('the new certificate to be shown',
              () => tolerant()?.replace(/\s/g, '') === renewed.replace(/\s/g, ''));
  const id = 'coap-after-reload';
  const leaf = device(id);
  await enroll(id, {type: 'x509', x509: {clientCertificates: {primary: {certificate: leaf.certificate}}}});
  const answer = await until(`${id} to be known`, async () => {
    const got = await registerOverCoap('openssl', id, leaf);
    return got.state && got;
  });
  assert.equal(answer.state.status, 'assigned');
});
