// Makes the hubs of an installation misbehave (berth-hub's POST /faults).
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import path from 'node:path';

const configuration = readFileSync(path.join(process.env.BERTH_DEV_DIR, 'berth-hub.toml'), 'utf8');
const management = /\[management\][^[]*?port = (\d+)/.exec(configuration)[1];

// `mode`: throttle, down, slow, full, unauthorized, nonsense or none; `more`: count, milliseconds.
export async function setFault(hub, mode, more = {}) {
  const answer = await fetch(`http://127.0.0.1:${management}/faults`,
                             {method: 'POST', body: JSON.stringify({hub, mode, ...more})});
  assert.ok(answer.ok, await answer.text());
}
