// What `berth` makes of names and logins before and after it asks the coordinator (docs/cli.md).
import assert from 'node:assert/strict';
import test from 'node:test';

import {Admin, connectionString} from './admin.mjs';
import {Installation} from './installation.mjs';
import {dev, hubNames} from './peers.mjs';

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const admin = new Admin(dev.service.connectionString);

async function berth(...args) {
  const {stdout} = await installation.berth('--login', dev.service.connectionString, '--ca-file',
                                            dev.service.caFile, '--output', 'json', ...args);
  return stdout ? JSON.parse(stdout) : undefined;
}

const firstPart = (hostName) => hostName.slice(0, hostName.indexOf('.'));

test('a hub may be named by the first part of its host name', async () => {
  const short = firstPart(hubNames[0]);
  assert.equal((await berth('hub', 'show', short)).hostName, hubNames[0]);
  assert.equal((await berth('hub', 'show', short.toUpperCase())).hostName, hubNames[0]);
  await berth('hub', 'update', short, '--allocation-weight', '7');
  assert.equal((await berth('hub', 'show', hubNames[0])).allocationWeight, 7);
  const {hubId} = await berth('hub', 'show', hubNames[0]);
  assert.equal((await berth('hub', 'show', hubId)).hostName, hubNames[0]);
  await assert.rejects(berth('hub', 'show', 'no-such-hub'), (error) => error.code === 1);
});

test('a first part that two hubs have names neither of them', async () => {
  const twin = `${firstPart(hubNames[0])}.elsewhere.test`;
  await berth('hub', 'link', '--host-name', twin, '--policy-name', 'iothubowner', '--policy-key',
              'AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=');
  await assert.rejects(berth('hub', 'unlink', firstPart(twin)), (error) => {
    assert.equal(error.code, 2);
    assert.ok(error.stderr.includes(twin) && error.stderr.includes(hubNames[0]));
    return true;
  });
  await berth('hub', 'unlink', twin);
  assert.equal((await berth('hub', 'show', firstPart(twin))).hostName, hubNames[0]);
});

test('connection strings of the owner, of one policy and of all let in', async () => {
  const reader = await admin.call('POST', '/berth/v1/accessPolicies',
                                  {keyName: 'reader', rights: 'EnrollmentRead'});
  const {HostName, SharedAccessKeyName} = admin.login;
  assert.equal(SharedAccessKeyName, 'provisioningserviceowner');
  assert.equal(await berth('policy', 'connection-string'), dev.service.connectionString);
  assert.equal(await berth('policy', 'connection-string', '--policy-name', 'reader'),
               connectionString(HostName, reader));
  const all = await berth('policy', 'connection-string', '--all');
  assert.deepEqual(all.map(({keyName}) => keyName).sort(), ['provisioningserviceowner', 'reader']);
  for (const {connectionString: text} of all) {
    const answer = await new Admin(text).send('GET', '/berth/v1/enrollments');
    assert.equal(answer.status, 200);
  }
  await assert.rejects(berth('policy', 'connection-string', 'reader', '--all'),
                       (error) => error.code === 2);
});
