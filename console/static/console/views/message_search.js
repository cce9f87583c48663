/** Messages that a search finds, newest first, each a way to its place in the chat. */

/** @import { Store } from '../store.js' */
/** @import { Message } from '../types.js' */

import { fill, h } from '../dom.js';
import { busy, complain } from '../feedback.js';
import { moment } from '../format.js';
import { texts } from '../texts.js';

const PAGE = 20;
// Around what was found, in characters.
const BEFORE = 30;

export class MessageSearch {
  #text = '';
  /** @type {AbortController | null} */
  #asking = null;

  /** @param {Store} store @param {HTMLElement} place @param {(customer: number, message: number) => void} onOpen */
  constructor(store, place, onOpen) {
    this.store = store;
    this.onOpen = onOpen;
    this.results = h('ul', { role: 'list', 'aria-label': texts.foundMessages });
    this.state = h('p', { class: 'empty', role: 'status' });
    this.more = h('button', { type: 'button', hidden: true }, texts.more);
    place.append(this.state, this.results, this.more);
  }

  /** @param {string} text */
  async find(text) {
    if (text === this.#text) return;
    this.#text = text;
    this.#asking?.abort();
    fill(this.results);
    this.more.hidden = true;
    fill(this.state, text && texts.loading);
    if (!text) return;
    this.#asking = new AbortController();
    try {
      await this.#page('/api/messages/', { search: text, page_size: PAGE }, this.#asking.signal);
    } catch (error) {
      complain(error);
    }
  }

  /** @param {string} path @param {Record<string, unknown>} query @param {AbortSignal} signal */
  async #page(path, query, signal) {
    const page = await this.store.api.get(path, query, signal);
    /** @type {Message[]} */
    const found = page.results;
    const unknown = new Set(found.map((one) => one.customer).filter((id) => !this.store.row(id)));
    await Promise.all([...unknown].map((id) => this.store.load(id)));
    if (signal.aborted) return;
    this.results.append(...found.map((one) => this.#row(one)));
    fill(this.state, this.results.childElementCount ? null : texts.nothingFound);
    this.state.hidden = this.results.childElementCount > 0;
    this.more.hidden = page.next === null;
    this.more.onclick = () => busy(this.more, () => this.#page(page.next, {}, signal));
  }

  /** @param {Message} message */
  #row(message) {
    const name = this.store.row(message.customer)?.name ?? '';
    return h('li', null,
      h('button', { type: 'button', class: 'found-row', onclick: () => this.onOpen(message.customer, message.id) },
        h('span', { class: 'row' },
          h('strong', { class: 'cut grow', dir: 'auto' }, name),
          h('time', { class: 'soft small', datetime: message.created_at }, moment(message.created_at))),
        h('span', { class: 'soft', dir: 'auto' }, ...this.#marked(message.text))));
  }

  /** @param {string} text */
  #marked(text) {
    const at = text.toLowerCase().indexOf(this.#text.toLowerCase());
    if (at < 0) return [text.slice(0, 120)];
    const from = Math.max(0, at - BEFORE);
    const end = at + this.#text.length;
    return [from ? '…' : '', text.slice(from, at), h('mark', null, text.slice(at, end)), text.slice(end, end + 90)];
  }
}
