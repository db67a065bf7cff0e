// The conformance checklist of the device API (section 12), a test for each of its lines, over every
// protocol that the line speaks of, byte for byte where the line speaks of bytes.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import test from 'node:test';
import tls from 'node:tls';

import {authority, derivedKey, device, newKey, withChain} from './certificates.mjs';
import {dev, hubNames, service} from './peers.mjs';
import {until} from './waiting.mjs';
import * as wire from './wire.mjs';

const client = service();
const individualKey = newKey();
const groupKey = newKey();
const root = authority('Conformance Root');
const intermediate = authority('Conformance Intermediate', root);
const [hub, otherHub] = hubNames;

const INDIVIDUAL = 'conformance-1';
const DISABLED = 'conformance-disabled';
const inGroup = (id) => ({id, token: wire.tokenOf(id, derivedKey(groupKey, id))});
const individual = (options) =>
    ({id: INDIVIDUAL, token: wire.tokenOf(INDIVIDUAL, individualKey, options)});

const together = {concurrency: true};
const overAll = (t, body) => overEach(t, wire.protocols, body);
const overEach = (t, protocols, body) =>
    Promise.all(protocols.map((protocol) => t.test(protocol, () => body(protocol))));

// Every object and array of a document, itself included.
function* inside(value) {
  yield value;
  if (value !== null && typeof value === 'object') {
    for (const member of Object.values(value)) yield* inside(member);
  }
}

function assertErrorDocument(document, status) {
  assert.equal(Math.floor(document.errorCode / 1000), status, JSON.stringify(document));
  assert.match(document.trackingId, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.match(document.timestampUtc, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
  assert.equal(typeof document.message, 'string');
  assert.ok(!('status' in document), 'an error must not look like a status');
  for (const member of inside(document)) assert.notEqual(member, null);
}

test.before(async () => {
  const symmetric = (primaryKey) =>
      ({type: 'symmetricKey', symmetricKey: {primaryKey, secondaryKey: newKey()}});
  const signed = (certificate) => ({
    type: 'x509',
    x509: {signingCertificates: {primary: {certificate}}},
  });
  await client.createOrUpdateIndividualEnrollment(
      {registrationId: INDIVIDUAL, attestation: symmetric(individualKey)});
  await client.createOrUpdateIndividualEnrollment({
    registrationId: DISABLED,
    attestation: symmetric(individualKey),
    provisioningStatus: 'disabled',
  });
  await client.createOrUpdateEnrollmentGroup(
      {enrollmentGroupId: 'conformance-keys', attestation: symmetric(groupKey)});
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'conformance-root',
    attestation: signed(root.certificate),
    allocationPolicy: 'static',
    iotHubs: [hub],
  });
  await client.createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'conformance-intermediate',
    attestation: signed(intermediate.certificate),
    allocationPolicy: 'static',
    iotHubs: [otherHub],
  });
  await until('the gateway to know the enrollments', async () => {
    const {last} = await wire.provision('https', individual());
    return last.body.status === 'assigned';
  });
});

test.after(() => {
  wire.closeAll();
  // rhea keeps its heartbeats of a connection that a failed test left behind.
  setTimeout(() => process.exit(), 500).unref();
});

test('1. SAS is checked over the raw sr text, in any order, with or without skn', together, async (t) => {
  const plain = wire.resourceOf(INDIVIDUAL);
  const upper = plain.replaceAll('/', '%2F');
  const lower = plain.replaceAll('/', '%2f');
  const accepted = [
    ['Node, symmetric key', wire.sasToken(individualKey, plain)],
    ['Node, TPM', wire.sasToken(individualKey, upper, {order: ['sr', 'sig', 'se', 'skn']})],
    ['Python, without skn', wire.sasToken(individualKey, upper, {order: ['sr', 'sig', 'se']})],
    ['C, lower-case escapes',
     wire.sasToken(individualKey, lower).replaceAll(/%../g, (escape) => escape.toLowerCase())],
    ['Java, empty skn', wire.sasToken(individualKey, plain, {skn: ''})],
    ['the documentation', wire.sasToken(individualKey, upper, {order: ['sig', 'se', 'skn', 'sr']})],
  ];
  // Signed over one text, sent with another that means the same.
  const mixed = wire.sasToken(individualKey, upper).replace(upper, lower);
  await overAll(t, async (protocol) => {
    for (const [whose, token] of accepted) {
      const {last} = await wire.provision(protocol, {id: INDIVIDUAL, token});
      assert.equal(last.body.status, 'assigned', `${whose}: ${last.text}`);
    }
    await refused(protocol, {id: INDIVIDUAL, token: mixed}, 401);
    const expired = wire.sasToken(individualKey, plain, {expiry: wire.unixIn(-3600)});
    await refused(protocol, {id: INDIVIDUAL, token: expired}, 401);
  });
});

