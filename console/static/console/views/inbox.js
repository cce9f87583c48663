/** The list of chats with its filters, and the search over customers and messages. */

/** @import { Store } from '../store.js' */
/** @import { VirtualList } from '../elements/virtual-list.js' */

import { ChatList } from '../chat_list.js';
import { fill, h, iconButton } from '../dom.js';
import { complain } from '../feedback.js';
import { texts } from '../texts.js';
import { drawChatRow } from './chat_row.js';
import { InboxFilters } from './inbox_filters.js';
import '../elements/virtual-list.js';

const TYPING_PAUSE = 250;

/** @typedef {object} InboxHandlers @property {(customer: number, message?: number) => void} onOpen */

export class Inbox {
  /** @type {number | undefined} */
  #searching;
  #current = 0;
  /** @type {import('./message_search.js').MessageSearch | null} */
  #messages = null;

  /** @param {Store} store @param {InboxHandlers} handlers */
  constructor(store, handlers) {
    this.store = store;
    this.handlers = handlers;
    this.list = new ChatList(store);
    this.found = h('div', { class: 'found', hidden: true });
    this.search = h('input', { type: 'search', placeholder: texts.searchHint, 'aria-label': texts.search, oninput: () => this.#searchSoon() });
    this.filters = new InboxFilters(store, () => this.#filter());
    this.rows = /** @type {VirtualList} */ (document.createElement('virtual-list'));
    this.state = h('div', { class: 'empty', role: 'status' });
    this.tabs = this.#makeTabs();
    this.element = h('nav', { class: 'inbox', 'aria-label': texts.inbox },
      h('div', { class: 'inbox-head' },
        h('div', { class: 'row' }, this.search, iconButton('plus', texts.newCustomer, () => void this.#newCustomer())),
        this.filters.element, this.tabs),
      this.state, this.rows, this.found);
    this.#wire();
  }

  #wire() {
    const { rows, list, store } = this;
    rows.label = texts.chats;
    rows.keyAt = (place) => list.ids[place];
    rows.has = (id) => list.ids.includes(id);
    rows.render = (item, id) => {
      const row = store.row(id);
      if (row) drawChatRow(item, row, store, id === this.#current);
    };
    rows.onSeen = (first, last) => list.want(first, last);
    rows.addEventListener('click', (event) => this.#clicked(event));
    list.on('change', () => this.#draw());
    list.on('error', complain);
    store.outbox.on('change', () => rows.show(list.ids.length));
    void list.show({});
  }

  /** @param {number} customer  the chat that is open; 0: none */
  mark(customer) {
    this.#current = customer;
    this.list.open = customer;
    this.rows.show(this.list.ids.length);
  }

  /**
   * Move the focus along the list.
   *
   * @param {1 | -1} step
   */
  step(step) {
    const link = document.activeElement instanceof HTMLAnchorElement ? document.activeElement : null;
    const from = Number(new URL(link?.href ?? location.href).searchParams.get('chat') ?? 0);
    const place = this.list.ids.indexOf(from || this.#current);
    const next = Math.min(Math.max(place + step, 0), this.list.ids.length - 1);
    this.rows.reveal(next);
    const id = this.list.ids[next];
    if (id !== undefined) this.rows.rowOf(id)?.querySelector('a')?.focus();
  }

  /** @param {number} customer  whose row is focused, if it is on the screen */
  focusOn(customer) {
    this.rows.rowOf(customer)?.querySelector('a')?.focus({ preventScroll: true });
  }

  #draw() {
    const { list, rows } = this;
    rows.show(list.ids.length);
    const searching = Boolean(this.search.value.trim());
    const filtered = Object.keys(list.filters).length > 0;
    this.state.hidden = list.loaded && list.ids.length > 0;
    if (!list.loaded) fill(this.state, skeletons());
    else if (!list.ids.length) fill(this.state, searching ? texts.nobodyFound : filtered ? texts.nothingFiltered : texts.noChats);
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const link = /** @type {Element} */ (event.target).closest('a');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    this.handlers.onOpen(Number(new URL(link.href).searchParams.get('chat')));
  }

  #makeTabs() {
    /** @param {boolean} messages @param {string} text */
    const tab = (messages, text) => h('button', {
      type: 'button', 'aria-pressed': String(!messages), onclick: () => this.#showMessages(messages),
    }, text);
    return h('div', { class: 'tabs row', role: 'group', 'aria-label': texts.searchIn, hidden: true },
      tab(false, texts.customers), tab(true, texts.messages));
  }

  /** @param {boolean} shown */
  #showMessages(shown) {
    const [customers, messages] = this.tabs.children;
    customers?.setAttribute('aria-pressed', String(!shown));
    messages?.setAttribute('aria-pressed', String(shown));
    this.found.hidden = !shown;
    this.rows.hidden = shown;
    this.state.hidden = shown || this.list.ids.length > 0;
  }

  /** @param {string} search */
  async #findMessages(search) {
    if (!search && !this.#messages) return;
    const { MessageSearch } = await import('./message_search.js');
    this.#messages ??= new MessageSearch(this.store, this.found, this.handlers.onOpen);
    await this.#messages.find(search);
  }

  async #newCustomer() {
    const { openNewCustomer } = await import('./new_customer.js');
    openNewCustomer(this.store, this.handlers.onOpen);
  }

  #searchSoon() {
    clearTimeout(this.#searching);
    this.#searching = setTimeout(() => this.#filter(), TYPING_PAUSE);
  }

  #filter() {
    const search = this.search.value.trim();
    this.tabs.hidden = !search;
    if (!search) this.#showMessages(false);
    void this.#findMessages(search);
    this.rows.scrollTop = 0;
    void this.list.show({ ...this.filters.wanted, ...(search && { search }) });
  }
}

function skeletons() {
  return [
    h('span', { class: 'sr' }, texts.loading),
    Array.from({ length: 8 }, () => h('div', { class: 'chat-row', 'aria-hidden': 'true' },
      h('span', { class: 'avatar skeleton' }), h('span', { class: 'grow skeleton' }, '.'))),
  ].flat();
}
