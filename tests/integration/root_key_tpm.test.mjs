// Root keys sealed to a machine's TPM: nothing is lost on the way there and back, and what is taken
// to another machine opens with the recovery key only.
import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';

import {newKey} from './certificates.mjs';
import {Installation} from './installation.mjs';
import {hubNames, register, service, withKey} from './peers.mjs';
import {SoftwareTpm} from './software_tpm.mjs';
import {until} from './waiting.mjs';

const PROGRAMS = ['coordinator', 'gateway'];
const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const client = service();
const folderOf = (program) => path.join(installation.dir, program);
const configOf = (program) => path.join(installation.dir, `berth-${program}.toml`);
const tpms = [];

async function machine(name) {
  const tpm = await SoftwareTpm.start(path.join(installation.dir, name));
  tpms.push(tpm);
  return tpm;
}

function berth(args, input = '') {
  return spawnSync(path.join(process.env.BERTH_BIN, 'berth'), args, {input, encoding: 'utf8'});
}
function rootKey(verb, program, tpm, input) {
  return berth(['root-key', verb, '--data-dir', folderOf(program), '--tpm', tpm.tcti, '--output',
                'json'], input);
}
function done(result) {
  assert.equal(result.status, 0, result.stderr);
  return JSON.parse(result.stdout);
}

const plainConfig = Object.fromEntries(
    PROGRAMS.map((program) => [program, readFileSync(configOf(program), 'utf8')]));
function configure(program, tpm) {
  const keys = tpm ? `root_key = "tpm"\ntpm = "${tpm.tcti}"\n` : '';
  writeFileSync(configOf(program), keys + plainConfig[program]);
}

const key = newKey();
async function registersAs(id) {
  const state = await until(`${id} to register`, () => register('Http', withKey(id, key)));
  assert.equal(state.registrationId, id);
  assert.ok(hubNames.includes(state.assignedHub));
  return state;
}

async function stopped(action) {
  for (const program of PROGRAMS) await installation.end(program);
  const made = await action();
  return made;
}
async function started() {
  for (const program of PROGRAMS) await installation.restart(program);
}

test('root keys move into the TPM and back, and open elsewhere with the recovery key', async (t) => {
  t.after(() => Promise.all(tpms.map((tpm) => tpm.stop())));
  await client.createOrUpdateIndividualEnrollment({
    registrationId: 'sealed-1',
    attestation: {type: 'symmetricKey', symmetricKey: {primaryKey: key, secondaryKey: newKey()}},
  });
  const before = await registersAs('sealed-1');
  const tpm = await machine('machine-a');

  // Into the TPM's keeping.
  const recovery = await stopped(() => {
    const shown = {};
    for (const program of PROGRAMS) {
      shown[program] = done(rootKey('seal', program, tpm)).recoveryKey;
      assert.match(shown[program], /^berth-root-key-1 [0-9a-f]{64} [0-9a-f]{8}$/);
      assert.ok(!existsSync(path.join(folderOf(program), 'root.key')));
      const sealed = readFileSync(path.join(folderOf(program), 'root.key.tpm'), 'utf8');
      assert.ok(!sealed.includes(shown[program].split(' ')[1]), 'the key is not in the file');
      configure(program, tpm);
    }
    return shown;
  });
  await started();
  assert.deepEqual((await registersAs('sealed-1')).assignedHub, before.assignedHub);
  await until('the registration at the coordinator',
              async () => (await client.getDeviceRegistrationState('sealed-1')).responseBody);

  // The disks in another machine.
  const thief = await machine('machine-b');
  await stopped(() => {
    for (const program of PROGRAMS) configure(program, thief);
  });
  for (const program of PROGRAMS) {
    const refused = spawnSync(path.join(process.env.BERTH_BIN, `berth-${program}`),
                              ['--config', configOf(program)], {encoding: 'utf8', timeout: 20_000});
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /another machine's TPM sealed|berth root-key recover/);
    assert.notEqual(rootKey('unseal', program, thief).status, 0);
    assert.notEqual(rootKey('recover', program, thief, 'berth-root-key-1 00\n').status, 0);
  }

  // Its owner, with the recovery keys.
  for (const program of PROGRAMS) done(rootKey('recover', program, thief, `${recovery[program]}\n`));
  await started();
  assert.deepEqual((await registersAs('sealed-1')).assignedHub, before.assignedHub);

  // And back into files.
  await stopped(() => {
    for (const program of PROGRAMS) {
      done(rootKey('unseal', program, thief));
      assert.ok(!existsSync(path.join(folderOf(program), 'root.key.tpm')));
      configure(program);
    }
  });
  await started();
  assert.deepEqual((await registersAs('sealed-1')).assignedHub, before.assignedHub);
  assert.equal((await client.getDeviceRegistrationState('sealed-1')).responseBody.assignedHub,
               before.assignedHub);
});

test('a new node begins with a sealed key', async (t) => {
  const tpm = await machine('machine-c');
  t.after(() => tpm.stop());
  const folder = path.join(installation.dir, 'fresh');
  const create = ['root-key', 'create', '--data-dir', folder, '--tpm', tpm.tcti];
  const made = berth(create);
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /berth-root-key-1 /);
  assert.match(made.stdout + made.stderr, /shown once/);
  // Not over what is there.
  assert.equal(berth(create).status, 1);
});

test('where no TPM answers, the message names the way that was tried', () => {
  const refused = rootKey('seal', 'gateway', {tcti: 'swtpm:path=/nowhere/tpm.sock'});
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /swtpm:path=\/nowhere\/tpm\.sock/);
});
