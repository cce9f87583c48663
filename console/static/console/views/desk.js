/** The desk: inbox, chat and customer side by side; on a narrow screen one at a time. */

/** @import { Api } from '../api.js' */
/** @import { Me } from '../types.js' */
/** @import { CustomerPane } from './customer.js' */

import { fill, h, icon, iconButton, styles } from '../dom.js';
import { closeDialogs } from '../dialog.js';
import { busy, complain, say, warn, wordsFor } from '../feedback.js';
import { Store } from '../store.js';
import { texts } from '../texts.js';
import { availabilitySwitch } from './availability.js';
import { Inbox } from './inbox.js';
import { Notices } from './notices.js';
import { listenToKeys } from './keys.js';
import { NumberLines } from './numbers.js';

export class Desk {
  /** @type {import('./chat.js').ChatView | null} */
  #chat = null;
  /** @type {CustomerPane | null} */
  #customer = null;
  #opening = 0;

  /** @param {Api} api @param {Me} me */
  constructor(api, me) {
    this.store = new Store(api, me);
    this.inbox = new Inbox(this.store, { onOpen: (customer, message) => this.go(customer, message) });
    this.notices = new Notices(this.store, () => this.#chat?.id ?? 0, (customer) => this.go(customer));
    this.chatPlace = h('div', { class: 'chat-place' });
    this.customerPlace = h('div', { class: 'customer-place', hidden: true });
    this.offline = h('p', { class: 'offline', role: 'status', hidden: true });
    this.numbers = this.store.isAdmin ? new NumberLines(this.store) : null;
    this.element = h('div', { class: 'desk' },
      this.#bar(me), h('div', { class: 'lines' }, this.offline, this.numbers?.element),
      h('main', { class: 'panes' }, h('h1', { class: 'sr' }, texts.appName), this.inbox.element, this.chatPlace, this.customerPlace));
    this.#watchConnection();
    this.#watchOutbox();
    this.stopKeys = listenToKeys(this.inbox, () => this.back());
    this.#noChat();
  }

  close() {
    this.stopKeys();
    this.notices.close();
    this.numbers?.close();
    this.#chat?.close();
    this.#closeCustomer();
    closeDialogs(true);
    this.store.close();
  }

  /** @param {Me} me */
  #bar(me) {
    const out = h('button', { type: 'button', onclick: () => void busy(out, () => this.store.api.signOut()) }, texts.signOut);
    return h('header', { class: 'bar row' },
      h('span', { class: 'brand', 'aria-hidden': 'true' }, texts.appName),
      h('span', { class: 'grow' }),
      h('span', { class: 'soft cut' }, [me.first_name, me.last_name].filter(Boolean).join(' ') || me.username),
      availabilitySwitch(this.store),
      h('a', { class: 'button bare', href: '/reports/', 'aria-label': texts.responseTimes, title: texts.responseTimes }, icon('chart')),
      this.notices.button,
      iconButton('lock', texts.secondFactor, async () => (await import('./second_factor.js')).openSecondFactor(this.store.api)),
      iconButton('help', texts.keysTitle, async () => (await import('./dialogs.js')).openKeys(), { class: 'bare wide-only' }),
      out);
  }

