/** The list of chats under a filter: as long as the server says, of which only pages that were seen are loaded. */

/** @import { Store } from './store.js' */
/** @import { Chat, PageOf } from './types.js' */

import { Emitter } from './emitter.js';

export const PAGE = 50;
// How often a page is asked for again because chats moved meanwhile. On a busy desk they always do.
const AGAIN = 2;

/**
 * @typedef {object} Filters  the query parameters of `/api/customers/`
 * @property {number | ''} [owner]
 * @property {boolean | ''} [unassigned]
 * @property {boolean | ''} [has_unread]
 * @property {string} [source]
 * @property {number | ''} [tag]
 * @property {'open' | 'snoozed' | 'closed'} [state]
 * @property {boolean} [waiting]
 * @property {number} [window_closes_within]
 * @property {'waiting_since' | 'window_expires_at'} [ordering]  without one, the newest message comes first
 * @property {string} [search]
 */

/** @extends {Emitter<{change: null, error: unknown}>} */
export class ChatList extends Emitter {
  /** Ids by place; places that were not seen yet are empty. @type {(number | undefined)[]} */
  ids = [];
  loaded = false;
  exact = true;
  /** @type {Filters} */
  filters = {};
  /** A chat that stays in the list while it is open, although the filter no longer finds it. */
  open = 0;
  #generation = 0;
  #moves = 0;
  /** @type {number | undefined} */
  #counting;
  /** @type {Set<number>} */
  #asked = new Set();

  /** @param {Store} store */
  constructor(store) {
    super();
    this.store = store;
    store.on('row', ({ row, before, heard }) => { if (heard) this.#place(row, before); else this.emit('change', null); });
    store.on('gone', ({ id }) => this.#remove(id));
    store.on('sync', () => this.refresh());
  }

  /** @param {Filters} filters */
  show(filters) {
    this.filters = filters;
    this.#start();
    this.loaded = false;
    this.ids = [];
    this.emit('change', null);
    return this.#load(1);
  }

  /** Load again what is shown, and keep the old rows on the screen until then. */
  refresh() {
    this.#start();
    return this.#load(1);
  }

  #start() {
    this.#generation += 1;
    this.#asked.clear();
  }

  /**
   * Load the pages in which the places from `first` to `last` lie.
   *
   * @param {number} first
   * @param {number} last
   */
  want(first, last) {
    for (let place = first; place <= last && place < this.ids.length; place++) {
      if (this.ids[place] === undefined) void this.#load(Math.floor(place / PAGE) + 1);
    }
  }

  /** @param {number} page @param {number} [again] */
  async #load(page, again = AGAIN) {
    if (this.#asked.has(page)) return;
    this.#asked.add(page);
    const generation = this.#generation;
    const moves = this.#moves;
    try {
      /** @type {PageOf<Chat>} */
      const answer = await this.store.api.get('/api/customers/', { ...this.filters, page, page_size: PAGE });
      if (generation !== this.#generation) return;
      this.#asked.delete(page);
      if (moves !== this.#moves && again) void this.#load(page, again - 1); // places have shifted meanwhile
      else this.#fill(page, answer);
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#asked.delete(page);
      this.emit('error', error);
    }
  }

  /** @param {number} page @param {PageOf<Chat>} answer */
  #fill(page, answer) {
    if (page === 1) this.ids = [];
    this.ids.length = answer.count;
    this.exact = answer.count_is_exact;
    this.loaded = true;
    answer.results.forEach((row, place) => {
      const known = this.ids.indexOf(row.id);
      if (known >= 0) delete this.ids[known];
      this.ids[(page - 1) * PAGE + place] = row.id;
      this.store.take(row);
    });
    this.emit('change', null);
  }

  /**
   * Put a row where it belongs after something happened to it: a new message makes it the first.
   *
   * @param {Chat} row
   * @param {Chat | undefined} before
   */
  #place(row, before) {
    if (!this.loaded) return;
    const place = this.ids.indexOf(row.id);
    const wrote = (row.last_message?.id ?? 0) > (before?.last_message?.id ?? 0);
    if (!this.#keeps(row)) this.#remove(row.id);
    else if (place >= 0) this.#move(wrote && !this.filters.ordering ? place : -1, row.id);
    else if (!this.filters.search && !this.filters.ordering && wrote) this.#insert(row.id);
    else if (!this.filters.search) void this.refresh(); // it belongs to this list now, who knows where
  }

  /**
   * @param {number} place  -1: it stays where it is
   * @param {number} id
   */
  #move(place, id) {
    if (place > 0) {
      this.ids.splice(place, 1);
      this.ids.unshift(id);
      this.#moves += 1;
    }
    this.emit('change', null);
  }

  /** @param {number} id  of a chat that is new here, or whose place was not seen yet */
  #insert(id) {
    const unseen = this.ids.length - Object.keys(this.ids).length;
    this.ids.unshift(id);
    this.#moves += 1;
    if (unseen) this.#countSoon();
    this.emit('change', null);
  }

  #countSoon() {
    clearTimeout(this.#counting);
    const generation = this.#generation;
    this.#counting = setTimeout(async () => {
      try {
        const { count } = await this.store.api.get('/api/customers/', { ...this.filters, page_size: 1 });
        if (generation === this.#generation) this.ids.length = count;
        this.emit('change', null);
      } catch (error) {
        this.emit('error', error);
      }
    }, 2000);
  }

  /** @param {number} id */
  #remove(id) {
    const place = this.ids.indexOf(id);
    if (place < 0) return;
    this.ids.splice(place, 1);
    this.#moves += 1;
    this.emit('change', null);
  }

  /** @param {Chat} row */
  #keeps(row) {
    const { owner, unassigned, has_unread: unread, source, tag, state, waiting, window_closes_within: within } = this.filters;
    if (row.id === this.open) return true;
    return (
      (!state || row.state === state) &&
      (!waiting || (row.waiting_since !== null && row.state === 'open')) &&
      (!within || closesWithin(row, within)) &&
      (!owner || row.owner?.id === owner) &&
      (!unassigned || row.owner === null) &&
      (!unread || row.unread_count > 0) &&
      (!source || row.source === source) &&
      (!tag || row.tags.some((one) => one.id === tag))
    );
  }
}

/** @param {Chat} row @param {number} minutes */
function closesWithin({ window_expires_at: until }, minutes) {
  const left = until === null ? 0 : Date.parse(until) - Date.now();
  return left > 0 && left <= minutes * 60_000;
}
