// Limits of gateway/core/limits.hpp where a listener puts them to use, on real sockets: each is reached,
// and then passed by one. Those of codecs, sessions and the engine are in their unit tests.
import assert from 'node:assert/strict';
import {once} from 'node:events';
import {readFileSync, writeFileSync} from 'node:fs';
import {connect} from 'node:net';
import path from 'node:path';
import test, {after, before} from 'node:test';
import {gzipSync} from 'node:zlib';

import {derivedKey, newKey} from './certificates.mjs';
import {Installation} from './installation.mjs';
import {dev, service} from './peers.mjs';
import {until, within} from './waiting.mjs';
import * as wire from './wire.mjs';

const HTTP_HEAD = 16 * 1024;  // kMaxHttpHead
const HTTP_BODY = 96 * 1024;  // kMaxHttpBody
const WEBSOCKET_MESSAGE = 256 * 1024;  // kMaxWebSocketMessage
const CONNECTIONS = 40;
const ANSWERED_WITHIN_MS = 20_000;

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const groupKey = newKey();
const deviceOf = (id) => ({id, token: wire.tokenOf(id, derivedKey(groupKey, id))});

before(async () => {
  const file = path.join(installation.dir, 'berth-gateway.toml');
  const original = readFileSync(file, 'utf8');
  assert.doesNotMatch(original, /max_connections/);
  writeFileSync(file, original.replace('[devices]\n', `[devices]\nmax_connections = ${CONNECTIONS}\n`));
  await installation.end('gateway');
  await installation.restart('gateway');
  await service().createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'limits',
    attestation: {
      type: 'symmetricKey',
      symmetricKey: {primaryKey: groupKey, secondaryKey: newKey()},
    },
  });
  await until('the gateway to know the group',
              async () => (await wire.provision('https', deviceOf('limits-known'))).first.status === 202);
});
after(() => wire.closeAll());

// What is answered to bytes that are one request, or the first bytes of one.
async function statusOf(bytes) {
  const stream = await wire.openTls(dev.device.https);
  stream.on('error', () => {});
  stream.write(bytes);
  const [answer] = await within(ANSWERED_WITHIN_MS, 'an answer', once(stream, 'data'));
  stream.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer.toString('latin1'))[1]);
}

const registerHead = ({id, token}, more) => [
  `PUT /${dev.idScope}/registrations/${id}/register?api-version=${wire.VERSION} HTTP/1.1`,
  `Host: ${dev.device.host}`, `Authorization: ${token}`, ...more, '', '',
].join('\r\n');

test('a request head may be 16 KiB long', async () => {
  const ofSize = (size) => {
    const fields = (padding) =>
        ['Content-Length: 0', `X-Padding: ${'x'.repeat(padding)}`];
    const device = deviceOf('limits-head');
    const around = registerHead(device, fields(0)).length;
    return registerHead(device, fields(size - around));
  };
  assert.equal(ofSize(HTTP_HEAD).length, HTTP_HEAD);
  assert.equal(await statusOf(ofSize(HTTP_HEAD)), 202);
  assert.equal(await statusOf(ofSize(HTTP_HEAD + 1)), 431);
});

test('a request body may be 96 KiB long, and more is refused by its length alone', async () => {
  const head = (size) =>
      registerHead(deviceOf('limits-body'), ['Content-Type: application/json', `Content-Length: ${size}`]);
  const body = JSON.stringify({payload: {x: ''}});
  const full = body.replace('""', `"${'y'.repeat(HTTP_BODY - body.length)}"`);
  assert.equal(full.length, HTTP_BODY);
  assert.equal(await statusOf(head(HTTP_BODY) + full), 202);
  assert.equal(await statusOf(head(HTTP_BODY + 1)), 413);
});

test('nothing is decompressed', async () => {
  // 32 MiB in 32 KiB: JSON for whoever unpacks it.
  const bomb = gzipSync(JSON.stringify({payload: {x: ' '.repeat(32 * 1024 * 1024)}}));
  assert.ok(bomb.length < HTTP_BODY);
  const {gateway} = installation.description().pids;
  const memory = () => Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${gateway}/status`, 'utf8'))[1]);
  const before = memory();
  const head = registerHead(deviceOf('limits-packed'), [
    'Content-Type: application/json', 'Content-Encoding: gzip', `Content-Length: ${bomb.length}`,
  ]);
  assert.equal(await statusOf(Buffer.concat([Buffer.from(head), bomb])), 400);
  assert.ok(memory() < before + 8 * 1024, `${before} to ${memory()} KiB`);
});

test('a WebSocket message may be 256 KiB long', async () => {
  // A client's acknowledgements, on which nothing depends.
  const puback = Buffer.from('40020001', 'hex');
  const of = (size) => Buffer.alloc(size, puback);
  const alive = async (device) => {
    const before = device.received.length;
    device.send({cmd: 'pingreq'});
    return device.wait((packet) => packet.cmd === 'pingresp' &&
                           device.received.indexOf(packet) >= before);
  };
  const device = await wire.MqttDevice.open(deviceOf('limits-message'), true);
  device.stream.write(of(WEBSOCKET_MESSAGE));
  await alive(device);
  device.stream.write(of(WEBSOCKET_MESSAGE + puback.length));
  await assert.rejects(alive(device), /closed the connection/);
});

// What a device has begun, and how long it may leave it so. The clocks of two processes, and a machine
// that does much else.
const TOO_EARLY_MS = 300;
const TOO_LATE_MS = 6000;
const begun = {
  'a handshake': {
    seconds: 10,
    begin: async () => {
      const socket = connect(dev.device.https, dev.device.host);
      await once(socket, 'connect');
      return socket;
    },
  },
  'HTTPS without a request': {seconds: 15, begin: () => wire.openTls(dev.device.https)},
  'half a request': {
    seconds: 15,
    begin: async () => {
      const stream = await wire.openTls(dev.device.https);
      stream.write('PUT /');
      return stream;
    },
  },
  'MQTT without CONNECT': {seconds: 15, begin: () => wire.openTls(dev.device.mqtt)},
  'AMQP without a link': {
    seconds: 15,
    begin: async () => {
      const stream = await wire.openTls(dev.device.amqp);
      stream.write(Buffer.from('414d515003010000', 'hex'));
      return stream;
    },
  },
};
test('what is begun is ended when its time is over', {concurrency: true}, async (t) => {
  await Promise.all(Object.entries(begun).map(([what, {seconds, begin}]) => t.test(what, async () => {
    const start = performance.now();
    const stream = await begin();
    stream.on('error', () => {});
    stream.resume();
    await once(stream, 'close');
    const took = performance.now() - start;
    assert.ok(took > seconds * 1000 - TOO_EARLY_MS && took < seconds * 1000 + TOO_LATE_MS, `${took} ms`);
  })));
});

test('so many connections are open, and one more takes the place of the oldest', async () => {
  const silent = await until('the connections of other tests to be gone', async () => {
    const opened = [];
    for (let n = 0; n < CONNECTIONS; ++n) {
      const stream = await wire.openTls(dev.device.mqtt);
      stream.on('error', () => {});
      opened.push(stream);
    }
    if (!opened.some(({closed}) => closed)) return opened;
    for (const stream of opened) stream.destroy();
    return undefined;
  });
  const gone = once(silent[0], 'close');
  const device = await wire.MqttDevice.open(deviceOf('limits-newcomer'));
  await within(ANSWERED_WITHIN_MS, 'the oldest to make room', gone);
  assert.equal((await device.register()).status, 202);
  assert.equal(silent.filter((stream) => stream.closed).length, 1);
});
