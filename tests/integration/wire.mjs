// Devices that speak each protocol by themselves, so that a suite can say exactly what is on the wire
// and see exactly what comes back: HTTPS, MQTT and AMQP 1.0, over TLS or over a WebSocket.
import {once} from 'node:events';
import https from 'node:https';
import {createRequire} from 'node:module';
import path from 'node:path';
import tls from 'node:tls';
import {createHmac} from 'node:crypto';

import {dev} from './peers.mjs';
import {within} from './waiting.mjs';

const require = createRequire(path.join(process.env.BERTH_NPM, 'package.json'));
const mqttPacket = require('mqtt-packet');
const rhea = require('rhea');
const {WebSocket, createWebSocketStream} = require('ws');

const ANSWERED_WITHIN_MS = 20_000;
export const VERSION = '2019-03-31';
const WEBSOCKET_PATH = '/$iothub/websocket';
const RESPONSES = '$dps/registrations/res/#';

export const protocols = ['https', 'mqtt', 'mqtt-ws', 'amqp', 'amqp-ws'];

// ---- Credentials ----

export const unixIn = (seconds) => Math.floor(Date.now() / 1000) + seconds;

// `sr` is signed as it is written: device API 1.7.
export function sasToken(key, sr, {
  expiry = unixIn(3600),
  order = ['sr', 'sig', 'se', 'skn'],
  skn = 'registration',
} = {}) {
  const signature =
      createHmac('sha256', Buffer.from(key, 'base64')).update(`${sr}\n${expiry}`).digest('base64');
  const fields = {sr, sig: encodeURIComponent(signature), se: expiry, skn};
  return 'SharedAccessSignature ' +
      order.filter((name) => fields[name] !== undefined).map((name) => `${name}=${fields[name]}`).join('&');
}

export const resourceOf = (id) => `${dev.idScope}/registrations/${id}`;
export const tokenOf = (id, key, options) =>
    sasToken(key, encodeURIComponent(resourceOf(id)), options);

// ---- Streams ----

// A test that failed leaves its connections open, and Node does not end while there are any.
const opened = new Set();
function kept(stream) {
  opened.add(stream);
  stream.once('close', () => opened.delete(stream));
  return stream;
}
export function closeAll() {
  for (const stream of opened) stream.destroy();
}

const secureOptions = ({certificate, key, session} = {}) => ({
  host: dev.device.host,
  servername: dev.device.host,
  cert: certificate,
  key,
  session,
});

async function tlsStream(port, credential) {
  const stream = kept(tls.connect({port, ...secureOptions(credential)}));
  await within(ANSWERED_WITHIN_MS, 'a TLS handshake', once(stream, 'secureConnect'));
  return stream;
}
export const openTls = tlsStream;

// Gives the stream, and which subprotocol the gateway chose.
export async function openWebSocket(subprotocol, credential = {}, target = WEBSOCKET_PATH) {
  const socket = new WebSocket(`wss://${dev.device.host}:${dev.device.https}${target}`, subprotocol,
                               secureOptions(credential));
  await within(ANSWERED_WITHIN_MS, 'a WebSocket', new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (request, response) => {
      request.destroy();
      reject(new Error(`HTTP ${response.statusCode}`));
    });
  }));
  return {stream: kept(createWebSocketStream(socket)), subprotocol: socket.protocol};
}

// ---- HTTPS ----

export function request(method, target, {body, token, certificate, key, headers = {}} = {}) {
  const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
  return within(ANSWERED_WITHIN_MS, `${method} ${target}`, new Promise((resolve, reject) => {
    const sent = https.request({
      ...secureOptions({certificate, key}),
      port: dev.device.https,
      method,
      path: target,
      agent: false,
      headers: {
        ...(text === undefined ? {} : {
          'Content-Type': 'application/json; charset=utf-8',
          'Content-Length': Buffer.byteLength(text),
        }),
        ...(token ? {Authorization: token} : {}),
        ...headers,
      },
    }, (response) => {
      let said = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => { said += chunk; });
      response.on('end', () => resolve({
        status: response.statusCode,
        headers: response.headers,
        text: said,
        body: said ? JSON.parse(said) : undefined,
      }));
    });
    sent.on('error', reject);
    sent.end(text);
  }));
}

class HttpsDevice {
  constructor(device) {
    this.device = device;
  }
  static async open(device) {
    return new HttpsDevice(device);
  }
  async register(body = {registrationId: this.device.id}) {
    return this.#answer(await this.#request('PUT', '/register', body));
  }
  async poll(operationId, body) {
    return this.#answer(await this.#request('GET', `/operations/${operationId}`, body));
  }
  close() {}

  #request(method, rest, body) {
    const {id, scope = dev.idScope, version = VERSION, headers = {}, ...device} = this.device;
    return request(method, `/${scope}/registrations/${id}${rest}?api-version=${version}`,
                   {...device, headers: headers[method], body});
  }
  #answer({status, headers, text, body}) {
    const retryAfter = headers['retry-after'];
    return {status, text, body, retryAfter: retryAfter && Number(retryAfter)};
  }
}

