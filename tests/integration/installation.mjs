// A whole Berth on loopback (`berth dev`), on the ports that SDKs are fixed to.
import {execFile, spawn} from 'node:child_process';
import {createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';

import {until, within} from './waiting.mjs';

const READY_WITHIN_MS = 60_000;
const STOPPED_WITHIN_MS = 10_000;
const LOG_TAIL_LINES = 100;
const PROGRAMS = ['berth-dev', 'berth-hub', 'mosquitto', 'berth-coordinator', 'berth-gateway'];

export class Installation {
  static running(bin, dir) {
    return new Installation(bin, dir, undefined);
  }

  static async start(bin, options = []) {
    const dir = mkdtempSync(path.join(tmpdir(), 'berth-'));
    const child = spawn(path.join(bin, 'berth'), ['dev', '--dir', dir, '--standard-ports', ...options],
                        {stdio: ['ignore', 'pipe', 'pipe']});
    const installation = new Installation(bin, dir, child);
    try {
      await installation.#ready();
    } catch (error) {
      installation.printLog();
      await installation.stop();
      throw error;
    }
    return installation;
  }

  constructor(bin, dir, child) {
    this.bin = bin;
    this.dir = dir;
    this.child = child;
    this.log = path.join(dir, 'berth-dev.log');
  }

  // Read anew each time: `restart` rewrites the process IDs.
  description() {
    return JSON.parse(readFileSync(path.join(this.dir, 'dev.json'), 'utf8'));
  }

  // Kills a part at once, as a crash does, and waits until it is gone.
  async kill(part) {
    await this.#signal(part, 'SIGKILL');
  }

  // Lets a part stop in order, and waits until it is gone.
  async end(part) {
    await this.#signal(part, 'SIGTERM');
  }

  async restart(part) {
    await this.berth('dev', 'restart', '--dir', this.dir, part);
  }

  async berth(...args) {
    return promisify(execFile)(path.join(this.bin, 'berth'), args);
  }

  async stop() {
    let inOrder = true;
    if (this.child && this.child.exitCode === null) {
      const exited = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGTERM');
      try {
        await within(STOPPED_WITHIN_MS, 'berth dev to stop', exited);
      } catch {
        inOrder = false;
        this.child.kill('SIGKILL');
        await exited;
      }
    }
    rmSync(this.dir, {recursive: true, force: true});
    return inOrder;
  }

  printLog() {
    for (const program of PROGRAMS) {
      const log = path.join(this.dir, `${program}.log`);
      if (!existsSync(log)) continue;
      const lines = readFileSync(log, 'utf8').trimEnd().split('\n');
      console.error(`--- ${program} said:`);
      for (const line of lines.slice(-LOG_TAIL_LINES)) console.error(line);
    }
    console.error('---');
  }

  async #signal(part, signal) {
    const pid = this.description().pids[part];
    process.kill(pid, signal);
    await until(`${part} to be gone`, () => !isAlive(pid));
  }

  async #ready() {
    const log = createWriteStream(this.log);
    this.child.stderr.pipe(log);
    const ready = new Promise((resolve, reject) => {
      let said = '';
      this.child.stdout.on('data', (chunk) => {
        log.write(chunk);
        said += chunk;
        if (/^ready: /m.test(said)) resolve();
      });
      this.child.once('error', reject);
      this.child.once('exit', (code) => reject(new Error(`berth dev ended with ${code}`)));
    });
    await within(READY_WITHIN_MS, 'berth dev to be ready', ready);
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A killed child that its parent has not asked after yet is gone all the same.
  const state = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '')[0];
  return state !== 'Z';
}
