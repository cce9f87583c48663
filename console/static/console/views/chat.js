/** One chat: who it is with, its messages, and where one writes. */

/** @import { Chat } from '../types.js' */
/** @import { Store } from '../store.js' */

import { newId } from '../api.js';
import { fill, h, icon, iconButton } from '../dom.js';
import { busy, complain, say } from '../feedback.js';
import { Thread } from '../thread.js';
import { texts } from '../texts_desk.js';
import { avatar } from './avatar.js';
import { stateChip, timeLeft } from './chat_row.js';
import { Composer } from './composer.js';
import { Messages } from './messages.js';

// A link to a file is loaded anew at most this often: what fails again is gone; in ms.
const STALE_AGAIN = 60_000;

/**
 * @typedef {object} ChatHandlers
 * @property {() => void} onBack
 * @property {(customer: number) => void} onOpen  another chat; 0: none
 * @property {(customer: number) => void} onCustomer  show or hide what is known about the customer
 */

export class ChatView {
  /** @type {Map<number, number>} */
  #renewed = new Map();
  /** @type {(() => void)[]} */
  #stop = [];
  #readAt = 0;
  #leftUnread = false;
  #name = '';

  /**
   * @param {Store} store
   * @param {Chat} row
   * @param {ChatHandlers} handlers
   * @param {number | null} [message]  to begin with
   */
  constructor(store, row, handlers, message = null) {
    this.store = store;
    this.id = row.id;
    this.handlers = handlers;
    this.thread = new Thread(store, row.id, row.last_seq, message);
    this.messages = new Messages(this.thread, this.#bubbleHandlers());
    this.composer = new Composer(this.thread, { onSent: () => void this.messages.goToEnd() });
    this.people = h('p', { class: 'people small', role: 'status', 'aria-live': 'polite' });
    this.who = h('div', { class: 'grow' });
    this.picture = h('span');
    this.closing = headButton(() => void this.#act(async ({ closeOrReopen }, row) => closeOrReopen(this.store, row, this.closing)));
    this.owning = headButton(() => void this.#own());
    this.owning.classList.add('owning');
    this.more = iconButton('more', texts.chatActions, () => void this.#act(({ openChatActions }, row) => openChatActions(
      this.store, row, [this.closing, this.owning], (mark) => this.#leaveUnread(mark))));
    this.nobodys = h('div', { class: 'notice row nobodys', hidden: true },
      h('span', { class: 'grow' }, texts.nobodys), h('button', { type: 'button', onclick: () => this.owning.click() }, texts.claim));
    this.head = this.#header();
    this.element = h('section', { class: 'chat', 'aria-labelledby': 'chat-name' }, this.head, this.nobodys, this.messages.element, this.composer.element);
    this.#drawRow(row);
    this.#listen();
    this.#takeDrops();
    if (message) void this.messages.jump(message);
  }

  close() {
    for (const stop of this.#stop) stop();
    this.composer.close();
    this.thread.close();
  }

  focus() {
    if (matchMedia('(pointer: fine)').matches) this.composer.focus();
  }

  /** @param {number} message */
  jump(message) {
    return this.messages.jump(message);
  }

  #listen() {
    const { store, thread, messages } = this;
    const seen = () => this.#markRead();
    addEventListener('focus', seen);
    this.#stop = [
      store.on('row', ({ row }) => {
        if (row.id !== this.id) return;
        this.#drawRow(row);
        messages.drawToEnd();
      }),
      store.on('sync', () => void this.#reloadRow().catch(complain)),
      store.on('gone', ({ id, into }) => { if (id === this.id) this.#leave(into); }),
      store.outbox.on('change', (customer) => { if (customer === this.id) messages.draw('live'); }),
      store.outbox.on('sent', ({ message }) => { if (message.customer === this.id) thread.arrived(message); }),
      thread.on('messages', (part) => { messages.draw(part); seen(); }),
      thread.on('people', () => this.#drawPeople()),
      thread.on('live', () => { this.#readAt = 0; this.#drawPeople(); seen(); }),
      thread.on('end', ({ into }) => this.#leave(into)),
      () => removeEventListener('focus', seen),
    ];
    messages.log.addEventListener('scroll', seen, { passive: true });
  }

  #header() {
    return h('header', { class: 'chat-head row' },
      iconButton('back', texts.back, () => this.handlers.onBack(), { class: 'bare narrow-only' }),
      this.picture, this.who,
      this.closing, this.owning, this.more,
      iconButton('user', texts.aboutCustomer, () => this.handlers.onCustomer(this.id)));
  }

  /** @param {Chat} row */
  #drawRow(row) {
    this.closing.hidden = row.state === null; // nothing was written yet
    this.more.hidden = row.state === null;
    name(this.closing, row.state === 'open' ? texts.closeChat : texts.reopenChat);
    name(this.owning, this.#mayClaim(row) ? texts.claim : texts.handOver);
    const taking = this.nobodys.contains(document.activeElement);
    this.nobodys.hidden = !this.#mayClaim(row);
    if (taking && this.nobodys.hidden) this.focus();
    this.#name = row.name;
    fill(this.picture, avatar(row.name, row.avatar));
    const state = stateChip(row);
    fill(this.who,
      h('div', { class: 'row' }, h('h2', { id: 'chat-name', class: 'cut', dir: 'auto' }, row.name), state,
        row.window_expires_at && h('span', { class: `chip${state ? ' if-room' : ''}`, title: texts.windowTitle }, this.#window(row.window_expires_at))),
      this.people);
    this.composer.row(row);
    this.#drawPeople();
    this.#markRead();
  }

  /** @param {string} until */
  #window(until) {
    const left = timeLeft(until);
    left.addEventListener('over', () => { const row = this.store.row(this.id); if (row) this.#drawRow(row); });
    return left;
  }

  #drawPeople() {
    const { present, typing, live, loaded } = this.thread;
    const names = (/** @type {number[]} */ ids) => ids.map((id) => present.get(id)?.name ?? texts.colleague).join(', ');
    const row = this.store.row(this.id);
    const owner = row && (row.owner ? texts.ownedBy(row.owner.name) : texts.nobody);
    let said = '';
    if (present.size) said = texts.alsoHere(names([...present.keys()]), present.size);
    if (typing.size) said = texts.typing(names([...typing.keys()]), typing.size);
    if (loaded && !live) said = texts.catchingUp;
    const phone = !said && row?.phone ? ` · ${row.phone}` : '';
    said ||= owner ?? '';
    if (this.people.textContent !== said + phone) fill(this.people, said, h('span', { class: 'if-room' }, phone));
  }

  async #reloadRow() {
    const row = await this.store.load(this.id);
    if (row === null || typeof row === 'number') this.store.lose(this.id, row);
  }

  /** What is on the screen of somebody who looks counts as read. */
  #markRead() {
    const row = this.store.row(this.id);
    const { thread } = this;
    if (!row?.unread_count || this.#leftUnread || !thread.loaded || !this.messages.atEnd || document.hidden || !document.hasFocus()) return;
    if (row.last_seq === this.#readAt || !thread.live) return;
    this.#readAt = row.last_seq; // one question for each state of the row
    thread.socket.send({ type: 'mark_read' });
  }

  /** What is marked as unread is left, or it would count as read at once. @param {() => Promise<boolean>} mark */
  async #leaveUnread(mark) {
    if (this.#leftUnread) return;
    this.#leftUnread = true;
    if (await mark()) this.handlers.onBack();
    else this.#leftUnread = false;
  }

  /** @param {Chat} row  nobody's: salespeople take such a chat, admins hand it to somebody */
  #mayClaim(row) {
    return row.owner === null && !this.store.isAdmin;
  }

  async #own() {
    const row = this.store.row(this.id);
    if (!row) return;
    if (this.#mayClaim(row)) {
      await busy(this.owning, async () => {
        this.store.take(await this.store.api.post(`/api/customers/${this.id}/claim/`), true);
        say(texts.claimed);
      });
    } else (await import('./hand_over.js')).openHandOver(this.store, row);
  }

  /** @param {(views: typeof import('./chat_states.js'), row: Chat) => unknown} does */
  async #act(does) {
    const row = this.store.row(this.id);
    if (row) await does(await import('./chat_states.js'), row);
  }

  /** @param {number | null} into */
  #leave(into) {
    say(into === null ? texts.chatGone(this.#name, this.composer.text.value !== '') : texts.chatMerged);
    if (into === null) this.handlers.onOpen(0);
    else this.handlers.onOpen(into);
  }

  /** @returns {import('./bubble.js').BubbleHandlers} */
  #bubbleHandlers() {
    const { store } = this;
    /** @param {HTMLButtonElement} button @param {number} id @param {string} what */
    const again = (button, id, what) => void busy(button, async () => this.thread.changed(await store.api.post(`/api/messages/${id}/${what}/`)));
    return {
      onReply: (message) => this.composer.replyTo(this.thread.find(message.id) ?? message),
      onReact: ({ id }, emoji) => void store.outbox.add({
        client_id: newId(), customer: this.id, file: null, body: { type: 'reaction', reply_to: id, payload: { emoji } },
      }),
      onEdit: (entry) => { if (this.composer.takeBack(entry)) void store.outbox.drop(entry); },
      onRetry: ({ id }, button) => again(button, id, 'retry'),
      onTakeBack: (id, button) => void busy(button, async () => this.thread.changed(await store.api.ask('DELETE', `/api/messages/${id}/`))),
      onFetch: ({ id }, button) => again(button, id, 'fetch-media'),
      onStaleLink: ({ id }) => this.#renewLink(id),
      onJump: (id) => void this.messages.jump(id),
    };
  }

  /** @param {number} id */
  #renewLink(id) {
    if (Date.now() - (this.#renewed.get(id) ?? 0) < STALE_AGAIN) return;
    this.#renewed.set(id, Date.now());
    this.thread.reload(id).catch(complain);
  }

  #takeDrops() {
    const { element } = this;
    const hint = h('div', { class: 'drop', hidden: true }, icon('attach'), texts.dropHere);
    element.append(hint);
    const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes('Files');
    element.addEventListener('dragover', (event) => { if (hasFiles(event)) { event.preventDefault(); hint.hidden = false; } });
    element.addEventListener('dragleave', (event) => { if (!element.contains(/** @type {Node | null} */ (event.relatedTarget))) hint.hidden = true; });
    element.addEventListener('drop', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      hint.hidden = true;
      this.composer.attach(event.dataTransfer?.files ?? null);
    });
  }
}

/** @param {() => void} onclick  of a button that has its place above the chat if the screen is wide enough */
function headButton(onclick) {
  return h('button', { type: 'button', class: 'wide-only', onclick });
}

/** @param {HTMLButtonElement} button @param {string} text */
function name(button, text) {
  button.title = text;
  fill(button, text);
}