// Gives the error document that the device is refused with.
async function refused(protocol, credential, status, body) {
  const connection = await wire.open(protocol, credential);
  try {
    const answer = await connection.register(body);
    assert.equal(answer.status, status, answer.text);
    return answer;
  } finally {
    connection.close();
  }
}

test('2. Register is always answered 202', together, async (t) => {
  await overAll(t, async (protocol) => {
    const fresh = inGroup(`conformance-202-${protocol}`);
    for (const device of [fresh, fresh, individual()]) {
      const {first, last} = await wire.provision(protocol, device);
      assert.equal(first.status, 202, first.text);
      assert.equal(first.body.status, 'assigning');
      assert.equal(typeof first.body.operationId, 'string');
      assert.ok(Number.isInteger(Number(first.retryAfter)) && Number(first.retryAfter) >= 0);
      assert.equal(last.body.status, 'assigned');
      assert.equal(last.status, 200);
    }
  });
});

test('3. There are no nulls, no disabled status, and errors carry their code', together, async (t) => {
  await overAll(t, async (protocol) => {
    const {first, last} = await wire.provision(protocol, individual(), {
      registrationId: INDIVIDUAL,
      payload: null,
    });
    for (const answer of [first, last]) {
      for (const member of inside(answer.body)) assert.notEqual(member, null, answer.text);
      assert.ok(['assigning', 'assigned'].includes(answer.body.status));
    }
    const state = last.body.registrationState;
    assert.equal(state.registrationId, INDIVIDUAL);
    assert.ok(hubNames.includes(state.assignedHub));
    assert.equal(state.deviceId, INDIVIDUAL);
    assert.match(Buffer.from(state.etag, 'base64').toString(), /^".+"$/);

    const wrongKey = {id: INDIVIDUAL, token: wire.tokenOf(INDIVIDUAL, newKey())};
    assertErrorDocument((await refused(protocol, wrongKey, 401)).body, 401);
    const disabled = {id: DISABLED, token: wire.tokenOf(DISABLED, individualKey)};
    const answer = await refused(protocol, disabled, 403);
    assertErrorDocument(answer.body, 403);
    // Somebody else's body.
    const other = await refused(protocol, individual(), 400, {registrationId: 'somebody-else'});
    assertErrorDocument(other.body, 400);
  });
});

test('4. MQTT answers in order, on the exact topic, and judges at register', together, async (t) => {
  await overEach(t, ['mqtt', 'mqtt-ws'], async (protocol) => {
    const overWebSocket = protocol === 'mqtt-ws';
    const rids = ['1', '65535', '0d6a1f0e-8f6c-4b8e-9b59-7b9a6f2f5a11', 'a%20b.c:d'];
    const connection = await wire.MqttDevice.open(individual(), overWebSocket, {clean: false});
    assert.equal(connection.connack.sessionPresent, false);
    for (const rid of rids) {
      const answer = await connection.register({registrationId: INDIVIDUAL}, rid);
      assert.match(answer.topic,
                   /^\$dps\/registrations\/res\/202\/\?\$rid=[^&]+&retry-after=\d+$/);
      assert.ok(answer.topic.includes(`/?$rid=${rid}&`), 'the request ID comes back verbatim');
      const packets = connection.received;
      const acknowledged = packets.findIndex(
          (packet) => packet.cmd === 'puback' && packet.messageId === answer.messageId);
      const answered = packets.findIndex((packet) => packet.topic === answer.topic);
      assert.ok(acknowledged >= 0 && acknowledged < answered, 'PUBACK comes first');
    }
    connection.close();
    // A second session of a client that asked for a lasting one: nothing was kept.
    const again = await wire.MqttDevice.open(individual(), overWebSocket, {clean: false});
    assert.equal(again.connack.sessionPresent, false);
    again.close();

    // Accepted at first: the wrong key shows when the device registers.
    const wrong = {id: INDIVIDUAL, token: wire.tokenOf(INDIVIDUAL, newKey())};
    const judged = await wire.MqttDevice.open(wrong, overWebSocket);
    assert.equal(judged.connack.returnCode, 0);
    const answer = await judged.register();
    assert.match(answer.topic, /^\$dps\/registrations\/res\/401\/\?\$rid=[^&]+$/);
    judged.close();

    await assert.rejects(
        wire.MqttDevice.open({...individual(), scope: '0ne00000000'}, overWebSocket),
        {connack: 3});
  });
});

