/** The customer beside the chat: who they are, and everything that belongs to them. */

import { h, iconButton } from '../dom.js';
import { complain } from '../feedback.js';
import { texts } from '../texts_customer.js';
import { Head } from './customer/head.js';
import { Section } from './customer/section.js';

/** @import { Store } from '../store.js' */
/** @import { Chat } from '../types.js' */
/** @import { Kind } from './customer/section.js' */

const shop = () => import('./customer/shop.js');
const duplicates = () => import('./customer/duplicates.js');

/** @type {Kind[]} */
const KINDS = [
  { title: texts.tags, make: async () => (await import('./customer/tags.js')).tags, open: true, watches: (row) => row.tags.map((tag) => [tag.id, tag.name]) },
  { title: texts.owner, make: async () => (await import('./customer/assignments.js')).assignments, watches: (row) => row.owner },
  { title: texts.data, make: async () => (await import('./customer/data.js')).data },
  { title: texts.contacts, make: async () => (await import('./customer/contacts.js')).contacts },
  { title: texts.orders, make: async () => (await shop()).orders },
  { title: texts.loyalty, make: async () => (await shop()).loyalty, watches: (row) => row.loyalty_tier },
  { title: texts.addresses, make: async () => (await shop()).addresses },
  {
    title: texts.identities, make: async () => (await import('./customer/identities.js')).identities,
    watches: (row) => [row.phone, row.business_number],
  },
  { title: texts.duplicates, make: async () => (await duplicates()).duplicates },
  { title: texts.merges, make: async () => (await duplicates()).merges },
];

export class CustomerPane {
  #closing = new AbortController();
  /** Of everything that the pane loads. */
  signal = this.#closing.signal;
  #heard;

  /** @param {Store} store @param {number} id @param {{onClose: () => void, onOpenChat: (id: number) => void}} handlers */
  constructor(store, id, { onClose, onOpenChat }) {
    this.store = store;
    this.id = id;
    this.onOpenChat = onOpenChat;
    this.head = new Head(this);
    this.sections = KINDS.map((kind) => new Section(this, kind));
    this.element = h('section', { 'aria-label': texts.customer, class: 'customer', onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      onClose();
    } }, h('header', { class: 'row' },
      iconButton('back', texts.back, onClose, { class: 'bare narrow-only' }), h('span', { class: 'grow soft' }, texts.customer),
      iconButton('close', texts.close, onClose, { class: 'bare wide-only' })), this.head.element, this.sections.map((section) => section.element));
    this.#heard = [
      store.on('row', ({ row, before }) => { if (row.id === id) this.#show(row, before); }),
      store.on('sync', () => this.#reload()),
    ];
    if (this.row) this.head.show(this.row);
    else void this.#reload();
  }

  /** The row of the desk as it is now. */
  get row() {
    return this.store.row(this.id);
  }

  /** Say to screen readers who it is. */
  focus() {
    this.head.heading.focus();
  }

  close() {
    this.#closing.abort();
    for (const stop of this.#heard) stop();
    for (const section of this.sections) section.close();
    this.element.remove();
  }

  /** Load everything that is open again. */
  refresh() {
    void this.head.load();
    for (const section of this.sections) void section.refresh();
  }

  async #reload() {
    try {
      await this.store.load(this.id);
      this.refresh();
    } catch (error) {
      complain(error);
    }
  }

  /** @param {Chat} row @param {Chat | undefined} before */
  #show(row, before) {
    this.head.show(row);
    if (!before || row.phone !== before.phone) void this.head.load();
    for (const section of this.sections) {
      const { watches } = section.kind;
      if (watches && (!before || JSON.stringify(watches(row)) !== JSON.stringify(watches(before)))) void section.refresh();
    }
  }
}
