// A TPM 2.0 in software (swtpm), as a machine's own: made anew, or with the state of one that was
// there before.
import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {promisify} from 'node:util';

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

  // The same, after its maker gave it an endorsement key and a certificate of it.
  static async madeBy(maker, folder) {
    mkdirSync(folder, {recursive: true});
    await promisify(execFile)(
        'swtpm_setup',
        ['--tpm2', '--tpmstate', folder, '--createek', '--create-ek-cert', '--config', maker.setup]);
    return SoftwareTpm.start(folder);
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

// Who makes chips, with a CA of his own: a root, and below it the one that issues certificates.
export class TpmMaker {
  constructor(folder) {
    mkdirSync(folder, {recursive: true});
    this.issuerFile = path.join(folder, 'issuer.pem');
    this.setup = path.join(folder, 'setup.conf');
    writeFileSync(path.join(folder, 'ca.conf'),
                  `statedir = ${folder}\nsigningkey = ${path.join(folder, 'key.pem')}\n` +
                      `issuercert = ${this.issuerFile}\n` +
                      `certserial = ${path.join(folder, 'serial')}\n`);
    writeFileSync(path.join(folder, 'ca.options'),
                  '--platform-manufacturer Berth\n--platform-version 1\n--platform-model test\n');
    writeFileSync(this.setup, 'create_certs_tool = swtpm_localca\n' +
                                  `create_certs_tool_config = ${path.join(folder, 'ca.conf')}\n` +
                                  `create_certs_tool_options = ${path.join(folder, 'ca.options')}\n`);
  }

  // There once a chip was made.
  get issuer() {
    return readFileSync(this.issuerFile, 'utf8');
  }
}
