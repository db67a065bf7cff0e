// Microsoft's other device clients, by hand: what the C, C#, Java, Python, Rust and embedded C
// clients send, and what each insists on in an answer (docs/protocols/clients.md has a line for each).
// Node's client runs itself, in device_sdk.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import test from 'node:test';

import {derivedKey, device as certified, newKey} from './certificates.mjs';
import {setFault} from './hub_fault.mjs';
import {dev, hubNames, service} from './peers.mjs';
import {until} from './waiting.mjs';
import * as wire from './wire.mjs';

const groupKey = newKey();
const [hub] = hubNames;
const DATA_SECTION = 0x75;
const GUID = '6f3f6f0e-2a60-4f0b-8f0e-0b8a4f5d2c11';

const username = (id, version, client) =>
    `${wire.resourceOf(id)}/api-version=${version}${client ? `&ClientVersion=${client}` : ''}`;
const properties = (version) => ({'com.microsoft:api-version': version});
const inLowerEscapes = (token) => token.replaceAll(/%../g, (escape) => escape.toLowerCase());
const escaped = (id) => wire.resourceOf(id).replaceAll('/', '%2F');

// ---- What each client sends ----
//
// `token` signs as the client does; a function by protocol gives the fields of a wire device, and the
// arguments of its `register` and its `poll`: the body, and the request ID (MQTT) or what else the
// message has (AMQP).

const C_VERSION = '2021-06-01';
const SDK_VERSION = '2019-03-31';

const clients = {
  'C': {
    token: (id, key) => inLowerEscapes(wire.sasToken(key, inLowerEscapes(escaped(id)))),
    https: (id) => ({
      device: {
        version: C_VERSION,
        headers: {
          PUT: {UserAgent: 'prov_device_client/1.15.0', Host: `${dev.device.host}:443`},
          GET: {UserAgent: 'prov_device_client/1.15.0', Host: `${dev.device.host}:443`,
                'Content-Length': '0'},
        },
      },
      register: [{registrationId: id}],
      poll: [undefined],
    }),
    mqtt: (id) => ({
      device: {
        subprotocol: 'MQTT',
        qos: 0,
        connect: {clean: true, keepalive: 0, username: username(id, C_VERSION, '1.15.0')},
      },
      register: [{registrationId: id}, '1'],
      poll: [{registrationId: id}],
    }),
    amqp: (id) => ({
      device: {
        address: `amqps://${dev.device.host}/${wire.resourceOf(id)}`,
        links: {
          container: 'prov_connection',
          receiver: {
            name: 'recv_link',
            target: {address: 'local_endpoint'},
            max_message_size: 65536,
            properties: properties(C_VERSION),
          },
          sender: {
            name: 'sender_link',
            source: {address: 'remote_endpoint'},
            properties: properties(C_VERSION),
          },
        },
      },
      register: [{registrationId: id}],
      poll: [{registrationId: id}],
    }),
  },
  'C#': {
    token: (id, key) => wire.sasToken(key, escaped(id), {order: ['sr', 'sig', 'skn', 'se']}),
    https: (id) => ({
      device: {version: `${SDK_VERSION}&forceRegistration=true`},
      register: [{registrationId: id}],
      poll: [undefined],
    }),
    // Without a registration ID; the request ID is the packet's, a decimal.
    mqtt: (id) => ({
      device: {
        target: '/',
        connect: {clean: true, keepalive: 60, username: username(id, SDK_VERSION, 'dotnet%2F1.19.2')},
      },
      register: ['', '2'],
      poll: [''],
    }),
    // One GUID for the whole session; SASL's host is the device.
    amqp: (id) => ({
      device: {
        target: '/',
        links: {
          container: GUID,
          saslHostname: wire.resourceOf(id),
          receiver: {name: `${GUID}-r`, properties: properties(SDK_VERSION)},
          sender: {name: `${GUID}-s`, properties: properties(SDK_VERSION)},
        },
      },
      register: [
        '', {
          body: wire.dataSection(''),
          correlation_id: GUID,
          application_properties:
              {'iotdps-operation-type': 'iotdps-register', 'iotdps-forceRegistration': false},
        },
      ],
      poll: ['', {correlation_id: GUID}],
    }),
  },
  'Java': {
    token: (id, key) => wire.sasToken(key, wire.resourceOf(id), {skn: ''}),
    https: (id) => ({
      device: {version: SDK_VERSION},
      register: [{registrationId: id}],
      poll: [''],
    }),
    mqtt: (id) => ({
      device: {
        target: '/mqtt',
        qos: 0,
        connect: {clean: false, keepalive: 230, username: username(id, SDK_VERSION, SDK_VERSION)},
      },
      register: [{registrationId: id}, '1'],
      poll: [''],
    }),
    amqp: (id) => ({
      device: {
        target: '/$iothub/websocket?iothub-no-client-cert=true',
        address: `/${wire.resourceOf(id)}`,
        links: {
          hostname: `${dev.device.host}:${dev.device.amqp}`,
          receiver: {name: 'provision_receiver_link', properties: properties(SDK_VERSION)},
          sender: {name: 'provision_sender_link', properties: properties(SDK_VERSION)},
        },
      },
      register: [{registrationId: id}],
      // No body at all.
      poll: ['', {body: {collect_sections: () => {}}}],
    }),
  },
  'Python': {
    token: (id, key) => wire.sasToken(key, escaped(id), {order: ['sr', 'sig', 'se']}),
    mqtt: (id) => ({
      device: {
        connect: {clean: false, keepalive: 60, username: username(id, SDK_VERSION, 'py-iotdps%2F2.14.0')},
      },
      register: [{payload: null, registrationId: id}, GUID],
      poll: [' '],
    }),
  },
  'Rust': {
    token: (id, key) => wire.sasToken(key, escaped(id)),
    https: (id) => ({
      device: {version: C_VERSION},
      register: [{registrationId: id}],
      poll: [undefined],
    }),
  },
  // Its request ID is always 1, and it names no version of itself unless it is told to.
  'embedded C': {
    token: (id, key) => inLowerEscapes(wire.sasToken(key, inLowerEscapes(escaped(id)))),
    mqtt: (id) => ({
      device: {connect: {username: username(id, SDK_VERSION)}},
      register: [{registrationId: id}, '1'],
      poll: ['', '1'],
    }),
  },
};

