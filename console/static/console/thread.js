/** The messages of one chat: the part of the history that was loaded, live at its end, with who else is there. */

/** @import { Store } from './store.js' */
/** @import { Frame, Message, Ref } from './types.js' */

import { Emitter } from './emitter.js';
import { LiveSocket } from './live.js';

export const PAGE = 50;
// Who says nothing more for so long has stopped typing (docs/realtime.md), in ms.
const TYPING_MS = 25_000;

/**
 * @typedef {object} ThreadEvents
 * @property {'all' | 'older' | 'newer' | 'live'} messages  what was added or changed, and where
 * @property {null} people  who is here, and who types
 * @property {boolean} live  false: the connection is lost, and the thread will catch up
 * @property {{code: number, into: number | null}} end  the chat may no longer be seen, or became part of another
 */

/** @extends {Emitter<ThreadEvents>} */
export class Thread extends Emitter {
  /** In the order of the chat: by `ordered_at`, then by id. @type {Message[]} */
  messages = [];
  loaded = false;
  live = false;
  /** Colleagues who have the chat open. @type {Map<number, Ref>} */
  present = new Map();
  /** Those of them who are typing, and until when we believe it. @type {Map<number, number>} */
  typing = new Map();
  /** Links to the pages before and after what is loaded; null: there is nothing more. @type {string | null} */
  older = null;
  /** @type {string | null} */
  newer = null;
  /** Messages that arrived after what is loaded, while an older part is shown. */
  unseen = 0;
  /** @type {number | null} */
  #around;
  /** @type {Promise<void> | null} */
  #loading = null;
  #sweep = setInterval(() => this.#forgetTyping(), 5000);

  /**
   * @param {Store} store
   * @param {number} customer
   * @param {number} lastSeq  of the row that is known: what happened since then comes over the socket
   * @param {number | null} [around]  the message to begin with; null: the newest
   */
  constructor(store, customer, lastSeq, around = null) {
    super();
    this.store = store;
    this.customer = customer;
    this.#around = around;
    const first = this.load();
    /** @type {import('./live.js').Handlers} */
    const handlers = {
      onFrame: (frame) => this.#hear(frame),
      onSync: () => this.load(),
      onState: (live) => { this.live = live; this.emit('live', live); },
      onEnd: (code, reason) => this.#ended(code, reason),
    };
    this.socket = new LiveSocket(store.api.session, `/ws/chat/${customer}/`, handlers, lastSeq, first);
  }

