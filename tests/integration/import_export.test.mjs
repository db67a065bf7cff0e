// Thousands of enrollments in and out again by `berth`, in both formats, with importers and exporters
// that are killed midway and go on (docs/cli.md).
import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import {setTimeout} from 'node:timers/promises';

import {Admin, connectionString} from './admin.mjs';
import {authority, device, newKey} from './certificates.mjs';
import {Installation} from './installation.mjs';
import {dev, hubNames} from './peers.mjs';

const ROWS = 3000;
const KILLED_AFTER_ROWS = 1000;
const REPLACED_ROWS = 300;
const API = 'api-version=2021-10-01';

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const operator = new Admin(dev.operator.connectionString);
// Whose enrollments are meant.
let login = dev.service.connectionString;
let admin = new Admin(login);
const file = (name) => path.join(installation.dir, name);
const read = (name) => readFileSync(file(name), 'utf8');
const jsonLines = (name) => read(name).trimEnd().split('\n').map((line) => JSON.parse(line));

function start(...args) {
  const options = ['--login', login, '--ca-file', dev.service.caFile, '--output', 'json'];
  const child = spawn(path.join(installation.bin, 'berth'), [...options, ...args]);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (err += chunk));
  const ended = once(child, 'close').then(([code, signal]) => ({code, signal, out, err}));
  return {child, ended};
}

async function berth(...args) {
  const done = await start(...args).ended;
  return {...done, said: done.out.startsWith('{') ? JSON.parse(done.out) : undefined};
}

// Sends a signal as soon as the file says that it is time, and waits for the end.
async function stopWhen({child, ended}, signal, progress, isTime) {
  while (child.exitCode === null) {
    let told;
    try {
      told = JSON.parse(read(progress));
    } catch {
      told = undefined;  // not there yet
    }
    if (told && isTime(told)) {
      child.kill(signal);
      break;
    }
    await setTimeout(2);
  }
  return ended;
}

// Everything but what every write makes anew, by ID.
function comparable(records) {
  const byId = new Map();
  for (const {etag, createdDateTimeUtc, lastUpdatedDateTimeUtc, ...record} of records) {
    byId.set(record.registrationId ?? record.enrollmentGroupId, record);
  }
  return byId;
}

// From here on a tenant without any enrollment is meant: the one that has no name takes the place of
// the first.
async function moveToAnEmptyTenant() {
  const made = await operator.call('POST', '/berth/v1/tenants', {name: 'next', isDefault: true});
  login = connectionString(admin.login.HostName, made.accessPolicies[0]);
  admin = new Admin(login);
}

const quoted = (text) => `"${text.replaceAll('"', '""')}"`;

test('rows of CSV are imported over a kill, and the report names the refused ones', async () => {
  await admin.call('PUT', `/enrollments/csv-1500?${API}`,
                   {registrationId: 'csv-1500', attestation: {type: 'symmetricKey'}});
  const certificate = quoted(device('csv-x509').certificate);
  const lines = ['registrationId,primaryKey,secondaryKey,certificate,iotHubs,tags'];
  const rowOf = (i) => `csv-${i},${newKey()},${newKey()},,${hubNames.join(';')},` +
      quoted(JSON.stringify({line: i, note: 'a "b", c'}));
  for (let i = 0; i < ROWS; ++i) lines.push(rowOf(i));
  lines[2001] = 'csv-2000,AQID,,,,';               // a key that is too short
  lines[2002] = 'csv-2001,,,,,{';                  // tags that are no JSON
  lines[2003] = 'csv-2002,,,,,';                   // no attestation
  lines[2004] = `csv x,${newKey()},,,,`;           // no such ID can be
  lines[2005] = `CSV-7,${newKey()},${newKey()},,,`;  // there already
  lines[2006] = `csv-x509,,,${certificate},,`;
  writeFileSync(file('devices.csv'), `${lines.join('\r\n')}\r\n`);

  const first = start('enrollment', 'import', file('devices.csv'), '--progress');
  const killed = await stopWhen(first, 'SIGKILL', 'devices.csv.progress',
                                ({rows}) => rows >= KILLED_AFTER_ROWS);
  assert.equal(killed.signal, 'SIGKILL');
  assert.match(killed.err, /^\d+ rows/m);

  const again = await berth('enrollment', 'import', file('devices.csv'));
  assert.equal(again.code, 2, 'an import that stopped is not begun anew by mistake');
  assert.match(again.err, /--resume/);

  const resumed = await berth('enrollment', 'import', file('devices.csv'), '--resume');
  assert.equal(resumed.code, 1, resumed.err);
  assert.deepEqual(resumed.said, {
    rows: ROWS,
    written: ROWS - 6,
    refused: 6,
    report: file('devices.csv.refused.csv'),
  });
  const report = read('devices.csv.refused.csv').trimEnd().split('\r\n');
  assert.equal(report.shift(), 'line,id,errorCode,reason');
  const refused = report.map((line) => line.split(',').slice(0, 3).join(','));
  // A line of the file is one more than the number of its row, because of the header.
  assert.deepEqual(refused, [
    '1502,csv-1500,409201',
    '2002,csv-2000,400201',
    '2003,,',
    '2004,csv-2002,400201',
    '2005,csv x,400201',
    '2006,CSV-7,409201',
  ]);
  for (const line of report) assert.ok(line.split(',')[3].length > 0);
  assert.ok(!existsSync(file('devices.csv.progress')));
});