// ---- What each client insists on ----

function* inside(value) {
  yield value;
  if (value !== null && typeof value === 'object') {
    for (const member of Object.values(value)) yield* inside(member);
  }
}

const isText = (value) => typeof value === 'string' && value !== '';
const statuses = ['unassigned', 'assigning', 'assigned', 'failed', 'disabled'];

// The parsers of device API 1.4, 1.9, 2.2 and 3.3, each as strict as its client.
const parsers = {
  'C'({status, body, reply, receiver, flows}) {
    assert.ok((status >= 200 && status <= 226) || status === 401);
    if (!reply && status === 401) return;
    assert.ok(statuses.includes(body.status));
    if (body.status === 'assigning') assert.ok(isText(body.operationId));
    if (body.status === 'assigned') {
      assert.ok(isText(body.registrationState.assignedHub) && isText(body.registrationState.deviceId));
    }
    if (!reply) return;
    assert.equal(reply.body.typecode, DATA_SECTION);
    // Else it detaches.
    assert.equal(Number(receiver.remote.attach.initial_delivery_count), 0);
    for (const {deliveryCount} of flows) assert.ok(deliveryCount !== undefined && deliveryCount !== null);
  },
  'C#'({status, body, topic, reply, connack}) {
    if (status < 300) {
      assert.ok([200, 202].includes(status));
    } else {
      assert.equal(Math.floor(body.errorCode / 1000), status);
    }
    if (topic) {
      assert.match(topic, /^\$dps\/registrations\/res\/\d+\/\?\$rid=\d+(&retry-after=\d+)?$/);
      assert.equal(connack.sessionPresent, false);
    }
    if (reply && status === 202) assert.ok(reply.application_properties['Retry-After'] > 0);
  },
  'Java'({status, body, topic}) {
    if (topic && status === 202) assert.match(topic, /&retry-after=\d+/);
    if (status >= 300) {
      assert.ok(!('status' in body), 'it would be read as a status');
      return;
    }
    assert.ok(isText(body.operationId) && statuses.includes(body.status));
    const state = body.registrationState;
    if (['failed', 'disabled', 'assigned'].includes(body.status)) assert.ok(state);
    if (state) assert.ok(isText(state.registrationId) && statuses.includes(state.status));
  },
  'Python'({topic}) {
    assert.equal(topic.split('$').length, 3, 'two $ and no more');
    const keys = topic.slice(topic.indexOf('?') + 1).split('&').map((pair) => pair.split('=')[0]);
    assert.equal(new Set(keys).size, keys.length);
    assert.match(topic, /\/res\/\d+\//);
  },
  'Rust'({status, body}, {isFirst}) {
    if (status >= 300) return;
    if (isFirst) assert.equal(status, 202);
    if (body.status === 'assigning' && !isFirst) assert.ok(isText(body.registrationState.registrationId));
    if (body.status === 'failed') {
      assert.ok(Number.isInteger(body.registrationState.errorCode));
      assert.ok(isText(body.registrationState.errorMessage));
    }
  },
  'embedded C'({status, body}) {
    for (const member of inside(body)) assert.notEqual(member, null);
    if (status >= 300) {
      assert.equal(Math.floor(body.errorCode / 1000), status);
      return;
    }
    assert.ok(isText(body.operationId) && statuses.includes(body.status));
    const state = body.registrationState ?? {};
    assert.equal('assignedHub' in state, 'deviceId' in state);
    if ('payload' in state) assert.equal(typeof state.payload, 'object');
    for (const name of ['errorMessage', 'lastUpdatedDateTimeUtc', 'createdDateTimeUtc']) {
      if (name in state) assert.equal(typeof state[name], 'string');
    }
  },
};

// ---- The exchanges ----

const family = (protocol) => protocol.replace('-ws', '');
const slug = (text) => createHash('sha256').update(text).digest('hex').slice(0, 8);

// One client over one protocol, from its connection to the end of its operation.
class Exchange {
  constructor(client, protocol, id, key = derivedKey(groupKey, id)) {
    const how = clients[client][family(protocol)](id);
    this.client = client;
    this.protocol = protocol;
    this.how = how;
    this.device = {id, token: clients[client].token(id, key), ...how.device};
  }

  async register() {
    this.connection = await wire.open(this.protocol, this.device);
    this.first = this.#seen(await this.connection.register(...this.how.register), true);
    return this.first;
  }

  async poll() {
    this.last = this.#seen(
        await this.connection.poll(this.first.body.operationId, ...this.#nextPoll()), false);
    return this.last;
  }

  async end() {
    await until(`${this.device.id} to get an answer`,
                async () => (await this.poll()).body.status !== 'assigning');
    this.connection.close();
    return this.last;
  }

  #nextPoll() {
    this.polls = (this.polls ?? 0) + 1;
    const [body, more] = this.how.poll;
    // The next number, where the client counts; a packet ID in C#.
    const [, firstId] = this.how.register;
    if (more !== undefined || family(this.protocol) !== 'mqtt') return [body, more];
    return [body, /^\d+$/.test(firstId) ? String(Number(firstId) + this.polls) : newGuid(this.polls)];
  }

  #seen(answer, isFirst) {
    const {connack, receiver, flows} = this.connection;
    parsers[this.client]({...answer, connack, receiver, flows}, {isFirst});
    return answer;
  }
}