// ---- MQTT ----

export class MqttDevice {
  static async open(device, overWebSocket = false, connect = {}) {
    const stream = overWebSocket ?
        (await openWebSocket(device.subprotocol ?? 'mqtt', device, device.target)).stream :
        await tlsStream(dev.device.mqtt, device);
    const opened = new MqttDevice(stream, device);
    await opened.#connect({...device.connect, ...connect});
    return opened;
  }

  constructor(stream, device) {
    this.device = device;
    this.stream = stream;
    this.received = [];  // every packet, in order
    this.waiting = [];
    this.nextId = 1;
    this.closed = false;
    const parser = mqttPacket.parser({protocolVersion: 4});
    parser.on('packet', (packet) => {
      this.received.push(packet);
      this.#wake();
    });
    stream.on('data', (chunk) => parser.parse(chunk));
    // A WebSocket's stream may end and never close, if the gateway did not take all of what was written.
    for (const end of ['end', 'close']) {
      stream.on(end, () => {
        this.closed = true;
        this.#wake();
      });
    }
    stream.on('error', () => {});
  }

  async register(body = {registrationId: this.device.id}, rid = `r-${this.nextId}`) {
    return this.ask(`$dps/registrations/PUT/iotdps-register/?$rid=${rid}`, body, rid);
  }
  async poll(operationId, body = ' ', rid = `r-${this.nextId}`) {
    return this.ask(
        `$dps/registrations/GET/iotdps-get-operationstatus/?$rid=${rid}&operationId=${operationId}`,
        body, rid);
  }

  async ask(topic, body, rid) {
    const messageId = this.nextId++;
    const payload = typeof body === 'string' ? body : JSON.stringify(body);
    const {qos = 1} = this.device;
    this.send({
      cmd: 'publish', topic, payload, qos, ...(qos > 0 ? {messageId} : {}), dup: false, retain: false,
    });
    const answer = await this.wait(
        (packet) => packet.cmd === 'publish' && packet.topic.includes(`$rid=${rid}`) &&
            !packet.seen);
    answer.seen = true;
    if (answer.qos === 1) this.send({cmd: 'puback', messageId: answer.messageId});
    const [, status, retryAfter] =
        /^\$dps\/registrations\/res\/(\d+)\/\?\$rid=[^&]*(?:&retry-after=(\d+))?$/.exec(answer.topic);
    const text = answer.payload.toString('utf8');
    return {
      status: Number(status),
      text,
      body: JSON.parse(text),
      retryAfter: retryAfter && Number(retryAfter),
      topic: answer.topic,
      messageId,
    };
  }

  send(packet) {
    this.stream.write(mqttPacket.generate(packet));
  }

  // The first packet, of those received or still to come, of which `fits` is true.
  wait(fits) {
    return within(ANSWERED_WITHIN_MS, 'an MQTT packet', new Promise((resolve, reject) => {
      const look = () => {
        const found = this.received.find(fits);
        if (found) resolve(found);
        else if (this.closed) reject(new Error('the gateway closed the connection'));
        else return false;
        return true;
      };
      if (!look()) this.waiting.push(look);
    }));
  }

  close() {
    this.stream.destroy();
  }

  async #connect(connect) {
    const {id, scope = dev.idScope, token, subscribeQos = 1} = this.device;
    this.send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: 4,
      clean: true,
      keepalive: 60,
      clientId: id,
      username: `${scope}/registrations/${id}/api-version=${VERSION}&ClientVersion=wire`,
      ...(token ? {password: token} : {}),
      ...connect,
    });
    this.connack = await this.wait((packet) => packet.cmd === 'connack');
    if (this.connack.returnCode !== 0) {
      throw Object.assign(new Error(`CONNACK ${this.connack.returnCode}`),
                          {connack: this.connack.returnCode});
    }
    const subscriptions = [{topic: RESPONSES, qos: subscribeQos}];
    this.send({cmd: 'subscribe', messageId: this.nextId++, subscriptions});
    this.suback = await this.wait((packet) => packet.cmd === 'suback');
  }

  #wake() {
    this.waiting = this.waiting.filter((look) => !look());
  }
}

// ---- AMQP ----

// A message's body in one Data section.
export const dataSection = (text) => rhea.message.data_section(Buffer.from(text));

export class AmqpDevice {
  static async open(device, overWebSocket = false) {
    const stream = overWebSocket ?
        (await openWebSocket('AMQPWSB10', device, device.target)).stream :
        await tlsStream(dev.device.amqp, device);
    const opened = new AmqpDevice(stream, device);
    await opened.#attach();
    return opened;
  }

