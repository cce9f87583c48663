/**
 * What was written and has not been taken by the server yet. It is kept in the browser's database, so it survives a
 * reload, a lost answer and a dead network: the `client_id` makes sure that it is sent once, whoever sends it again.
 */

/** @import { Api } from './api.js' */
/** @import { Message } from './types.js' */

import { ApiError, pause } from './api.js';
import { Emitter } from './emitter.js';
import { alone, SignedOut } from './session.js';
import { texts } from './texts.js';

const STORE = 'outbox';
const LONGEST_WAIT = 30_000;

/**
 * @typedef {object} Entry
 * @property {string} client_id
 * @property {number} user  who wrote it
 * @property {number} customer
 * @property {number} at  when it was written, in ms
 * @property {Record<string, unknown>} body  of POST /api/messages/
 * @property {File | null} file
 * @property {string} [batch]  the same for files that are sent together
 * @property {'waiting' | 'sending' | 'refused'} state
 * @property {string} error  why it was refused
 * @property {boolean} [final]  sending the same again cannot help
 * @property {number} [moved]  refused because a colleague has answered: the number up to which the chat is known now
 * @property {number} [progress]  the part of the file that has left, 0 to 1
 */

/** @extends {Emitter<{change: number, sent: {entry: Entry, message: Message}, refused: Entry}>} */
export class Outbox extends Emitter {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  /** @type {Promise<IDBDatabase>} */
  #database = open();
  /** @type {Map<string, AbortController>} */
  #uploads = new Map();
  #over = false;
  #wake = () => { for (const customer of this.#customers()) void this.#send(customer); };
  /** @type {Set<number>} */
  #busy = new Set();