const openAmqp = async (protocol, credential) => protocol === 'amqp' ?
    wire.openTls(dev.device.amqp, credential) :
    (await wire.openWebSocket('AMQPWSB10', credential)).stream;

test('5. AMQP serves both headers, and answers as its clients insist', together, async (t) => {
  const leaf = withChain(device('conformance-amqp-x509', root), root);
  await overEach(t, ['amqp', 'amqp-ws'], async (protocol) => {
    const overWebSocket = protocol === 'amqp-ws';
    // With SASL, by key; without SASL, by certificate.
    const byKey = await wire.AmqpDevice.open(individual(), overWebSocket);
    const said = Buffer.concat(byKey.bytes);
    assert.equal(said.subarray(0, 8).toString('hex'), '414d515003010000');
    assert.ok(said.includes('PLAIN') && said.includes('TPM'), 'both mechanisms are offered');
    const {last: assigned} =
        await wire.provision(protocol, {id: 'conformance-amqp-x509', ...leaf});
    assert.equal(assigned.body.status, 'assigned', assigned.text);
    const byCertificate =
        await wire.AmqpDevice.open({id: 'conformance-amqp-x509', ...leaf}, overWebSocket);
    assert.equal(Buffer.concat(byCertificate.bytes).subarray(0, 8).toString('hex'),
                 '414d515000010000');
    byCertificate.close();

    const {receiver, sender} = byKey;
    assert.equal(Number(receiver.remote.attach.initial_delivery_count), 0);
    assert.equal(receiver.remote.attach.source.address, wire.resourceOf(INDIVIDUAL));
    assert.equal(sender.remote.attach.target.address, wire.resourceOf(INDIVIDUAL));
    assert.ok(byKey.flows.length > 0);
    for (const flow of byKey.flows) {
      assert.ok(flow.deliveryCount !== undefined && flow.deliveryCount !== null);
      assert.ok(flow.linkCredit !== undefined && flow.linkCredit !== null);
    }

    const correlation = '3f2b0a52-6d8e-4f0e-8a43-2f4f6a3b9f01';
    const before = byKey.bytes.length;
    const answer = await byKey.register(undefined, {correlation_id: correlation});
    assert.equal(answer.reply.correlation_id, correlation);
    const DATA_SECTION = 0x75;
    assert.equal(answer.reply.body.typecode, DATA_SECTION);
    const raw = Buffer.concat(byKey.bytes.slice(before));
    for (const name of ['retry-after', 'Retry-After']) {
      const at = raw.indexOf(name);
      assert.ok(at > 0, name);
      // AMQP int, small or not (AMQP 1.0, part 1, 1.6.9); the C client takes no long.
      assert.ok([0x54, 0x71].includes(raw[at + name.length]), `${name} is an int`);
    }
    byKey.close();

    // A certificate may come by SASL as well.
    for (const mechanism of ['EXTERNAL', 'ANONYMOUS']) {
      const stream = await openAmqp(protocol, leaf);
      const sasl = new SaslStream(stream);
      stream.write(Buffer.from('414d515003010000', 'hex'));
      await sasl.take(8);
      assert.ok((await sasl.frame()).body.includes(mechanism));
      stream.write(saslFrame(0x41, [symbol(mechanism)]));
      const outcome = await sasl.frame();
      assert.equal(outcome.code, 0x44);
      assert.deepEqual([...outcome.body.subarray(-2)], [0x50, 0]);  // a ubyte: ok
      stream.write(Buffer.from('414d515000010000', 'hex'));
      assert.equal((await sasl.take(8)).toString('hex'), '414d515000010000');
      stream.destroy();
    }

    const wrong =
        await refused(protocol, {id: INDIVIDUAL, token: wire.tokenOf(INDIVIDUAL, newKey())}, 401);
    assert.ok(wrong.rejected, 'the delivery is rejected');
    assert.equal(wrong.condition, 'amqp:unauthorized-access');
    assertErrorDocument(wrong.body, 401);
  });
});