  close() {
    clearInterval(this.#sweep);
    this.socket.close();
  }

  /** Load the newest part, or the one around a message. Raises ApiError. */
  async load() {
    const query = { page_size: PAGE, around: this.#around };
    const page = await this.store.api.get(`/api/customers/${this.customer}/messages/`, query);
    this.messages = page.results.toReversed();
    this.older = page.next;
    this.newer = page.previous;
    if (this.newer === null) this.#around = null;
    this.unseen = 0;
    this.loaded = true;
    this.emit('messages', 'all');
  }

  /** @param {number} id  of a message */
  async jump(id) {
    if (this.messages.some((one) => one.id === id)) return;
    this.#around = id;
    await this.load();
  }

  /** Leave the old part that is shown for the newest one. */
  async toNewest() {
    if (this.newer === null) return;
    this.#around = null;
    await this.load();
  }

  /** @param {'older' | 'newer'} side */
  async more(side) {
    const link = this[side];
    if (link === null || this.#loading) return;
    this.#loading = this.#more(side, link).finally(() => { this.#loading = null; });
    await this.#loading;
  }

  /** @param {'older' | 'newer'} side @param {string} link */
  async #more(side, link) {
    const page = await this.store.api.get(link);
    if (this[side] !== link) return; // another part was loaded meanwhile
    this[side] = side === 'older' ? page.next : page.previous;
    for (const message of page.results) this.#put(message);
    if (side === 'newer' && this.newer === null) {
      this.#around = null;
      this.unseen = 0;
    }
    this.emit('messages', side);
  }

  /** @param {number} id */
  find(id) {
    return this.messages.find((one) => one.id === id);
  }

  /**
   * Load one message again: links to files are good for minutes.
   *
   * @param {number} id
   */
  async reload(id) {
    this.changed(await this.store.api.get(`/api/messages/${id}/`));
  }

  /** @param {Message} message  as it is now, whoever says so */
  changed(message) {
    if (!this.find(message.id)) return;
    this.#put(message);
    this.emit('messages', 'live');
  }

  /**
   * A message that is new, as the server answered or a frame says.
   *
   * @param {Message} message
   */
  arrived(message) {
    if (message.type === 'reaction' && message.direction === 'outbound') return this.store.outbox.arrived(message); // shown at the message it is about
    if (this.newer !== null && !this.find(message.id) && this.#isAfter(message)) this.unseen += 1;
    else this.#put(message);
    this.store.outbox.arrived(message); // it stands in the place of what waited
    return this.emit('messages', 'live');
  }

  /** @param {Message} message */
  #isAfter(message) {
    const last = this.messages[this.messages.length - 1];
    return last !== undefined && order(last, message) < 0;
  }

  /** @param {Message} message */
  #put(message) {
    const known = this.messages.findIndex((one) => one.id === message.id);
    if (known >= 0) this.messages.splice(known, 1);
    let place = this.messages.length;
    while (place > 0 && order(this.messages[place - 1], message) > 0) place -= 1;
    this.messages.splice(place, 0, message);
  }

  /** @param {Frame} frame */
  async #hear({ type, data }) {
    if (type === 'chat_message') this.arrived(data);
    else if (type === 'message_updated') this.changed(data);
    else if (type === 'message_status') this.#patch(data.id, data);
    else if (type === 'messages_read') this.#readUpTo(data.up_to);
    else if (type === 'ready') await this.#enter(data.present, data.typing);
    else if (type === 'user_presence') this.#see(data.user, data.status === 'online');
    else if (type === 'typing_indicator') this.#type(data.user, data.is_typing);
    else if (type === 'customer_merged' || type === 'merge_undone' || type === 'history_added') await this.load();
  }

  /** @param {number} id @param {Partial<Message>} changes */
  #patch(id, changes) {
    const message = this.find(id);
    if (message) this.changed({ ...message, ...changes });
  }

  /** @param {number} upTo */
  #readUpTo(upTo) {
    this.messages = this.messages.map((one) => (
      one.direction === 'inbound' && one.id <= upTo && one.status === 'received' ? { ...one, status: 'read' } : one));
    this.emit('messages', 'live');
  }

  /** @param {Ref[]} present @param {Ref[]} typing */
  async #enter(present = [], typing = []) {
    if (!this.loaded) await this.load(); // there was no connection when the chat was opened
    this.present = new Map(present.map((one) => [one.id, one]));
    this.typing = new Map(typing.map((one) => [one.id, Date.now() + TYPING_MS]));
    this.emit('people', null);
  }

  /** @param {Ref} user @param {boolean} online */
  #see(user, online) {
    if (user.id === this.store.me.id) return;
    if (online) this.present.set(user.id, user);
    else {
      this.present.delete(user.id);
      this.typing.delete(user.id);
    }
    this.emit('people', null);
  }

  /** @param {Ref} user @param {boolean} types */
  #type(user, types) {
    if (user.id === this.store.me.id) return;
    this.present.set(user.id, user);
    if (types) this.typing.set(user.id, Date.now() + TYPING_MS);
    else this.typing.delete(user.id);
    this.emit('people', null);
  }

  #forgetTyping() {
    const over = [...this.typing].filter(([, until]) => until < Date.now());
    for (const [id] of over) this.typing.delete(id);
    if (over.length) this.emit('people', null);
  }

  /** @param {number} code @param {string} reason */
  #ended(code, reason) {
    const into = /^merged:(\d+)$/.exec(reason);
    if (code === 4401) this.store.api.session.end();
    else this.emit('end', { code, into: into ? Number(into[1]) : null });
  }
}

/** @param {Message} left @param {Message} right */
function order(left, right) {
  // Without the Z the times sort as texts: one with a fraction of a second comes after the whole second.
  const [first, second] = [left.ordered_at.slice(0, -1), right.ordered_at.slice(0, -1)];
  if (first === second) return left.id - right.id;
  return first < second ? -1 : 1;
}
