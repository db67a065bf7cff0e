// The coordinator's HTTP surface called by hand, for what Microsoft's clients do not know: /berth/v1,
// and requests that no client would make.
import {createHmac} from 'node:crypto';
import https from 'node:https';

const TOKEN_SECONDS = 600;

export function parse(connectionString) {
  const fields = connectionString.split(';').map((field) => {
    const at = field.indexOf('=');
    return [field.slice(0, at), field.slice(at + 1)];
  });
  return Object.fromEntries(fields);
}

export const connectionString = (host, policy) =>
    `HostName=${host};SharedAccessKeyName=${policy.keyName};SharedAccessKey=${policy.primaryKey}`;

export class Admin {
  constructor(text) {
    this.login = parse(text);
  }

  // `resource` is the host that the token is for, where it is not the host called.
  token(resource = this.login.HostName) {
    const sr = encodeURIComponent(resource);
    const se = Math.floor(Date.now() / 1000) + TOKEN_SECONDS;
    const key = Buffer.from(this.login.SharedAccessKey, 'base64');
    const sig = createHmac('sha256', key).update(`${sr}\n${se}`).digest('base64');
    return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(sig)}&se=${se}&skn=${
        this.login.SharedAccessKeyName}`;
  }

  // Whatever the answer is.
  async send(method, path, {body, headers = {}, host = this.login.HostName} = {}) {
    const text = body === undefined ? '' : JSON.stringify(body);
    const sent = {Authorization: this.token(), ...headers};
    if (text) sent['Content-Type'] = 'application/json';
    return new Promise((resolve, reject) => {
      const request = https.request({method, path, host, headers: sent}, (response) => {
        let said = '';
        response.on('data', (chunk) => said += chunk);
        response.on('end', () => resolve({
          status: response.statusCode,
          headers: response.headers,
          body: said ? JSON.parse(said) : undefined,
        }));
      });
      request.on('error', reject);
      request.end(text);
    });
  }

  // The body of a good answer.
  async call(method, path, body, headers) {
    const answer = await this.send(method, path, {body, headers});
    if (answer.status >= 300) {
      throw new Error(`${method} ${path}: ${answer.status} ${answer.body?.message}`);
    }
    return answer.body;
  }
}
