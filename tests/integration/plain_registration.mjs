// Registers a device over HTTPS (device API 1) without any SDK and without waiting for the end.
import {createHmac} from 'node:crypto';

import {dev} from './peers.mjs';

const TOKEN_LIFETIME_SECONDS = 3600;

// Gives a function that looks at the operation. Throws unless the gateway takes the device in.
export async function begin(registrationId, key) {
  const resource = `${dev.idScope}/registrations/${registrationId}`;
  const expiry = Math.floor(Date.now() / 1000) + TOKEN_LIFETIME_SECONDS;
  const signature = createHmac('sha256', Buffer.from(key, 'base64'))
                        .update(`${encodeURIComponent(resource)}\n${expiry}`)
                        .digest('base64');
  const headers = {
    authorization: `SharedAccessSignature sr=${encodeURIComponent(resource)}&sig=${
        encodeURIComponent(signature)}&se=${expiry}&skn=registration`,
    'content-type': 'application/json',
  };
  const call = async (method, place, body) => {
    const url = `https://localhost:${dev.device.https}/${resource}/${place}?api-version=2021-06-01`;
    const answer = await fetch(url, {method, headers, body});
    if (!answer.ok) throw new Error(`${place} was answered ${answer.status}`);
    return answer.json();
  };
  const {operationId} = await call('PUT', 'register', JSON.stringify({registrationId}));
  return () => call('GET', `operations/${operationId}`);
}
