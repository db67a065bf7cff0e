// Independent CoAP clients: libcoap's, on OpenSSL and on GnuTLS, and for what no honest client sends
// `openssl s_client`, which carries messages as they are.
import {execFile, spawn} from 'node:child_process';
import {createHmac} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';

import {dev} from './peers.mjs';
import {within} from './waiting.mjs';

const ANSWERED_WITHIN_S = 30;
const ANSWERED_WITHIN_MS = ANSWERED_WITHIN_S * 1000;

// The key of the handshake: docs/protocols/coap.md.
export const psk = (deviceKey) => createHmac('sha256', Buffer.from(deviceKey, 'base64'))
                                      .update('berth-psk/1').digest();

export const resource = (registrationId, ...rest) =>
    [dev.idScope, 'registrations', registrationId, ...rest].join('/');

function execute(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    execFile(command, args, {encoding: 'utf8', ...options}, (error, stdout, stderr) => {
      if (error && typeof error.code !== 'number') reject(error);
      else resolve({status: error ? error.code : 0, stdout, stderr});
    });
  });
}

// One request by coap-client. `credential`: {identity, key: Buffer} or {certificate, key: PEM}; none
// for plain CoAP. Gives what arrived, or undefined if nothing did: {code, maxAge, body, blocks}.
export async function ask(library, method, resourcePath,
                          {credential, body, blockSize, nonConfirmable = false, options = [],
                           seconds = ANSWERED_WITHIN_S} = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'berth-coap-'));
  try {
    const file = (name, content) => {
      writeFileSync(path.join(folder, name), content, {mode: 0o600});
      return path.join(folder, name);
    };
    const args = ['-v', '6', '-m', method, '-B', String(seconds), '-o', file('answer', '')];
    if (body !== undefined) args.push('-t', '50', '-f', file('body', body));
    if (blockSize) args.push('-b', String(blockSize));
    if (nonConfirmable) args.push('-N');
    for (const option of options) args.push('-O', option);
    let prefix = [];
    if (credential?.identity) {
      // A pre-shared key is binary, and only a shell passes such an argument on.
      const octal = [...credential.key].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`);
      prefix = ['-c', 'key=$(printf "$1"); shift; exec "$@" -k "$key"', 'sh', octal.join('')];
      args.push('-u', credential.identity);
    } else if (credential) {
      args.push('-c', file('certificate.pem', credential.certificate),
                '-j', file('key.pem', credential.key), '-R', dev.device.caFile);
    }
    const origin = credential ? `coaps://${dev.device.host}:${dev.device.coaps}` :
                                `coap://${dev.device.host}:${dev.device.coap}`;
    const client = `coap-client-${library}`;
    // As options: coap-client cuts a path that is longer than 100 bytes.
    for (const segment of resourcePath.split('/').filter(Boolean)) args.push('-O', `11,${segment}`);
    args.push(origin);
    const {stdout, stderr} = prefix.length > 0 ?
        await execute('sh', [...prefix, client, ...args], {env: {...process.env, LC_ALL: 'C'}}) :
        await execute(client, args);
    return readLog(stdout + stderr, readFileSync(path.join(folder, 'answer'), 'utf8'));
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

// Of coap-client's log: one line per message sent (a request's code) or received.
function readLog(log, body) {
  const received = log.split('\n').filter((line) => /^v:1 t:(ACK|NON|CON) c:[245]\./.test(line));
  const last = received.at(-1);
  if (!last) return undefined;
  const [, code] = /c:([245]\.\d\d)/.exec(last);
  const maxAge = /Max-Age:(\d+)/.exec(last);
  const inline = / :: '(\{.*\})'$/.exec(last);
  return {
    code,
    maxAge: maxAge && Number(maxAge[1]),
    body: body || (inline ? inline[1] : ''),
    blocks: received.length,
  };
}

// Registers as a device does: waits for Max-Age between its questions. The last answer.
export async function registerOverCoap(library, registrationId, credential, more = {}) {
  let answer = await ask(library, 'put', resource(registrationId, 'register'),
                         {credential, body: '{}', ...more});
  for (const end = Date.now() + ANSWERED_WITHIN_MS; Date.now() < end;) {
    if (!answer) throw new Error(`${registrationId}: no answer`);
    if (!answer.code.startsWith('2.')) return {code: answer.code, error: JSON.parse(answer.body)};
    const {operationId, status, registrationState} = JSON.parse(answer.body);
    if (status !== 'assigning') {
      return {code: answer.code, maxAge: answer.maxAge, blocks: answer.blocks,
              state: {...registrationState, status}};
    }
    if (!(answer.maxAge >= 1)) throw new Error(`assigning with Max-Age ${answer.maxAge}`);
    await new Promise((resolve) => setTimeout(resolve, answer.maxAge * 1000));
    answer = await ask(library, 'get', resource(registrationId, 'operations', operationId),
                       {credential, blockSize: more.blockSize});
  }
  throw new Error(`${registrationId}: not assigned in time`);
}

const OPTION = {uriPath: 11, contentFormat: 12, block2: 23, block1: 27, size1: 60};
export const PUT = 3;
export const GET = 1;

const header = (delta) => (delta < 13 ? [delta, []] :
                           delta < 269 ? [13, [delta - 13]] : [14, [(delta - 269) >> 8, (delta - 269) & 255]]);

function number(value) {
  const bytes = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from(bytes);
}

export const block = (num, more, exponent) => num * 16 + (more ? 8 : 0) + exponent;

// A confirmable request as bytes (RFC 7252 section 3).
export function message({id, code = PUT, path: segments, payload = '', ...options}) {
  const list = segments.map((segment) => [OPTION.uriPath, Buffer.from(segment)]);
  for (const [name, value] of Object.entries(options)) list.push([OPTION[name], number(value)]);
  list.sort(([a], [b]) => a - b);
  const parts = [Buffer.from([0x41, code, id >> 8, id & 255, 0x77])];
  let previous = 0;
  for (const [option, value] of list) {
    const [delta, deltaMore] = header(option - previous);
    const [length, lengthMore] = header(value.length);
    parts.push(Buffer.from([delta * 16 + length, ...deltaMore, ...lengthMore]), value);
    previous = option;
  }
  if (payload.length > 0) parts.push(Buffer.from([0xFF]), Buffer.from(payload));
  return Buffer.concat(parts);
}

function parse(bytes) {
  return {
    type: (bytes[0] >> 4) & 3,
    code: `${bytes[1] >> 5}.${String(bytes[1] & 31).padStart(2, '0')}`,
    id: bytes.readUInt16BE(2),
    bytes,
  };
}

// A DTLS session that carries any bytes, one datagram at a time.
export class DtlsPeer {
  constructor({identity, key}, {port} = {}) {
    this.child = spawn('openssl', [
      's_client', '-dtls1_2', '-quiet', '-connect', `127.0.0.1:${dev.device.coaps}`, '-psk_identity',
      identity, '-psk', key.toString('hex'), '-cipher', 'ECDHE-PSK-CHACHA20-POLY1305',
      ...(port ? ['-bind', `127.0.0.1:${port}`] : []),
    ], {stdio: ['pipe', 'pipe', 'ignore']});
    this.arrived = [];
    this.waiting = [];
    // A datagram each: s_client writes what one read gave it at once.
    this.child.stdout.on('data', (bytes) => {
      const waiter = this.waiting.shift();
      if (waiter) waiter(parse(bytes));
      else this.arrived.push(parse(bytes));
    });
  }

  send(bytes) {
    this.child.stdin.write(bytes);
  }

  async receive() {
    const next = this.arrived.shift();
    if (next) return next;
    return within(ANSWERED_WITHIN_MS, 'an answer over DTLS',
                  new Promise((resolve) => this.waiting.push(resolve)));
  }

  async exchange(bytes) {
    this.send(bytes);
    return this.receive();
  }

  async close() {
    const exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await exited;
  }
}
