// A webhook of custom allocation: an HTTPS server with a certificate of the installation's CA, that
// remembers what it is asked and answers what the test says.
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import https from 'node:https';
import path from 'node:path';

import {server as certificateOf} from './certificates.mjs';

export class Webhook {
  // What it is asked, in order: {path, body}.
  calls = [];
  // Gives {status, body} for a call, or a promise of it.
  answer = () => ({status: 200, body: {}});

  static async start(address, devDir) {
    const read = (name) => readFileSync(path.join(devDir, name), 'utf8');
    const {certificate, key} =
        certificateOf(address, {certificate: read('ca.pem'), key: read('ca.key')});
    const webhook = new Webhook();
    webhook.server = https.createServer({cert: certificate, key}, (request, response) => {
      webhook.#serve(request, response).catch((error) => response.destroy(error));
    });
    webhook.server.listen(0, address);
    await once(webhook.server, 'listening');
    webhook.url = `https://${address}:${webhook.server.address().port}/pick?code=secret`;
    return webhook;
  }

  stop() {
    this.server.close();
    this.server.closeAllConnections();
  }

  async #serve(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const call = {
      path: request.url,
      method: request.method,
      type: request.headers['content-type'],
      body: JSON.parse(Buffer.concat(chunks).toString()),
    };
    this.calls.push(call);
    const {status, body} = await this.answer(call);
    response.writeHead(status, {'Content-Type': 'application/json'});
    response.end(JSON.stringify(body));
  }
}