const newGuid = (n) => GUID.slice(0, -4) + String(n).padStart(4, '0');

const matrix = Object.keys(clients).flatMap(
    (client) => wire.protocols.filter((protocol) => clients[client][family(protocol)])
                    .map((protocol) => ({client, protocol, name: `${client} over ${protocol}`})));

async function forAll(t, body) {
  await Promise.all(matrix.map(
      (one) => t.test(one.name, () => body(one, `client-${slug(t.name + one.name)}`))));
}

test.before(async () => {
  await service().createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'clients',
    attestation: {
      type: 'symmetricKey',
      symmetricKey: {primaryKey: groupKey, secondaryKey: newKey()},
    },
    allocationPolicy: 'static',
    iotHubs: [hub],
  });
  await until('the gateway to know the group',
              () => new Exchange('Rust', 'https', 'client-first').register());
});

test.after(async () => {
  await setFault(hub, 'none');
  wire.closeAll();
  // rhea keeps its heartbeats of a connection that a failed test left behind.
  setTimeout(() => process.exit(), 500).unref();
});

test('waits while its hub is away, and gets its hub', {concurrency: true}, async (t) => {
  await setFault(hub, 'down');
  const begun = [];
  await forAll(t, async ({client, protocol}, id) => {
    const exchange = new Exchange(client, protocol, id);
    assert.equal((await exchange.register()).status, 202);
    for (let polls = 0; polls < 2; ++polls) {
      const answer = await exchange.poll();
      assert.equal(answer.status, 202);
      assert.equal(answer.body.status, 'assigning');
      assert.ok(answer.retryAfter > 0);
    }
    begun.push(exchange);
  });
  assert.equal(begun.length, matrix.length);
  await setFault(hub, 'none');
  await Promise.all(begun.map((exchange) => t.test(`${exchange.device.id} ends`, async () => {
    const {body} = await exchange.end();
    assert.equal(body.status, 'assigned');
    assert.equal(body.registrationState.assignedHub, hub);
  })));
});