// EK and SRK of the device API, vectors V4 and V5: public parts of a software TPM's keys.
const EK = 'AToAAQALAAMAsgAgg3GXZ0SEs/gakMyNRqXXJP1S124GUgtk8qHaGzMUaaoABgCAAEMAEAgAAAAAAAEAwYX+gewMqWQIpLZAzAnMUMhZZjqDypWAxZmmRfIUkLnpCjB8HpPbJoSJjqsS/h/EWUEFRcWLCjECFlP7jgIdZydVa9rtCUYSYUskqod+5Nk2M3BhdQWE+IMTMKbQUakzu/snm5w5M0I8HnNj2LHJba7k589lKccqEag6TDsTMXNrXyvKs/kXe9sae0kg6+VJA0p5YTxI4LvoRFtN+qyIt9Vcb8zW1AlSt72KNCUWPchzeoe6HnQRAJrxqmeUg03r0p1eGXNz0eD8+2O6/GqZcB2ZBLx7KLTbxVZrG8zO88lYQxSb56sZPoiJ3Ww2zhgY+W27lv/bZRsKTX3RLSxPpw==';
const SRK = 'ARoAAQALAAMEcgAAAAYAgABDABAIAAAAAAABALVQQJCk15PUnfpekDsKms2B8ft9iIzoPiSAz0n9oVS9IAHvL3DBv/sOf1H/EK2npszoUWKs9sMNjAyXMFwXRGLzGudpaLtu79G3zW4tzALWc4YsfY0wve4TIGCUbto0tmLQiqnE5mN1KZlbAeHN//o0nrsM7L1Zz4vC8iLZmto9XkzVaRmYpH8pB4o2xYwzoy6clTBDXB78IipBcEwhOFxRKqLhKyNCvKE9t8h/ky1lCVXXcmBz27NJThhFEKi1OYvHdQNe6GPo71AHFWuLs7nCkSYhKSyqSCPHRJLbTepjY9IfHYsXvsleOighN8qGmd4Yt8k/lpLRQbelr2CAXY8=';
const TPM_DEVICE = 'v4sre63nedigmdrxnp56tqmqmj64xqiarkkinldlhvn2u6sv5i2a';

// The parts of a challenge's blob, each behind its size (device API 4.3).
function partsOf(blob) {
  const parts = [];
  for (let at = 0; at < blob.length;) {
    const size = blob.readUInt16BE(at);
    parts.push(blob.subarray(at + 2, at + 2 + size));
    at += 2 + size;
  }
  return parts;
}

async function enrollTpm() {
  await client.createOrUpdateIndividualEnrollment({
    registrationId: TPM_DEVICE,
    attestation: {type: 'tpm', tpm: {endorsementKey: EK}},
  });
}

// A SASL frame (AMQP 1.0, part 5.3): its channel is not used.
function saslFrame(performative, body) {
  const fields = Buffer.concat(body);
  const described = Buffer.concat([
    Buffer.from([0x00, 0x53, performative, 0xD0]), uint32(fields.length + 4), uint32(body.length),
    fields,
  ]);
  return Buffer.concat([uint32(described.length + 8), Buffer.from([2, 1, 0, 0]), described]);
}
function uint32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
const symbol = (text) => Buffer.concat([Buffer.from([0xA3, text.length]), Buffer.from(text)]);
const binary = (bytes) => Buffer.concat([Buffer.from([0xB0]), uint32(bytes.length), bytes]);

