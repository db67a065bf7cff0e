// The Mosquitto of the installation in BERTH_DEV_DIR, seen by MQTT.js: as a device, as its
// administrator, and as somebody who may read everything.
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';

import {dev} from './peers.mjs';
import {within} from './waiting.mjs';

const require = createRequire(path.join(process.env.BERTH_NPM, 'package.json'));
const mqtt = require('mqtt');

const ANSWERED_WITHIN_MS = 10_000;
const NOT_AUTHORIZED = 135;  // MQTT 5, section 2.4
const CONTROL = '$CONTROL/dynamic-security/v1';

export const broker = dev.hubs.find((hub) => hub.kind === 'mosquitto');
export const brokerFolder = path.join(process.env.BERTH_DEV_DIR, 'mosquitto');

// Connects, or throws what the broker says. With MQTT 5 a broker says no where it stays silent with
// MQTT 3.1.1.
async function connect(options) {
  const client = mqtt.connect({
    protocol: 'mqtts',
    host: broker.mqtt.host,
    port: broker.mqtt.port,
    ca: readFileSync(broker.caFile),
    protocolVersion: 5,
    reconnectPeriod: 0,
    ...options,
  });
  const connected = new Promise((resolve, reject) => {
    client.once('connect', resolve);
    client.once('error', reject);
    client.once('close', () => reject(new Error('the broker closed the connection')));
  });
  try {
    await within(ANSWERED_WITHIN_MS, 'the broker to let a client in', connected);
  } catch (error) {
    client.end(true);
    throw error;
  }
  client.on('error', () => {});
  return client;
}

export const connectByKey = (deviceId, key) =>
    connect({clientId: deviceId, username: deviceId, password: key});

export const connectByCertificate = (deviceId, {certificate, key}) =>
    connect({port: broker.mqtt.certificatePort, clientId: deviceId, cert: certificate, key});

// Whether the broker takes the message.
export function publish(client, topic, message) {
  const done = new Promise((resolve, reject) => {
    client.publish(topic, message, {qos: 1}, (error, packet) => {
      if (error && error.code !== NOT_AUTHORIZED) reject(error);
      else resolve(!error && packet?.reasonCode !== NOT_AUTHORIZED);
    });
  });
  return within(ANSWERED_WITHIN_MS, `an answer to what was published to ${topic}`, done);
}

// Whether the broker lets the client listen.
export async function subscribe(client, topic) {
  const done = new Promise((resolve) => {
    client.subscribe(topic, {qos: 1}, (error, granted) =>
        resolve(!error && granted.every((one) => one.qos < 128)));
  });
  return within(ANSWERED_WITHIN_MS, `an answer to a subscription to ${topic}`, done);
}

export async function firstMessage(client) {
  const [topic, message] =
      await within(ANSWERED_WITHIN_MS, 'a message', once(client, 'message'));
  return {topic, text: message.toString()};
}

export const closed = (client) =>
    client.connected ? within(ANSWERED_WITHIN_MS, 'the broker to hang up', once(client, 'close')) :
                       undefined;

export class Administrator {
  static async connect() {
    const password = readFileSync(path.join(brokerFolder, 'admin.password'), 'utf8').trim();
    const client = await connect({
      clientId: `suite-${randomBytes(4).toString('hex')}`, username: 'admin', password,
    });
    await subscribe(client, `${CONTROL}/response`);
    return new Administrator(client);
  }

  constructor(client) {
    this.client = client;
  }

  async ask(command) {
    const correlationData = randomBytes(8).toString('hex');
    const answer = new Promise((resolve) => {
      const listen = (topic, message) => {
        const response = JSON.parse(message).responses?.[0];
        if (response?.correlationData !== correlationData) return;
        this.client.off('message', listen);
        resolve(response);
      };
      this.client.on('message', listen);
    });
    await publish(this.client, CONTROL, JSON.stringify({commands: [{...command, correlationData}]}));
    const response = await within(ANSWERED_WITHIN_MS, `an answer to ${command.command}`, answer);
    if (response.error) throw new Error(`${command.command}: ${response.error}`);
    return response.data;
  }

  // Somebody who hears what all devices say.
  async observer() {
    const password = randomBytes(16).toString('hex');
    const topic = 'devices/#';
    const allow = {topic, allow: true, priority: 0};
    await this.ask({
      command: 'createRole', rolename: 'observer',
      acls: [{acltype: 'subscribePattern', ...allow}, {acltype: 'publishClientReceive', ...allow}],
    });
    await this.ask({
      command: 'createClient', username: 'observer', password, roles: [{rolename: 'observer'}],
    });
    const client = await connect({clientId: 'observer', username: 'observer', password});
    const heard = [];
    client.on('message', (at, message) => heard.push(`${at} ${message}`));
    await subscribe(client, topic);
    return {client, heard};
  }

  end() {
    return this.client.endAsync?.() ?? new Promise((resolve) => this.client.end(false, {}, resolve));
  }
}
