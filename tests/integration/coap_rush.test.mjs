// More devices at once than CoAPS holds sessions, from one address, which may begin fewer handshakes
// at once than that (kMaxCoapSessions and kCoapHandshakeBurst in gateway/core/limits.hpp): those past
// the limits repeat their handshakes, and everyone gets in.
import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import {promisify} from 'node:util';

import {newKey} from './certificates.mjs';
import {service} from './peers.mjs';
import {until} from './waiting.mjs';

const SESSIONS = 1000;
const DEVICES = SESSIONS + 100;
const PATIENCE_SECONDS = 60;
const MOST_OUTPUT = 16 * 1024 * 1024;

const groupId = 'coap-rush';
const groupKey = newKey();

async function fleet(prefix, count) {
  const {stdout} = await promisify(execFile)(
      path.join(process.env.BERTH_BIN, 'berth-device'),
      [
        '--dev', path.join(process.env.BERTH_DEV_DIR, 'dev.json'), '--protocol', 'coaps',
        '--registration-id', prefix, '--group-id', groupId, '--group-key', groupKey, '--count', count,
        '--concurrency', count, '--timeout', PATIENCE_SECONDS,
      ].map(String),
      {maxBuffer: MOST_OUTPUT});
  return stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
}

test('a rush of more devices than there are sessions ends with everyone in', async (t) => {
  await service().createOrUpdateEnrollmentGroup({
    enrollmentGroupId: groupId,
    attestation: {
      type: 'symmetricKey',
      symmetricKey: {primaryKey: groupKey, secondaryKey: newKey()},
    },
  });
  await until('the gateway to know the group', () => fleet('coap-rush-first', 1));
  const reports = await fleet('coap-rush-', DEVICES);
  const summary = reports.at(-1);
  t.diagnostic(JSON.stringify(summary));
  assert.equal(reports.filter(({status}) => status === 'assigned').length, DEVICES);
  assert.deepEqual(summary.errors, {});
});