class SaslStream {
  constructor(stream) {
    this.stream = stream;
    this.buffer = Buffer.alloc(0);
    stream.on('data', (chunk) => {
      this.buffer = Buffer.concat([this.buffer, chunk]);
      stream.emit('more');
    });
  }
  async take(count) {
    while (this.buffer.length < count) await once(this.stream, 'more');
    const taken = this.buffer.subarray(0, count);
    this.buffer = this.buffer.subarray(count);
    return taken;
  }
  // The performative's code and the bytes of its list.
  async frame() {
    const size = (await this.take(4)).readUInt32BE();
    assert.ok(size <= 512, `a SASL frame of ${size} bytes`);
    const rest = await this.take(size - 4);
    return {code: rest[6], body: rest.subarray(7)};
  }
}

// The one binary in a challenge.
function challengeOf({code, body}) {
  assert.equal(code, 0x42, 'sasl-challenge');
  const short = body.indexOf(0xA0);
  const long = body.indexOf(0xB0);
  if (long >= 0 && (short < 0 || long < short)) {
    return body.subarray(long + 5, long + 5 + body.readUInt32BE(long + 1));
  }
  return body.subarray(short + 2, short + 2 + body[short + 1]);
}

test('6. A TPM is challenged: over HTTPS with its blob, over AMQP in two segments', together, async (t) => {
  await enrollTpm();
  const body = {registrationId: TPM_DEVICE, tpm: {endorsementKey: EK, storageRootKey: SRK}};
  const target =
      `/${dev.idScope}/registrations/${TPM_DEVICE}/register?api-version=${wire.VERSION}`;
  await t.test('https', async () => {
    const answer = await until('the gateway to know the TPM', async () => {
      const tried = await wire.request('PUT', target, {body});
      return tried.body.authenticationKey ? tried : undefined;
    });
    assert.equal(answer.status, 401);
    assert.match(answer.text, /"keyName":/);
    assert.ok(!('errorCode' in answer.body));
    const parts = partsOf(Buffer.from(answer.body.authenticationKey, 'base64'));
    assert.equal(parts.length, 6);
    assert.ok(parts[2].length <= 256);
    const again = await wire.request('PUT', target, {body});
    assert.equal(again.status, 401);
    // Another device's token answers nothing.
    const wrong = await wire.request('PUT', target,
                                     {body, token: wire.tokenOf(TPM_DEVICE, newKey())});
    assert.equal(wrong.status, 401);
    assertErrorDocument(wrong.body, 401);
  });
  await overEach(t, ['amqp', 'amqp-ws'], async (protocol) => {
    const stream = await openAmqp(protocol);
    const sasl = new SaslStream(stream);
    stream.write(Buffer.from('414d515003010000', 'hex'));
    assert.equal((await sasl.take(8)).toString('hex'), '414d515003010000');
    const mechanisms = await sasl.frame();
    assert.equal(mechanisms.code, 0x40);
    assert.ok(mechanisms.body.includes('TPM'));
    const zero = Buffer.from([0]);
    stream.write(saslFrame(0x41, [
      symbol('TPM'),
      binary(Buffer.concat([zero, Buffer.from(dev.idScope), zero, Buffer.from(TPM_DEVICE), zero,
                            Buffer.from(EK, 'base64')])),
    ]));
    assert.deepEqual([...challengeOf(await sasl.frame())], [0]);
    stream.write(saslFrame(0x43, [binary(Buffer.concat([zero, Buffer.from(SRK, 'base64')]))]));
    const first = challengeOf(await sasl.frame());
    assert.equal(first[0], 0x80);
    stream.write(saslFrame(0x43, [binary(zero)]));
    const second = challengeOf(await sasl.frame());
    assert.equal(second[0], 0xC1);
    const blob = Buffer.concat([first.subarray(1), second.subarray(1)]);
    assert.ok(blob.length <= 940);
    assert.equal(partsOf(blob).length, 6);
    stream.write(saslFrame(0x43, [
      binary(Buffer.concat([zero, Buffer.from(wire.tokenOf(TPM_DEVICE, newKey()))])),
    ]));
    // As with keys, the token is judged when the device registers (integration_tpm has wrong ones, and
    // the blob at the end).
    const outcome = await sasl.frame();
    assert.equal(outcome.code, 0x44);
    stream.destroy();
  });
});