  #watchConnection() {
    const { store, offline } = this;
    /** @type {number | undefined} */
    let waiting;
    const show = () => {
      clearTimeout(waiting);
      const away = !navigator.onLine ? texts.offline : store.live ? '' : texts.reconnecting;
      // A socket that comes back at once is not worth a word.
      waiting = setTimeout(() => { fill(offline, away); offline.hidden = !away; }, away ? 1500 : 0);
    };
    store.on('live', show);
    addEventListener('online', show);
    addEventListener('offline', show);
  }

  /** What is refused while its chat is not on the screen would be missed. */
  #watchOutbox() {
    const { store } = this;
    store.outbox.on('refused', ({ customer, error }) => { if (customer !== this.#chat?.id) warn(texts.notSent(store.row(customer)?.name, error)); });
    store.on('gone', ({ id }) => { if (store.outbox.of(id).some((one) => one.state === 'refused')) warn(texts.notSent()); });
  }

  /**
   * Open a chat and put it into the address; 0: none.
   *
   * @param {number} customer
   * @param {number} [message]
   */
  go(customer, message) {
    const wanted = customer ? `/?chat=${customer}` : '/';
    if (location.pathname + location.search !== wanted) history.pushState(null, '', wanted);
    void this.show(customer, message);
  }

  back() {
    if (this.#customer && matchMedia('(max-width: 900px)').matches) return this.#closeCustomer();
    this.go(0);
    return undefined;
  }

  /**
   * Show what the address says.
   *
   * @param {number} customer
   * @param {number} [message]
   */
  async show(customer, message) {
    if (customer && this.#chat?.id === customer) return message ? this.#chat.jump(message) : undefined;
    const opening = ++this.#opening;
    const left = this.#chat?.id;
    if (left) closeDialogs();
    this.#chat?.close();
    this.#chat = null;
    const wasOpen = this.#customer !== null;
    this.#closeCustomer();
    this.inbox.mark(customer);
    if (!customer) {
      this.#noChat();
      if (left && document.activeElement === document.body) this.inbox.focusOn(left);
      return undefined;
    }
    this.element.dataset.pane = 'chat';
    // With a slow connection nobody writes into the chat that was left.
    fill(this.chatPlace, h('div', { class: 'center soft' }, h('p', { role: 'status' }, texts.loading)));
    try {
      const [{ ChatView }, row] = await Promise.all([import('./chat.js'), this.store.row(customer) ?? this.store.load(customer)]);
      if (opening !== this.#opening) return undefined;
      if (typeof row === 'number') return this.go(row);
      if (row === null) return this.#missing();
      this.#chat = new ChatView(this.store, row, {
        onBack: () => this.back(), onOpen: (id) => this.go(id), onCustomer: () => void this.#toggleCustomer(),
      }, message ?? null);
      fill(this.chatPlace, this.#chat.element);
      this.#chat.focus();
      if (wasOpen && matchMedia('(min-width: 1100px)').matches) await this.#toggleCustomer(false);
    } catch (error) {
      const text = wordsFor(error);
      if (text === null) throw error;
      fill(this.chatPlace, h('div', { class: 'center' }, h('div', { class: 'stack' }, h('p', { class: 'notice bad', role: 'alert' }, text),
        h('button', { type: 'button', onclick: () => void this.show(customer, message) }, texts.tryAgain))));
    }
    return undefined;
  }

  #noChat() {
    this.element.dataset.pane = 'list';
    fill(this.chatPlace, h('div', { class: 'center soft' }, h('p', null, texts.pickChat)));
  }

  #missing() {
    say(texts.noSuchChat);
    this.go(0);
  }

  /** @param {boolean} [focus]  the user asked for it just now */
  async #toggleCustomer(focus = true) {
    const opener = document.activeElement;
    if (this.#customer) return this.#closeCustomer();
    const id = this.#chat?.id;
    if (!id) return undefined;
    try {
      const [{ CustomerPane }] = await Promise.all([import('./customer.js'), styles('customer.css')]);
      this.#customer = new CustomerPane(this.store, id, {
        onClose: () => { this.#closeCustomer(); if (opener instanceof HTMLElement) opener.focus(); }, onOpenChat: (other) => this.go(other),
      });
      fill(this.customerPlace, this.#customer.element);
      this.customerPlace.hidden = false;
      this.element.dataset.pane = 'customer';
      if (focus) this.#customer.focus();
    } catch (error) {
      complain(error);
    }
    return undefined;
  }

  #closeCustomer() {
    this.#customer?.close();
    this.#customer = null;
    this.customerPlace.hidden = true;
    fill(this.customerPlace);
    if (this.#chat) this.element.dataset.pane = 'chat';
  }
}