test('an export over a kill is whole, and its file nobody else can read', async () => {
  const first = start('enrollment', 'export', file('all.jsonl'), '--with-keys');
  const killed = await stopWhen(first, 'SIGKILL', 'all.jsonl.part.progress', () => true);
  assert.equal(killed.signal, 'SIGKILL');
  assert.ok(!existsSync(file('all.jsonl')));
  const resumed = await berth('enrollment', 'export', file('all.jsonl'), '--with-keys', '--resume');
  assert.equal(resumed.code, 0, resumed.err);
  // csv-1500 was there before, and csv-x509 is one of the rows.
  assert.equal(resumed.said.rows, ROWS - 5);
  const records = jsonLines('all.jsonl');
  assert.equal(comparable(records).size, ROWS - 5);
  assert.equal(statSync(file('all.jsonl')).mode & 0o777, 0o600);
  const symmetric = records.filter(({attestation}) => attestation.type === 'symmetricKey');
  assert.equal(symmetric.length, ROWS - 6);
  for (const {attestation} of symmetric) assert.ok(attestation.symmetricKey.secondaryKey);
  assert.ok(!existsSync(file('all.jsonl.part')));
});

test('what was exported as JSON lines is the same elsewhere, after an import over Ctrl-C', async () => {
  const before = comparable(jsonLines('all.jsonl'));
  await moveToAnEmptyTenant();
  const first = start('enrollment', 'import', file('all.jsonl'));
  const stopped = await stopWhen(first, 'SIGINT', 'all.jsonl.progress',
                                 ({rows}) => rows >= KILLED_AFTER_ROWS);
  assert.equal(stopped.signal, null, 'it ends by itself');
  assert.equal(stopped.code, 1);
  assert.ok(JSON.parse(stopped.out).rows < before.size);
  const resumed = await berth('enrollment', 'import', file('all.jsonl'), '--resume');
  assert.equal(resumed.code, 0, resumed.err);
  assert.deepEqual(resumed.said, {rows: before.size, written: before.size, refused: 0});
  assert.ok(!existsSync(file('all.jsonl.refused.csv')), 'nothing refused leaves no report');
  const exported = await berth('enrollment', 'export', file('again.jsonl'), '--with-keys');
  assert.equal(exported.code, 0, exported.err);
  assert.deepEqual(comparable(jsonLines('again.jsonl')), before);
});

test('what was exported as CSV is the same after it replaced what was there', async () => {
  const before = comparable(jsonLines('again.jsonl'));
  assert.equal((await berth('enrollment', 'export', file('all.csv'), '--with-keys')).code, 0);
  const [header, ...rows] = read('all.csv').trimEnd().split('\r\n');
  assert.equal(rows.length, before.size);
  const some = rows.slice(0, REPLACED_ROWS);
  writeFileSync(file('some.csv'), `${[header, ...some].join('\r\n')}\r\n`);
  const [registrationId, gone] = some.map((row) => row.slice(0, row.indexOf(',')));
  const changed = {registrationId, attestation: {type: 'symmetricKey'}, deviceId: 'other'};
  await admin.call('PUT', `/enrollments/${registrationId}?${API}`, changed, {'If-Match': '*'});
  await admin.call('DELETE', `/enrollments/${gone}?${API}`);
  const imported = await berth('enrollment', 'import', file('some.csv'), '--mode', 'upsert');
  assert.equal(imported.code, 0, imported.err);
  assert.equal((await berth('enrollment', 'export', file('third.jsonl'), '--with-keys')).code, 0);
  assert.deepEqual(comparable(jsonLines('third.jsonl')), before);
});

