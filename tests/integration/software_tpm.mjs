// A TPM 2.0 in software (swtpm), as a machine's own: made anew, or with the state of one that was
// there before.
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync} from 'node:fs';
import path from 'node:path';

import {until} from './waiting.mjs';

export class SoftwareTpm {
  // Keeps its state, and its socket, in `folder`.
  static async start(folder) {
    mkdirSync(folder, {recursive: true});
    const socket = path.join(folder, 'tpm.sock');
    const child = spawn(
        'swtpm',
        ['socket', '--tpm2', '--tpmstate', `dir=${folder}`, '--server',
         `type=unixio,path=${socket}`, '--ctrl', `type=unixio,path=${socket}.ctrl`, '--flags',
         'not-need-init,startup-clear'],
        {stdio: ['ignore', 'inherit', 'inherit']});
    await until('the software TPM to listen', () => existsSync(socket));
    return new SoftwareTpm(child, socket);
  }

  constructor(child, socket) {
    this.child = child;
    this.socket = socket;
    // As libtss2 names the way; it finds the control socket by the other's name.
    this.tcti = `swtpm:path=${socket}`;
  }

  async stop() {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await exited;
  }
}
