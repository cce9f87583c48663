/** What the desk knows: who is signed in, the rows of chats, tags, colleagues; kept up to date by the inbox socket. */

/** @import { Api } from './api.js' */
/** @import { Chat, DeskCounts, Me, NumberNews, Tag, TeamMember } from './types.js' */

import { ApiError } from './api.js';
import { Emitter } from './emitter.js';
import { LiveSocket } from './live.js';
import { Outbox } from './outbox.js';

/**
 * @typedef {object} StoreEvents
 * @property {{row: Chat, before: Chat | undefined, heard: boolean}} row  as it is now; heard: something happened to it
 * @property {{id: number, into: number | null}} gone  a chat that may no longer be seen, or became part of another
 * @property {boolean} live  whether the inbox hears what happens
 * @property {null} sync  rows may have changed without a word: load what is shown
 * @property {Tag[]} tags
 * @property {DeskCounts} counts  how many chats there are of each kind
 * @property {null} team  a colleague came, went or is away
 * @property {NumberNews} number  one of our own numbers pauses, sends again or is told something; only admins hear it
 */

/** @extends {Emitter<StoreEvents>} */
export class Store extends Emitter {
  /** @type {Map<number, Chat>} */
  #rows = new Map();
  /** @type {Tag[]} */
  tags = [];
  /** @type {TeamMember[]} */
  team = [];
  /** @type {DeskCounts | null} */
  counts = null;
  live = false;

  /** @param {Api} api @param {Me} me */
  constructor(api, me) {
    super();
    this.api = api;
    this.me = me;
    /** Whether there are chats of others among those that one sees. */
    this.seesOthers = this.isAdmin;
    this.outbox = new Outbox(api, me.id);
    this.inbox = new LiveSocket(api.session, '/ws/inbox/', {
      onFrame: (frame) => this.#hear(frame),
      onSync: async () => { await this.loadLists(); this.emit('sync', null); },
      onState: (live) => { this.live = live; this.emit('live', live); },
      onEnd: () => this.api.session.end(),
    });
  }

  close() {
    this.inbox.close();
    this.outbox.close();
  }

  get isAdmin() {
    return this.me.role === 'admin';
  }

  /** Tags and colleagues, for filters and pickers. */
  async loadLists() {
    [this.tags, this.team] = await Promise.all([this.api.get('/api/v1/msg/tags/'), this.api.get('/api/team/')]);
    this.emit('tags', this.tags);
  }

  /** @param {number} id */
  row(id) {
    return this.#rows.get(id);
  }

  /**
   * Keep a row, unless a newer one is known: an answer may arrive after a frame that left later.
   *
   * @param {Chat} row
   * @param {boolean} [heard]  on the socket
   */
  take(row, heard = false) {
    const before = this.#rows.get(row.id);
    if (before && before.last_seq > row.last_seq) return;
    this.#rows.set(row.id, row);
    this.seesOthers ||= row.owner?.id !== this.me.id;
    this.emit('row', { row, before, heard });
  }

  /**
   * Load one row. Returns null if there is no such chat for this user, or the id of the one that it became part of.
   *
   * @param {number} id
   * @returns {Promise<Chat | number | null>}
   */
  async load(id) {
    try {
      this.take(await this.api.get(`/api/customers/${id}/`));
      return /** @type {Chat} */ (this.#rows.get(id));
    } catch (error) {
      if (!(error instanceof ApiError) || ![404, 410].includes(error.status)) throw error;
      return error.body?.code === 'merged' ? Number(error.body.into) : null;
    }
  }

  /** @param {number} id @param {number | null} [into] */
  lose(id, into = null) {
    this.#rows.delete(id);
    this.emit('gone', { id, into });
  }

  /** @param {import('./types.js').Frame} frame */
  #hear({ type, data }) {
    if (type === 'chat') this.take(data.customer, true);
    else if (type === 'chat_gone') this.lose(data.id);
    else if (type === 'counts') this.emit('counts', this.counts = data);
    else if (type === 'availability_changed') this.#isThere(data);
    else if (type === 'business_number_changed') this.emit('number', data);
    else if (type === 'tag_updated' || type === 'tag_deleted') {
      this.loadLists().then(() => this.emit('sync', null), () => {}); // a lost connection says so elsewhere
    }
  }

  /** @param {{user: import('./types.js').Ref, availability: Me['availability']}} heard */
  #isThere({ user, availability }) {
    const member = this.team.find((one) => one.id === user.id);
    if (member) member.availability = availability;
    if (user.id === this.me.id) this.me.availability = availability;
    this.emit('team', null);
  }
}