test('an export without keys shows none, and its etags guard against changes', async () => {
  const exported = await berth('enrollment', 'export', '-', '--format', 'csv');
  assert.equal(exported.code, 0, exported.err);
  const withKeys = jsonLines('all.jsonl').filter(({attestation}) => attestation.symmetricKey);
  for (const {registrationId, attestation} of withKeys.slice(0, 20)) {
    assert.ok(exported.out.includes(registrationId));
    assert.ok(!exported.out.includes(attestation.symmetricKey.primaryKey));
  }
  const [header, ...rows] = exported.out.trimEnd().split('\r\n');
  writeFileSync(file('some.csv'), `${[header, ...rows.slice(0, 20)].join('\r\n')}\r\n`);
  const taken = await berth('enrollment', 'import', file('some.csv'), '--mode', 'update-if-match');
  assert.equal(taken.code, 0, taken.err);
  // The etags are others now.
  const stale = await berth('enrollment', 'import', file('some.csv'), '--mode', 'update-if-match',
                            '--report', file('stale.jsonl'));
  assert.equal(stale.code, 1);
  const refused = jsonLines('stale.jsonl');
  assert.equal(refused.length, 20);
  for (const {errorCode} of refused) assert.equal(errorCode, 412201);
});

test('an export without keys is for its owner only, as twins and webhooks hold secrets', async () => {
  for (const noun of ['enrollment', 'group']) {
    const exported = await berth(noun, 'export', file(`${noun}-no-keys.jsonl`));
    assert.equal(exported.code, 0, exported.err);
    assert.equal(statSync(file(`${noun}-no-keys.jsonl`)).mode & 0o777, 0o600);
  }
});

test('no report is written over the file that is imported', async () => {
  const before = read('some.csv');
  const imported = await berth('enrollment', 'import', file('some.csv'), '--mode', 'upsert',
                               '--report', file('some.csv'));
  assert.equal(imported.code, 2, imported.err);
  assert.match(imported.err, /--report/);
  assert.equal(read('some.csv'), before);
  const note = 'endorsementKeyHash\n';
  writeFileSync(file('note.csv'), note);
  const tpms = await berth('group', 'tpm-import', 'chips', file('note.csv'), '--report',
                           file('note.csv'));
  assert.equal(tpms.code, 2, tpms.err);
  assert.match(tpms.err, /--report/);
  assert.equal(read('note.csv'), note);
});

test('enrollment groups go out and in as well', async () => {
  const groups = [
    {enrollmentGroupId: 'by-key', attestation: {type: 'symmetricKey'}, iotHubs: hubNames},
    {
      enrollmentGroupId: 'by-ca',
      attestation: {
        type: 'x509',
        x509: {signingCertificates: {primary: {certificate: authority('a CA').certificate}}},
      },
    },
  ];
  for (const group of groups) {
    await admin.call('PUT', `/enrollmentGroups/${group.enrollmentGroupId}?${API}`, group);
  }
  for (const format of ['csv', 'jsonl']) {
    const name = `groups.${format}`;
    assert.equal((await berth('group', 'export', file(name), '--with-keys')).code, 0);
    assert.equal((await berth('group', 'export', file('before.jsonl'), '--with-keys')).code, 0);
    for (const {enrollmentGroupId} of groups) {
      await admin.call('DELETE', `/enrollmentGroups/${enrollmentGroupId}?${API}`);
    }
    const imported = await berth('group', 'import', file(name));
    assert.equal(imported.code, 0, imported.err);
    assert.equal((await berth('group', 'export', file('after.jsonl'), '--with-keys')).code, 0);
    assert.deepEqual(comparable(jsonLines('after.jsonl')), comparable(jsonLines('before.jsonl')));
  }
});
