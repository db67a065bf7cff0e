// Certificates and keys for devices, made by the openssl command line: an independent peer here too.
import {execFileSync} from 'node:child_process';
import {createHash, createHmac, randomBytes, X509Certificate} from 'node:crypto';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';

const P256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
const RSA2048 = ['-newkey', 'rsa:2048'];

function issue(subject, extensions, {issuer, keyType = P256, days = '30'} = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'berth-certificate-'));
  try {
    const file = (name) => path.join(folder, name);
    const signer = [];
    if (issuer) {
      writeFileSync(file('ca.pem'), issuer.certificate);
      writeFileSync(file('ca.key'), issuer.key, {mode: 0o600});
      signer.push('-CA', file('ca.pem'), '-CAkey', file('ca.key'));
    }
    execFileSync('openssl', [
      'req', '-x509', '-new', ...keyType, '-noenc', '-sha256', '-days', days, '-subj',
      `/CN=${subject}`, ...extensions.flatMap((extension) => ['-addext', extension]), ...signer,
      '-keyout', file('key.pem'), '-out', file('certificate.pem'),
    ], {stdio: ['ignore', 'ignore', 'pipe']});
    return {
      subject,
      certificate: readFileSync(file('certificate.pem'), 'utf8'),
      key: readFileSync(file('key.pem'), 'utf8'),
    };
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

const CA_EXTENSIONS = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
const DEVICE_EXTENSIONS = [
  'basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=clientAuth',
];

export const authority = (subject, issuer) => issue(subject, CA_EXTENSIONS, {issuer});
export const device = (registrationId, issuer) => issue(registrationId, DEVICE_EXTENSIONS, {issuer});
export const rsaDevice = (registrationId) =>
    issue(registrationId, DEVICE_EXTENSIONS, {keyType: RSA2048});

// One whose validity has ended: issued by `openssl x509`, which takes dates.
export function expiredDevice(registrationId, issuer) {
  const folder = mkdtempSync(path.join(tmpdir(), 'berth-certificate-'));
  try {
    const file = (name) => path.join(folder, name);
    writeFileSync(file('ca.pem'), issuer.certificate);
    writeFileSync(file('ca.key'), issuer.key, {mode: 0o600});
    writeFileSync(file('extensions'), DEVICE_EXTENSIONS.join('\n'));
    const openssl = (...args) =>
        execFileSync('openssl', args, {stdio: ['ignore', 'ignore', 'pipe']});
    openssl('req', '-new', ...P256, '-noenc', '-subj', `/CN=${registrationId}`, '-keyout',
            file('key.pem'), '-out', file('request.pem'));
    openssl('x509', '-req', '-in', file('request.pem'), '-CA', file('ca.pem'), '-CAkey',
            file('ca.key'), '-extfile', file('extensions'), '-days', '-1', '-out',
            file('certificate.pem'));
    return {
      subject: registrationId,
      certificate: readFileSync(file('certificate.pem'), 'utf8'),
      key: readFileSync(file('key.pem'), 'utf8'),
    };
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

// A server's, for one address of this machine.
export const server = (address, issuer) => issue(address, [
  'basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=serverAuth', `subjectAltName=IP:${address}`,
], {issuer});

// The device's certificate followed by those of its issuers, as a device sends them.
export function withChain(leaf, ...issuers) {
  return {...leaf, certificate: [leaf, ...issuers].map((one) => one.certificate).join('')};
}

// As Azure IoT Hub shows it.
export function thumbprint(pem) {
  return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex').toUpperCase();
}

export const newKey = () => randomBytes(64).toString('base64');

export function derivedKey(groupKey, registrationId) {
  return createHmac('sha256', Buffer.from(groupKey, 'base64')).update(registrationId).digest('base64');
}
