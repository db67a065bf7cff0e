// A device without an SDK: it sees the registration state as it is on the wire, also a failed one.
import {createHmac} from 'node:crypto';
import https from 'node:https';
import {setTimeout} from 'node:timers/promises';

import {dev} from './peers.mjs';

const API_VERSION = '2021-10-01';
const TOKEN_LIFE_S = 3600;
const BETWEEN_POLLS_MS = 200;

function token(registrationId, key) {
  const resource = encodeURIComponent(`${dev.idScope}/registrations/${registrationId}`);
  const expiry = Math.floor(Date.now() / 1000) + TOKEN_LIFE_S;
  const signature = createHmac('sha256', Buffer.from(key, 'base64'))
                        .update(`${resource}\n${expiry}`)
                        .digest('base64');
  return `SharedAccessSignature sr=${resource}&sig=${encodeURIComponent(signature)}&se=${expiry}` +
      '&skn=registration';
}

function call(method, target, key, registrationId, body) {
  return new Promise((resolve, reject) => {
    const request = https.request({
      host: dev.device.host,
      port: 443,
      method,
      path: `/${dev.idScope}/registrations/${registrationId}/${target}?api-version=${API_VERSION}`,
      headers: {Authorization: token(registrationId, key), 'Content-Type': 'application/json'},
    }, async (response) => {
      try {
        const chunks = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve({status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString())});
      } catch (error) {
        reject(error);
      }
    });
    request.once('error', reject);
    request.end(body && JSON.stringify(body));
  });
}

// Registers and returns at once, with the operation's ID.
export async function begin(registrationId, key, payload) {
  const accepted =
      await call('PUT', 'register', key, registrationId, {registrationId, ...(payload && {payload})});
  if (accepted.status !== 202) throw new Error(JSON.stringify(accepted));
  return accepted.body.operationId;
}

export const poll = async (registrationId, key, operationId) =>
    (await call('GET', `operations/${operationId}`, key, registrationId)).body;

// Polls until the operation has ended; gives the registration state.
export async function end(registrationId, key, operationId) {
  for (;;) {
    const {status, registrationState} = await poll(registrationId, key, operationId);
    if (status === 'assigned' || status === 'failed') return registrationState;
    await setTimeout(BETWEEN_POLLS_MS);
  }
}

export const registerRaw = async (registrationId, key, payload) =>
    end(registrationId, key, await begin(registrationId, key, payload));