  constructor(stream, device) {
    this.device = device;
    this.stream = stream;
    this.bytes = [];  // every byte that came
    this.flows = [];  // what each flow frame of the device's sender said
    stream.on('data', (chunk) => this.bytes.push(chunk));
    stream.on('error', () => {});
  }

  async #attach() {
    const {id, scope = dev.idScope, token, address, links = {}} = this.device;
    const name = `${scope}/registrations/${id}`;
    const container = rhea.create_container({id: links.container ?? 'wire'});
    this.failed = new Promise((_, reject) => {
      for (const event of ['connection_error', 'session_error', 'sender_error', 'receiver_error',
                           'disconnected', 'connection_close']) {
        container.on(event, (context) => {
          const error = context.connection?.error ?? context.sender?.error ??
              context.receiver?.error ?? context.session?.error ?? context.error;
          reject(Object.assign(new Error(`${event}: ${error?.condition ?? error}`),
                               {condition: error?.condition, description: error?.description}));
        });
      }
    });
    this.failed.catch(() => {});
    this.connection = container.connect({
      host: dev.device.host,
      ...(links.hostname ? {hostname: links.hostname} : {}),
      ...(links.saslHostname ? {sasl_init_hostname: links.saslHostname} : {}),
      reconnect: false,
      ...(token ? {username: name, password: token} : {}),
      connection_details: () => ({
        connect: (port, host, options, connected) => {
          setImmediate(connected);
          return this.stream;
        },
        host: dev.device.host,
      }),
    });
    const opened = Promise.all([
      once(container, 'receiver_open'),
      once(container, 'sender_open'),
      once(container, 'sendable'),
    ]);
    const source = address ?? name;
    const properties = {'com.microsoft:api-version': VERSION};
    this.receiver = this.connection.open_receiver(
        {source: {address: source}, properties, ...links.receiver});
    this.sender = this.connection.open_sender(
        {target: {address: source}, properties, ...links.sender});
    const onFlow = this.sender.on_flow.bind(this.sender);
    this.sender.on_flow = (frame) => {
      const {delivery_count: deliveryCount, link_credit: linkCredit} = frame.performative;
      this.flows.push({deliveryCount, linkCredit});
      onFlow(frame);
    };
    this.container = container;
    await this.#soon('the links', opened);
  }

  async register(body = {registrationId: this.device.id}, more = {}) {
    return this.ask({'iotdps-operation-type': 'iotdps-register'}, body, more);
  }
  async poll(operationId, body = '', more = {}) {
    return this.ask(
        {'iotdps-operation-type': 'iotdps-get-operationstatus', 'iotdps-operation-id': operationId},
        body, more);
  }

  async ask(properties, body, more) {
    const section = body === undefined || body === '' ?
        body ?? '' :
        dataSection(typeof body === 'string' ? body : JSON.stringify(body));
    const message = {application_properties: properties, body: section, ...more};
    const settled = Promise.race([
      once(this.container, 'rejected').then(([context]) => ({rejected: context.delivery.remote_state})),
      once(this.container, 'message').then(([context]) => ({message: context.message})),
    ]);
    this.sender.send(message);
    const {rejected, message: reply} = await this.#soon('an AMQP answer', settled);
    if (rejected) {
      const {condition, description, info} = rejected.error;
      const document = JSON.parse(description);
      return {
        status: Math.floor((document.errorCode ?? 401000) / 1000),
        text: description,
        body: document,
        condition,
        info,
        rejected: true,
      };
    }
    const text = Buffer.from(reply.body.content).toString('utf8');
    return {
      status: Number(reply.application_properties['iotdps-status']),
      text,
      body: JSON.parse(text),
      retryAfter: reply.application_properties['retry-after'],
      reply,
    };
  }

  // In order, since rhea keeps its timers until it sees the end.
  close() {
    this.connection.close();
    this.stream.end();
  }

  #soon(what, promise) {
    return within(ANSWERED_WITHIN_MS, what, Promise.race([promise, this.failed]));
  }
}

// ---- Whichever ----

// `device`: {id, token} or {id, certificate, key}; also {scope} for another ID scope.
export function open(protocol, device) {
  switch (protocol) {
    case 'https': return HttpsDevice.open(device);
    case 'mqtt': return MqttDevice.open(device);
    case 'mqtt-ws': return MqttDevice.open(device, true);
    case 'amqp': return AmqpDevice.open(device);
    case 'amqp-ws': return AmqpDevice.open(device, true);
    default: throw new Error(`no protocol ${protocol}`);
  }
}

// Registers once and polls until it is over: the first answer and the last.
export async function provision(protocol, device, body) {
  const connection = await open(protocol, device);
  try {
    const first = await connection.register(body);
    let last = first;
    const end = Date.now() + ANSWERED_WITHIN_MS;
    while (last.body.status === 'assigning' && Date.now() < end) {
      last = await connection.poll(first.body.operationId);
    }
    return {first, last};
  } finally {
    connection.close();
  }
}
