// node run_suite.mjs SUITE: starts a whole installation, runs one suite against it in a process of
// its own, and stops the installation. The suite's process is a second one because Node reads the
// certificate that it shall trust only when it starts.
//
// BERTH_BIN: the folder of the programs. BERTH_NPM: where the npm packages are installed.
// BERTH_DEV_DIR: a running installation to use instead of starting one.
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

import {Installation} from './installation.mjs';

const suite = process.argv[2];
const bin = process.env.BERTH_BIN;
const npm = process.env.BERTH_NPM;
if (!suite || !bin || !npm) {
  console.error('usage: BERTH_BIN=… BERTH_NPM=… node run_suite.mjs SUITE');
  process.exit(2);
}
if (!existsSync(`${npm}/node_modules`)) {
  console.error(`run_suite: ${npm} holds no packages: tools/install-dependencies --test`);
  process.exit(2);
}

// What a suite's installation has beside the usual.
const OPTIONS = {mosquitto: ['--with-mosquitto']};

const given = process.env.BERTH_DEV_DIR;
const installation =
    given ? Installation.running(bin, given) : await Installation.start(bin, OPTIONS[suite]);
let code = 1;
try {
  const test = spawn(
      process.execPath, [fileURLToPath(new URL(`./${suite}.test.mjs`, import.meta.url))], {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: {
          ...process.env,
          BERTH_DEV_DIR: installation.dir,
          NODE_EXTRA_CA_CERTS: installation.description().device.caFile,
        },
      });
  const [status, signal] = await once(test, 'exit');
  code = signal ? 1 : status;
} finally {
  if (code !== 0 && !given) installation.printLog();
  if (!given) {
    const stopped = await installation.stop();
    if (!stopped) {
      console.error('run_suite: berth dev did not stop in order');
      code = code || 1;
    }
  }
}
process.exit(code);
