// Microsoft's clients, unmodified, pointed at the installation in BERTH_DEV_DIR.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';

import {within} from './waiting.mjs';

const require = createRequire(path.join(process.env.BERTH_NPM, 'package.json'));
const {ProvisioningDeviceClient} = require('azure-iot-provisioning-device');
const {Amqp, AmqpWs} = require('azure-iot-provisioning-device-amqp');
const {Http} = require('azure-iot-provisioning-device-http');
const {Mqtt, MqttWs} = require('azure-iot-provisioning-device-mqtt');
const {ProvisioningServiceClient} = require('azure-iot-provisioning-service');
const {SymmetricKeySecurityClient} = require('azure-iot-security-symmetric-key');
const {X509Security} = require('azure-iot-security-x509');
const {Registry} = require('azure-iothub');

const REGISTERED_WITHIN_MS = 30_000;
const REGISTRATIONS_AT_ONCE = 500;

export const dev =
    JSON.parse(readFileSync(path.join(process.env.BERTH_DEV_DIR, 'dev.json'), 'utf8'));
export const hubs = dev.hubs.filter((hub) => hub.kind === 'azure-iot-hub');
export const hubNames = hubs.map((hub) => hub.hostName);
export const transports = {Http, Mqtt, MqttWs, Amqp, AmqpWs};

export const service = (connectionString = dev.service.connectionString) =>
    ProvisioningServiceClient.fromConnectionString(connectionString);

// Where the SDK asks Microsoft Entra for a token.
export const serviceWithToken = (credential) =>
    ProvisioningServiceClient.fromTokenCredential(dev.service.url.slice('https://'.length), credential);
// What the SDK's client can do.
export const serviceMethods =
    Object.getOwnPropertyNames(ProvisioningServiceClient.prototype)
        .filter((name) => name !== 'constructor' && !name.startsWith('_'));

export const withKey = (registrationId, key) => new SymmetricKeySecurityClient(registrationId, key);
export const withCertificate = (registrationId, {certificate, key}) =>
    new X509Security(registrationId, {cert: certificate, key});

// A device with the SDK's client, which may register more than once; `polls()`: how often it asked how
// its operations stand, and was answered; `operation()`: the ID of the one that it asked for last.
export function sdkDevice(transport, security, {idScope = dev.idScope, payload} = {}) {
  const spoken = new transports[transport]();
  let polls = 0;
  let operation;
  const ask = spoken.queryOperationStatus.bind(spoken);
  spoken.queryOperationStatus = (request, operationId, callback) => ask(
      request, operation = operationId, (...answer) => {
        ++polls;
        callback(...answer);
      });
  // Of a connection that is lost between two requests, the SDK tells its transport's listeners alone.
  spoken.on('error', () => {});
  const client = ProvisioningDeviceClient.create(dev.device.host, idScope, spoken, security);
  if (payload) client.setProvisioningPayload(payload);
  return {
    polls: () => polls,
    operation: () => operation,
    async register(deadline = REGISTERED_WITHIN_MS) {
      const id = await security.getRegistrationId();
      return within(deadline, `${id} to register`, client.register());
    },
  };
}

// Gives what the SDK gives: the registration state of a device that got its hub; else it throws what
// the SDK throws.
export const register = (transport, security, idScope, payload) =>
    sdkDevice(transport, security, {idScope, payload}).register();

// What a hub itself says of a device: its identity and its twin, or undefined where it has none.
export async function atHub(hostName, deviceId) {
  const hub = hubs.find((one) => one.hostName === hostName);
  const registry = Registry.fromConnectionString(hub.connectionString);
  let identity;
  try {
    identity = (await registry.get(deviceId)).responseBody;
  } catch (error) {
    if (error.name === 'DeviceNotFoundError') return undefined;
    throw error;
  }
  return {identity, twin: (await registry.getTwin(deviceId)).responseBody};
}

// A device that somebody else made at a hub.
export async function createAtHub(hostName, deviceId) {
  const hub = hubs.find((one) => one.hostName === hostName);
  await Registry.fromConnectionString(hub.connectionString).create({deviceId, status: 'enabled'});
}

// Changes a device's twin at its hub, as somebody who works with the device does.
export async function changeTwin(hostName, deviceId, patch) {
  const hub = hubs.find((one) => one.hostName === hostName);
  await Registry.fromConnectionString(hub.connectionString).updateTwin(deviceId, patch, '*');
}

// The hubs on which a device exists, enabled.
export async function hubsHolding(deviceId) {
  const found = await Promise.all(hubNames.map((name) => atHub(name, deviceId)));
  return hubNames.filter((_, index) => found[index]?.identity.status === 'enabled');
}

// What a hub itself lists: up to a thousand identities.
export async function registry(hostName) {
  const hub = hubs.find((one) => one.hostName === hostName);
  return (await Registry.fromConnectionString(hub.connectionString).list()).responseBody;
}

// The registrations of a group that the coordinator knows: their hubs by registration ID.
export async function registeredAtCoordinator(groupId) {
  const query = service().createEnrollmentGroupDeviceRegistrationStateQuery(
      {query: '*'}, groupId, REGISTRATIONS_AT_ONCE);
  const known = new Map();
  do {
    for (const state of (await query.next(query.continuationToken)).responseBody) {
      if (state.status === 'assigned') known.set(state.registrationId, state.assignedHub);
    }
  } while (query.hasMoreResults);
  return known;
}
