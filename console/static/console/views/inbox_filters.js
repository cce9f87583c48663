/** What narrows the list of chats down: which chats, how many of each, and of whom. */

/** @import { Store } from '../store.js' */
/** @import { Filters } from '../chat_list.js' */

import { fill, h } from '../dom.js';
import { texts } from '../texts_desk.js';

/**
 * Which chats one can look at, as the server counts and finds them. Those that wait come first who has waited longest, those
 * that close soon first whose time ends first.
 *
 * @type {Record<string, Filters>}
 */
const KINDS = {
  open: { state: 'open' },
  waiting: { waiting: true, ordering: 'waiting_since' },
  closing_soon: { waiting: true, window_closes_within: closingSoon(), ordering: 'window_expires_at' },
  snoozed: { state: 'snoozed' },
  closed: { state: 'closed' },
};

/** What the setting CLOSING_SOON_MINUTES says; the page carries it. */
function closingSoon() {
  return Number(document.documentElement.dataset.closingSoonMinutes);
}

export class InboxFilters {
  /** Which of KINDS is shown; empty: all. */
  #kind = '';

  /** @param {Store} store @param {() => void} onChange */
  constructor(store, onChange) {
    this.store = store;
    this.onChange = onChange;
    this.kinds = h('div', { class: 'filters', role: 'group', 'aria-label': texts.whichChats },
      Object.keys(KINDS).map((kind) => h('button', {
        type: 'button', class: 'filter', name: kind, 'aria-pressed': 'false', onclick: () => this.#show(kind),
      })));
    this.source = h('select', { 'aria-label': texts.source, onchange: onChange },
      h('option', { value: '' }, texts.anySource),
      Object.entries(texts.sources).map(([source, name]) => h('option', { value: source }, name)));
    this.tag = h('select', { 'aria-label': texts.tag, onchange: onChange }, h('option', { value: '' }, texts.anyTag));
    this.more = h('div', { class: 'filters', role: 'group', 'aria-label': texts.filters },
      this.#toggle('unread', texts.unreadFilter), h('span', { class: 'row narrowing' },
        this.#toggle('mine', texts.mine), this.#toggle('unassigned', texts.unassigned), this.source, this.tag));
    this.element = h('div', { class: 'filter-rows' }, this.kinds, this.more);
    store.on('counts', () => this.#count());
    store.on('tags', () => this.#fillTags());
    store.on('row', () => this.#showMine());
    this.#count();
    this.#showMine();
  }

  /** @returns {Filters} */
  get wanted() {
    return {
      ...KINDS[this.#kind],
      ...(this.#on('mine') && { owner: this.store.me.id }),
      ...(this.#on('unassigned') && { unassigned: true }),
      ...(this.#on('unread') && { has_unread: true }),
      ...(this.source.value && { source: this.source.value }),
      ...(this.tag.value && { tag: Number(this.tag.value) }),
    };
  }

  /** @param {string} kind */
  #show(kind) {
    this.#kind = this.#kind === kind ? '' : kind;
    for (const button of this.kinds.children) {
      button.setAttribute('aria-pressed', String(button.getAttribute('name') === this.#kind));
    }
    this.onChange();
  }

  #count() {
    const { counts } = this.store;
    for (const [kind, name] of Object.entries(texts.chatKinds)) {
      const button = this.kinds.querySelector(`[name=${kind}]`);
      const number = counts?.[/** @type {keyof typeof counts} */ (kind)];
      if (button) fill(button, name, h('span', { class: 'soft' }, ` ${number ?? '–'}`));
    }
    const unassigned = this.more.querySelector('[name=unassigned]');
    // Salespeople see such chats only where the desk lets them.
    if (unassigned instanceof HTMLElement) unassigned.hidden = !this.store.isAdmin && !counts?.unassigned && !this.#on('unassigned');
  }

  /** Only to those who see chats of others: admins, managers, and who may claim. */
  #showMine() {
    const mine = this.more.querySelector('[name=mine]');
    if (mine instanceof HTMLElement) mine.hidden = !this.store.seesOthers;
  }

  /** @param {string} name @param {string} text */
  #toggle(name, text) {
    /** @type {HTMLButtonElement} */
    const button = h('button', {
      type: 'button', class: 'filter', name, 'aria-pressed': 'false',
      onclick: () => {
        button.setAttribute('aria-pressed', String(button.getAttribute('aria-pressed') !== 'true'));
        this.onChange();
      },
    }, text);
    return button;
  }

  /** @param {string} name */
  #on(name) {
    return this.more.querySelector(`[name=${name}]`)?.getAttribute('aria-pressed') === 'true';
  }

  #fillTags() {
    const chosen = this.tag.value;
    fill(this.tag, h('option', { value: '' }, texts.anyTag), this.store.tags.map((tag) => h('option', { value: tag.id }, tag.name)));
    this.tag.value = chosen;
    if (this.tag.value !== chosen) this.onChange();
  }
}
