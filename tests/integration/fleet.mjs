// Many devices at once: berth-device, against the installation in BERTH_DEV_DIR.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import path from 'node:path';
import {text} from 'node:stream/consumers';

// Gives what berth-device says of each device. Devices share the group's key, from which their own
// are derived; their IDs are the prefix and a number (of one device: the prefix alone). CoAPS needs the
// group's ID.
export async function registerFleet(
    {prefix, count, groupKey, groupId, protocol, concurrency = 50, timeoutSeconds = 30}) {
  const program = spawn(
      path.join(process.env.BERTH_BIN, 'berth-device'),
      [
        '--dev', path.join(process.env.BERTH_DEV_DIR, 'dev.json'), '--protocol', protocol,
        '--registration-id', prefix, '--group-key', groupKey, '--count', count, '--concurrency',
        concurrency, '--timeout', timeoutSeconds, ...(groupId ? ['--group-id', groupId] : []),
      ].map(String),
      {stdio: ['ignore', 'pipe', 'inherit']});
  const [said, [code, signal]] = await Promise.all([text(program.stdout), once(program, 'exit')]);
  // 1: not every device got its hub.
  if (signal || code > 1) throw new Error(`berth-device ended with ${signal ?? code}`);
  const reports = said.trimEnd().split('\n').map((line) => JSON.parse(line));
  return reports.filter((report) => report.registrationId !== undefined);
}

export const assigned = (reports) => reports.filter((report) => report.status === 'assigned');
