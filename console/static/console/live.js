/** The one client of the sockets: it comes back after whatever closes them, and hands over every frame once, in order. */

/** @import { Frame } from './types.js' */
/** @import { Session } from './session.js' */

import { SignedOut } from './session.js';

// A socket that said nothing for so long is dead, although nobody told; in ms.
const SILENCE = 40_000;
const PING = 15_000;
const LONGEST_WAIT = 30_000;
// Codes after which a chat cannot be opened again: no right to it, or no such chat.
const FINAL = [4403, 4404];
// Too many sockets of this user: this one was idle longest. Coming back at once would close another window's.
const TOO_MANY = 4429;

/**
 * @typedef {object} Handlers
 * @property {(frame: Frame) => void | Promise<void>} onFrame  each frame once, in order
 * @property {() => Promise<void>} onSync  load everything by REST: too much was missed
 * @property {(code: number, reason: string) => void} onEnd  the socket cannot be opened again
 * @property {(live: boolean) => void} [onState]
 */

export class LiveSocket {
  /** @type {WebSocket | null} */
  #socket = null;
  #heard = 0;
  #newest = 0;
  #failures = 0;
  #over = false;
  /** @type {number | undefined} */
  #retry;
  /** Closed for being idle: somebody has to use this window first. */
  #parked = false;
  /** What is being handled: frames wait for the one before. */
  #work = Promise.resolve();
  #beat = setInterval(() => this.#checkPulse(), PING);
  #wake = () => this.#now();
  #use = () => { if (this.#parked) this.#now(); };

  /**
   * @param {Session} session
   * @param {string} path  `/ws/inbox/` or `/ws/chat/<customer id>/`
   * @param {Handlers} handlers
   * @param {number | null} [lastSeq]  the cursor to go on from; null in the inbox, which has none
   * @param {Promise<unknown>} [first]  what must be done before frames are handled
   */
  constructor(session, path, handlers, lastSeq = null, first) {
    this.session = session;
    this.path = path;
    this.handlers = handlers;
    this.lastSeq = lastSeq;
    if (first) this.#work = first.then(() => {}, () => {});
    addEventListener('online', this.#wake);
    document.addEventListener('visibilitychange', this.#wake);
    addEventListener('focus', this.#use);
    addEventListener('pointerdown', this.#use);
    addEventListener('keydown', this.#use);
    this.#connect();
  }

  get live() {
    return this.#failures === 0 && this.#socket?.readyState === WebSocket.OPEN;
  }

  /** @param {Record<string, unknown>} frame  is dropped while there is no connection */
  send(frame) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  close() {
    this.#over = true;
    clearInterval(this.#beat);
    clearTimeout(this.#retry);
    removeEventListener('online', this.#wake);
    document.removeEventListener('visibilitychange', this.#wake);
    for (const event of ['focus', 'pointerdown', 'keydown']) removeEventListener(event, this.#use);
    this.#socket?.close(1000);
  }

  async #connect() {
    this.#retry = undefined;
    let token;
    try {
      token = await this.session.token();
    } catch (error) {
      if (error instanceof SignedOut) return this.#end(4401, '');
      return this.#later();
    }
    if (this.#over) return undefined;
    const url = new URL(this.path, location.origin);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    if (this.lastSeq !== null) url.searchParams.set('last_seq', String(this.lastSeq));
    const socket = new WebSocket(url, ['bearer', token]);
    let good = true; // until a frame cannot be handled: it and what follows are asked for again
    socket.onmessage = ({ data }) => {
      this.#heard = Date.now();
      this.#work = this.#work
        .then(() => (good && !this.#over ? this.#take(JSON.parse(data)) : undefined))
        .catch((error) => {
          console.error(error);
          good = false;
          socket.close(4000);
        });
    };
    socket.onclose = (event) => { this.#work = this.#work.then(() => this.#closed(event, token)); };
    this.#socket = socket;
    this.#heard = Date.now();
    return undefined;
  }

  /** @param {Frame} frame */
  async #take(frame) {
    const { handlers } = this;
    if (frame.type === 'ready') {
      this.#failures = 0;
      this.#newest = frame.data.seq ?? 0;
      handlers.onState?.(true);
      if (this.lastSeq === null) await handlers.onSync(); // the inbox has no log: what was loaded before may be old
    }
    if (frame.type === 'resync_required') await handlers.onSync();
    else if (frame.seq === undefined || this.lastSeq === null || frame.seq > this.lastSeq) await handlers.onFrame(frame);
    if (this.lastSeq === null) return;
    if (frame.type === 'resync_required') this.lastSeq = frame.data.seq ?? this.#newest;
    else if (frame.seq !== undefined && frame.seq > this.lastSeq) this.lastSeq = frame.seq;
  }

  /** @param {CloseEvent} event @param {string} token */
  async #closed({ code, reason }, token) {
    if (this.#over) return undefined;
    this.handlers.onState?.(false);
    if (FINAL.includes(code)) return this.#end(code, reason);
    if (code === TOO_MANY) {
      this.#parked = true;
      return undefined;
    }
    if (code === 4401) {
      try {
        await this.session.token(token);
        this.#failures = 0; // the new token should be used before it ends
      } catch (error) {
        if (error instanceof SignedOut) return this.#end(code, reason);
      }
    }
    return this.#later();
  }

  #later() {
    if (this.#over || this.#retry !== undefined) return;
    const wait = Math.min(LONGEST_WAIT, 1000 * 2 ** this.#failures) * Math.random();
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  /** Do not wait out the pause: the network is back, or somebody looks. */
  #now() {
    if (document.hidden) return;
    if (this.#retry === undefined && !this.#parked) return this.#checkPulse();
    this.#parked = false;
    clearTimeout(this.#retry);
    this.#connect();
  }

  #checkPulse() {
    if (Date.now() - this.#heard > SILENCE) this.#socket?.close(4000);
    else this.send({ type: 'ping' });
  }

  /** @param {number} code @param {string} reason */
  #end(code, reason) {
    this.close();
    this.handlers.onEnd(code, reason);
  }
}