test('7. TLS asks for a certificate, decides later, and the nearest issuer answers', together, async (t) => {
  await t.test('no session is resumed', async () => {
    const sessions = [];
    const first = tls.connect({
      port: dev.device.https,
      host: dev.device.host,
      servername: dev.device.host,
      maxVersion: 'TLSv1.2',
    });
    first.on('session', (session) => sessions.push(session));
    await once(first, 'secureConnect');
    sessions.push(first.getSession());
    first.destroy();
    const second = await wire.openTls(dev.device.https, {session: sessions.find(Boolean)});
    assert.equal(second.isSessionReused(), false);
    second.destroy();
  });
  await overAll(t, async (protocol) => {
    // A certificate of nobody's gets through TLS, and no further.
    const stranger = device(`conformance-stranger-${protocol}`);
    const answer = await refused(
        protocol, {id: `conformance-stranger-${protocol}`, ...withChain(stranger)}, 401);
    assertErrorDocument(answer.body, 401);

    const ofRoot = `conformance-of-root-${protocol}`;
    const {last: far} =
        await wire.provision(protocol, {id: ofRoot, ...withChain(device(ofRoot, root), root)});
    assert.equal(far.body.registrationState.assignedHub, hub);
    const near = `conformance-of-intermediate-${protocol}`;
    const {last: nearest} = await wire.provision(
        protocol, {id: near, ...withChain(device(near, intermediate), intermediate, root)});
    assert.equal(nearest.body.registrationState.assignedHub, otherHub);

    // An individual enrollment decides before any group does.
    const single = `conformance-individual-${protocol}`;
    const leaf = device(single, root);
    await client.createOrUpdateIndividualEnrollment({
      registrationId: single,
      deviceId: `${single}-device`,
      attestation: {
        type: 'x509',
        x509: {clientCertificates: {primary: {certificate: leaf.certificate}}},
      },
      allocationPolicy: 'static',
      iotHubs: [otherHub],
    });
    const {last: own} = await wire.provision(protocol, {id: single, ...withChain(leaf, root)});
    assert.equal(own.body.registrationState.deviceId, `${single}-device`);
    assert.equal(own.body.registrationState.assignedHub, otherHub);
  });
});

test('8. WebSocket takes three paths and echoes the subprotocol byte for byte', together, async (t) => {
  for (const target of ['/$iothub/websocket', '/', '/mqtt', '/$iothub/websocket?iothub-no-client-cert=true']) {
    for (const offered of ['mqtt', 'MQTT', 'AMQPWSB10']) {
      await t.test(`${offered} on ${target}`, async () => {
        const {stream, subprotocol} = await wire.openWebSocket(offered, {}, target);
        assert.equal(subprotocol, offered);
        stream.destroy();
      });
    }
  }
  await assert.rejects(wire.openWebSocket('mqtt', {}, '/elsewhere'), /HTTP 404|40\d/);
});

test('9. What clients send besides is tolerated', together, async (t) => {
  const {id, token} = individual();
  const target = `/${dev.idScope}/registrations/${id}`;
  const version = `?api-version=${wire.VERSION}`;
  await t.test('https', async () => {
    const headers = {'Content-Encoding': 'utf-8', UserAgent: 'prov_device_client/1.0'};
    const first = await wire.request('PUT', `${target}/register${version}`,
                                     {body: {}, token, headers});
    assert.equal(first.status, 202, first.text);
    for (const body of ['{}', '', undefined]) {
      const polled = await wire.request(
          'GET', `${target}/operations/${first.body.operationId}${version}`, {body, token, headers});
      assert.ok([200, 202].includes(polled.status), polled.text);
    }
  });
  await overEach(t, ['mqtt', 'mqtt-ws', 'amqp', 'amqp-ws'], async (protocol) => {
    for (const body of ['', {}, {payload: {a: 1}}]) {
      const {last} = await wire.provision(protocol, {id, token}, body);
      assert.equal(last.body.status, 'assigned', last.text);
    }
  });
});