test('is told that its operation failed', {concurrency: true}, async (t) => {
  await setFault(hub, 'full');
  await forAll(t, async ({client, protocol}, id) => {
    const exchange = new Exchange(client, protocol, id);
    await exchange.register();
    const {body, status} = await exchange.end();
    assert.equal(status, 200);
    assert.equal(body.status, 'failed');
    assert.equal(body.registrationState.errorCode, 403301);
  });
  await setFault(hub, 'none');
});

test('is refused with a wrong key', {concurrency: true}, async (t) => {
  await forAll(t, async ({client, protocol}, id) => {
    const exchange = new Exchange(client, protocol, id, newKey());
    const answer = await exchange.register();
    exchange.connection.close();
    assert.equal(answer.status, 401);
    assert.equal(answer.body.errorCode, 401002);
  });
});

test('sends a payload, and reads a status in which there is none', {concurrency: true}, async (t) => {
  const register = {https: (id) => ({registrationId: id, payload: {a: 1}}), mqtt: () => ({payload: {a: 1}})};
  await forAll(t, async ({client, protocol}, id) => {
    const exchange = new Exchange(client, protocol, id);
    const body = (register[family(protocol)] ?? register.mqtt)(id);
    const [, ...more] = exchange.how.register;
    exchange.how.register =
        more[0]?.body ? [body, {...more[0], body: wire.dataSection(JSON.stringify(body))}] : [body, ...more];
    await exchange.register();
    const {body: last} = await exchange.end();
    assert.equal(last.status, 'assigned');
    assert.ok(!('payload' in last.registrationState));
  });
});

test('embedded C comes with a certificate and an empty password', async () => {
  const id = 'client-certified';
  const leaf = certified(id);
  await service().createOrUpdateIndividualEnrollment({
    registrationId: id,
    attestation: {
      type: 'x509',
      x509: {clientCertificates: {primary: {certificate: leaf.certificate}}},
    },
  });
  for (const protocol of ['mqtt', 'mqtt-ws']) {
    const end = await until('the gateway to know the certificate', async () => {
      const exchange = new Exchange('embedded C', protocol, id);
      exchange.device = {
        ...exchange.device,
        ...leaf,
        token: undefined,
        connect: {...exchange.device.connect, password: Buffer.alloc(0)},
      };
      await exchange.register();
      return exchange.end();
    });
    assert.equal(end.body.status, 'assigned');
  }
});