  /** @param {Api} api @param {number} user */
  constructor(api, user) {
    super();
    this.api = api;
    this.user = user;
    addEventListener('online', this.#wake);
    void this.#restore();
  }

  close() {
    this.#over = true;
    removeEventListener('online', this.#wake);
    for (const upload of this.#uploads.values()) upload.abort();
  }

  /**
   * What waits in a chat, oldest first.
   *
   * @param {number} customer
   */
  of(customer) {
    return [...this.#entries.values()].filter((one) => one.customer === customer).sort((a, b) => a.at - b.at);
  }

  /**
   * Keep it, and send it as soon as possible, after what was written before it.
   *
   * @param {Pick<Entry, 'client_id' | 'customer' | 'body' | 'file' | 'batch'>} written
   */
  async add(written) {
    /** @type {Entry} */
    const entry = { ...written, user: this.user, at: Date.now(), state: 'waiting', error: '' };
    this.#entries.set(entry.client_id, entry);
    this.emit('change', entry.customer);
    await this.#keep(entry);
    void this.#send(entry.customer);
  }

  /** @param {Entry} entry  that was refused; after a colleague's answer, send it all the same */
  retry(entry) {
    const body = entry.moved === undefined ? entry.body : { ...entry.body, if_last_seq: entry.moved };
    this.#change(entry, { state: 'waiting', error: '', body, moved: undefined });
    void this.#send(entry.customer);
  }

  /**
   * Take it back. The server may have it already, if it is just being sent.
   *
   * @param {Entry} entry
   */
  async drop(entry) {
    this.#uploads.get(entry.client_id)?.abort();
    await this.#forget(entry);
  }

  /**
   * The server has it, as a frame says that came before the answer.
   *
   * @param {Message} message
   */
  arrived(message) {
    const entry = message.client_id ? this.#entries.get(message.client_id) : undefined;
    if (entry) void this.#forget(entry);
  }

  #customers() {
    return new Set([...this.#entries.values()].map((one) => one.customer));
  }

  async #restore() {
    const all = await request((await this.#store('readonly')).getAll());
    for (const entry of /** @type {Entry[]} */ (all)) {
      if (entry.user !== this.user || this.#entries.has(entry.client_id)) continue;
      this.#entries.set(entry.client_id, { ...entry, state: entry.state === 'refused' ? 'refused' : 'waiting' });
      this.emit('change', entry.customer);
    }
    this.#wake();
  }

  /**
   * Send what waits in a chat, one after the other. Another tab may send the same: the server takes it once.
   *
   * @param {number} customer
   */
  async #send(customer) {
    if (this.#busy.has(customer)) return;
    this.#busy.add(customer);
    let failures = 0;
    while (!this.#over) {
      const entry = this.of(customer).find((one) => one.state !== 'refused');
      if (!entry) break;
      const done = await alone(`patter.send.${customer}`, () => this.#attempt(entry));
      failures = done ? 0 : failures + 1;
      if (!done) await pause(Math.min(LONGEST_WAIT, 1000 * 2 ** failures) * (0.5 + Math.random() / 2));
    }
    this.#busy.delete(customer);
  }

  /**
   * Returns false if it should be tried again later.
   *
   * @param {Entry} entry
   */
  async #attempt(entry) {
    this.#change(entry, { state: 'sending' });
    const abort = new AbortController();
    this.#uploads.set(entry.client_id, abort);
    try {
      /** @type {Message} */
      const message = await this.#post(entry, abort.signal);
      this.emit('sent', { entry, message });
      await this.#forget(entry);
      return true;
    } catch (error) {
      if (abort.signal.aborted || !this.#entries.has(entry.client_id)) return true;
      if (error instanceof ApiError && error.code === 'chat_moved') {
        this.#overtaken(entry, error.body);
        await this.#keep(entry);
        return true;
      }
      if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
        const final = [400, 413, 415].includes(error.status);
        if (final) await this.#passOn(entry);
        this.#refuse(entry, { error: error.message, final });
        await this.#keep(entry);
        return true;
      }
      if (!(error instanceof ApiError || error instanceof SignedOut || error instanceof TypeError)) throw error;
      this.#change(entry, { state: 'waiting', progress: undefined });
      return false;
    } finally {
      this.#uploads.delete(entry.client_id);
    }
  }

  /**
   * The chat went on before this left. What the customer wrote is no reason to hold an answer back; what a colleague
   * answered is one to ask first.
   *
   * @param {Entry} entry
   * @param {{messages: Message[], last_seq: number}} moved
   */
  #overtaken(entry, { messages, last_seq: seq }) {
    const answer = messages.findLast((one) => one.direction === 'outbound');
    if (answer) this.#refuse(entry, { error: texts.overtaken(answer.sender?.name ?? texts.colleague, answer.text), moved: seq });
    else this.#change(entry, { state: 'waiting', body: { ...entry.body, if_last_seq: seq } });
  }

  /** What was written with a file that was refused goes with the next one. @param {Entry} entry */
  async #passOn(entry) {
    const { text, reply_to, ...rest } = entry.body;
    const next = entry.batch && this.of(entry.customer).find((one) => one.batch === entry.batch && one.state === 'waiting' && (!text || takesCaption(one.file)));
    if (!next || (!text && !reply_to)) return;
    this.#change(next, { body: { ...next.body, ...(text ? { text } : {}), ...(reply_to ? { reply_to } : {}) } });
    this.#change(entry, { body: rest });
    await this.#keep(next);
  }

  /** @param {Entry} entry @param {AbortSignal} signal */
  async #post({ file, ...entry }, signal) {
    const { body, customer, client_id } = entry;
    if (!file) return this.api.ask('POST', '/api/messages/', { body: { ...body, customer, client_id }, signal });
    const { upload } = await import('./upload.js');
    return upload(this.api, { ...entry, file }, signal, (progress) => this.#progress(client_id, progress));
  }

  /** @param {string} id @param {number} progress */
  #progress(id, progress) {
    const entry = this.#entries.get(id);
    if (entry) this.#change(entry, { progress });
  }

  /** @param {Entry} entry @param {Partial<Entry>} changes */
  #change(entry, changes) {
    Object.assign(entry, changes);
    this.emit('change', entry.customer);
  }

  /** @param {Entry} entry @param {Partial<Entry>} why */
  #refuse(entry, why) {
    this.#change(entry, { state: 'refused', ...why });
    this.emit('refused', entry);
  }

  /** @param {Entry} entry */
  async #keep(entry) {
    await request((await this.#store('readwrite')).put({ ...entry, progress: undefined }));
  }

  /** @param {Entry} entry */
  async #forget(entry) {
    this.#entries.delete(entry.client_id);
    this.emit('change', entry.customer);
    await request((await this.#store('readwrite')).delete(entry.client_id));
  }

  /** @param {IDBTransactionMode} mode */
  async #store(mode) {
    return (await this.#database).transaction(STORE, mode).objectStore(STORE);
  }
}

/** @param {File | null} file  Meta shows captions for these (docs/whatsapp.md); a sound has none */
export function takesCaption(file) {
  return file !== null && !file.type.startsWith('audio/');
}

/** @returns {Promise<IDBDatabase>} */
function open() {
  const opening = indexedDB.open('patter', 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: 'client_id' });
  return request(opening);
}

/** @template T @param {IDBRequest<T>} asked @returns {Promise<T>} */
function request(asked) {
  return new Promise((done, failed) => {
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}
