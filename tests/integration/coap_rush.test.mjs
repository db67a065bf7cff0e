// More devices come over CoAPS at one instant than the gateway has sessions for, or lets one address
// begin: each of them gets in by DTLS's own repetition, and none is sent away.
import assert from 'node:assert/strict';
import test from 'node:test';

import {newKey} from './certificates.mjs';
import {assigned, registerFleet} from './fleet.mjs';
import {service} from './peers.mjs';
import {until} from './waiting.mjs';

// kMaxCoapSessions and kCoapHandshakeBurst are 1000.
const DEVICES = 1500;
const groupKey = newKey();

test(`${DEVICES} devices at one instant, from one address`, async (t) => {
  await service().createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'rush',
    attestation: {
      type: 'symmetricKey',
      symmetricKey: {primaryKey: groupKey, secondaryKey: newKey()},
    },
  });
  const register = (prefix, count, concurrency) => registerFleet({
    prefix, count, concurrency, groupKey, groupId: 'rush', protocol: 'coaps', timeoutSeconds: 60,
  });
  await until('the gateway to know the group',
              async () => assigned(await register('rush-first', 1, 1)).length === 1);
  const reports = await register('rush-', DEVICES, DEVICES);
  const longest = Math.max(...assigned(reports).map(({milliseconds}) => milliseconds));
  t.diagnostic(`the longest took ${longest} ms`);
  const others = reports.filter(({status}) => status !== 'assigned');
  assert.deepEqual(others.slice(0, 3), [], `${others.length} of ${DEVICES}`);
  assert.equal(reports.length, DEVICES);
});
