// Azure's device SDK over each transport, when the gateway answers 429: a device that asks for more
// than one registration may have open at a time (kMaxJoinedRequests in gateway/core/limits.hpp).
// Over MQTT the SDK comes again when it was told to. Over HTTPS it fails at once on any 429; over AMQP
// it means to come again, but knows the error only if npm gave all of its packages one azure-iot-common.
import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import test, {after, before} from 'node:test';

import {derivedKey, newKey} from './certificates.mjs';
import {Installation} from './installation.mjs';
import {hubNames, hubsHolding, register, sdkDevice, service, transports, withKey} from './peers.mjs';
import {toldBy} from './sdk_errors.mjs';
import {until} from './waiting.mjs';
import * as wire from './wire.mjs';

// One that begins, and those that join it; MQTT sessions have eight requests open each.
const TAKEN = 1 + 16;
const PER_SESSION = 8;
// How long a registration waits for the coordinator's word: all of the others come meanwhile.
const LOOK_BACK_MS = 10_000;
// kOverloadRetryAfter.
const RETRY_AFTER_MS = 30_000;
const TOLERANCE_MS = 500;
const ENDS_WITHIN_MS = 60_000;

const installation = Installation.running(process.env.BERTH_BIN, process.env.BERTH_DEV_DIR);
const groupKey = newKey();
const keyOf = (id) => derivedKey(groupKey, id);

before(async () => {
  const file = path.join(installation.dir, 'berth-gateway.toml');
  const original = readFileSync(file, 'utf8');
  assert.match(original, /\[coordinator\]\n/);
  writeFileSync(file, original.replace('[coordinator]\n',
                                       `[coordinator]\nlook_back_deadline_ms = ${LOOK_BACK_MS}\n`));
  await installation.end('gateway');
  await installation.restart('gateway');
  await service().createOrUpdateEnrollmentGroup({
    enrollmentGroupId: 'throttled',
    attestation: {
      type: 'symmetricKey',
      symmetricKey: {primaryKey: groupKey, secondaryKey: newKey()},
    },
  });
  await until('the gateway to know the group',
              () => register('Http', withKey('throttled-known', keyOf('throttled-known'))));
});

after(() => wire.closeAll());

// So many requests of one device are taken in, and none is answered yet.
async function crowd(id) {
  let left = TAKEN;
  while (left > 0) {
    const session = await wire.MqttDevice.open({id, token: wire.tokenOf(id, keyOf(id))});
    const some = Math.min(left, PER_SESSION);
    for (let n = 1; n <= some; ++n) {
      session.send({
        cmd: 'publish', topic: `$dps/registrations/PUT/iotdps-register/?$rid=${n}`, payload: '{}',
        qos: 1, messageId: 100 + n, dup: false, retain: false,
      });
    }
    for (let n = 1; n <= some; ++n) {
      await session.wait(({cmd, messageId}) => cmd === 'puback' && messageId === 100 + n);
    }
    assert.ok(!session.received.some(({cmd}) => cmd === 'publish'), 'none is answered yet');
    left -= some;
  }
}

test('a device that asks too often at a time is told to come later', {concurrency: true}, async (t) => {
  const {coordinator} = installation.description().pids;
  // It is linked, and says nothing.
  process.kill(coordinator, 'SIGSTOP');
  const begun = {};
  try {
    await Promise.all(Object.keys(transports).map(async (transport) => {
      const id = `throttled-${transport.toLowerCase()}`;
      await crowd(id);
      const start = performance.now();
      const device = sdkDevice(transport, withKey(id, keyOf(id)));
      begun[transport] = {
        id,
        device,
        end: device.register(ENDS_WITHIN_MS).then((state) => ({state}), (error) => ({error}))
                 .then((end) => ({...end, milliseconds: performance.now() - start})),
      };
    }));
    await begun.Http.end;
  } finally {
    process.kill(coordinator, 'SIGCONT');
  }
  await Promise.all(Object.entries(begun).map(([transport, {id, device, end}]) =>
    t.test(transport, async () => {
      const {state, error, milliseconds} = await end;
      if (transport.startsWith('Mqtt')) {
        assert.equal(error, undefined);
        assert.ok(hubNames.includes(state.assignedHub));
        assert.ok(milliseconds > RETRY_AFTER_MS - TOLERANCE_MS, `${milliseconds} ms`);
      } else {
        const {errorCode, retryAfter} = toldBy(transport, error);
        assert.equal(errorCode, 429001);
        assert.equal(Number(retryAfter), RETRY_AFTER_MS / 1000);
        // Nothing was lost: it gets its hub when it comes again.
        const again = await until('a registration to be taken in', () => device.register());
        assert.ok(hubNames.includes(again.assignedHub));
      }
      assert.equal((await hubsHolding(id)).length, 1);
    })));
});
