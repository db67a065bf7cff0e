// A TPM simulator as Microsoft's SDKs know it: their protocol on two TCP ports in a row, with
// commands of the chip on the first and its power on the second (the "mssim" protocol of Microsoft's
// TPM 2.0 reference implementation), in front of a software TPM that speaks another one.
import {once} from 'node:events';
import net from 'node:net';

const HOST = '127.0.0.1';
const PORTS_TRIED = 20;
// The chip's own limit is 4096 bytes.
const MAX_COMMAND = 8192;
const HEADER = 10;

const SEND_COMMAND = 8;
const HANDSHAKE = 15;
const SESSION_END = 20;
const STOP = 21;
// Power and physical presence, cancelling, non-volatile memory: the software TPM is always on, has
// all of it, and is never in a hurry.
const SIGNALS = new Set([1, 2, 3, 4, 9, 10, 11, 12, 16, 17]);

const uint32 = (number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
};

// Collects what a socket receives, and gives it away in the sizes asked for.
class Reader {
  #bytes = Buffer.alloc(0);
  #wanted = [];

  constructor(socket) {
    socket.on('data', (data) => {
      this.#bytes = Buffer.concat([this.#bytes, data]);
      this.#serve();
    });
    socket.on('close', () => {
      for (const {reject} of this.#wanted.splice(0)) reject(new Error('the other end hung up'));
    });
  }

  take(size) {
    return new Promise((resolve, reject) => {
      this.#wanted.push({size, resolve, reject});
      this.#serve();
    });
  }

  #serve() {
    while (this.#wanted.length > 0 && this.#bytes.length >= this.#wanted[0].size) {
      const {size, resolve} = this.#wanted.shift();
      resolve(this.#bytes.subarray(0, size));
      this.#bytes = this.#bytes.subarray(size);
    }
  }
}

export class TpmSimulator {
  static async inFrontOf(tpm) {
    const chip = net.connect(tpm.socket);
    await once(chip, 'connect');
    const simulator = new TpmSimulator(chip);
    await simulator.#listen();
    return simulator;
  }

  constructor(chip) {
    this.chip = chip;
    this.answers = new Reader(chip);
    this.inTurn = Promise.resolve();
    this.clients = new Set();
    this.commands = net.createServer((client) => this.#serve(client));
    this.platform = net.createServer((client) => this.#serve(client));
  }

  stop() {
    for (const client of this.clients) client.destroy();
    this.commands.close();
    this.platform.close();
    this.chip.destroy();
  }

  // The second port is the one after the first, wherever that is free.
  async #listen() {
    for (let tries = 0; tries < PORTS_TRIED; ++tries) {
      this.commands.listen(0, HOST);
      await once(this.commands, 'listening');
      const {port} = this.commands.address();
      try {
        this.platform.listen(port + 1, HOST);
        await once(this.platform, 'listening');
        this.port = port;
        return;
      } catch {
        this.commands.close();
        await once(this.commands, 'close');
      }
    }
    throw new Error('no two ports in a row are free');
  }

  async #serve(client) {
    this.clients.add(client);
    client.setNoDelay(true);
    client.on('error', () => client.destroy());
    client.on('close', () => this.clients.delete(client));
    const reader = new Reader(client);
    try {
      for (;;) {
        const reply = await this.#reply(reader);
        if (!reply) break;
        client.write(reply);
      }
      client.end();
    } catch {
      client.destroy();
    }
  }

  async #reply(reader) {
    const request = (await reader.take(4)).readUInt32BE(0);
    if (SIGNALS.has(request)) return uint32(0);
    switch (request) {
      case HANDSHAKE:
        await reader.take(4);
        // Version 1; a platform module with physical presence.
        return Buffer.concat([uint32(1), uint32(1 | 8), uint32(0)]);
      case SEND_COMMAND: {
        const size = (await reader.take(1 + 4)).readUInt32BE(1);
        if (size < HEADER || size > MAX_COMMAND) throw new Error(`a command of ${size} bytes`);
        const answer = await this.#run(await reader.take(size));
        return Buffer.concat([uint32(answer.length), answer, uint32(0)]);
      }
      case SESSION_END:
      case STOP: return undefined;
      default: throw new Error(`request ${request}`);
    }
  }

  // A chip does one thing at a time.
  #run(command) {
    const answered = this.inTurn.then(async () => {
      this.chip.write(command);
      const header = await this.answers.take(HEADER);
      const rest = await this.answers.take(header.readUInt32BE(2) - HEADER);
      return Buffer.concat([header, rest]);
    });
    this.inTurn = answered.catch(() => {});
    return answered;
  }
}
