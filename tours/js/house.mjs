// An emulator in a process of its own, as a user starts it, and its control plane.

import { spawn } from 'node:child_process';

const TOKEN = 'tour-control';

export class House {
  /** Starts `antiphon serve --port 0` and waits until it listens. */
  static async open() {
    const command = process.env.ANTIPHON ?? 'antiphon';
    const options = ['--port', '0', '--control-token', TOKEN, '--journal', '100000'];
    const child = spawn(command, ['serve', ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
    const line = await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', () => reject(new Error('the emulator did not start')));
      child.stdout.once('data', (data) => resolve(String(data)));
    });
    const house = new House();
    house.child = child;
    house.root = /http:\/\/\S+(?=\/v1)/.exec(line)[0];
    house.began = Math.floor((await house.control('GET', 'clock')).now);
    return house;
  }

  close() {
    this.child.kill();
  }

  get baseURL() {
    return `${this.root}/v1`;
  }

  /** What the control plane answers. */
  async control(method, path, body) {
    const headers = { 'X-Antiphon-Token': TOKEN, 'Content-Type': 'application/json' };
    const reply = await fetch(`${this.root}/__antiphon/${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
    return reply.json();
  }

  /** Lets its time pass, and all that becomes due be done. */
  async wait(seconds) {
    await this.control('POST', 'clock', { advance: seconds });
  }

  /** Lets a telephone call come in; gives its ids. */
  call() {
    return this.control('POST', 'call', {});
  }

  /** Lets somebody write in ChatKit's widget; gives the thread and what was answered. */
  write(user, text, more = {}) {
    return this.control('POST', 'widget', { user, text, ...more });
  }

  /** The operations it carried out. */
  async operations() {
    const { data } = await this.control('GET', 'journal');
    return new Set(data.filter((line) => line.status < 400).map((line) => line.operation));
  }

  /** What it keeps on a shelf. */
  async state(shelf) {
    return (await this.control('GET', `state/${shelf}`)).data;
  }
}

/** What `done` gives once it gives something; it is asked again and again. */
export async function until(done, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await done();
    if (found) return found;
    if (Date.now() > end) throw new Error('it never came');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
