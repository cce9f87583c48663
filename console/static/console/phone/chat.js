/** One chat on the phone: kept up to date while it is seen, and written to. */

/** @import { Chat, Said, Written } from './types.js' */

import { fill, h, icon, iconButton } from '../dom.js';
import { complain } from '../feedback.js';
import { ApiError } from '../api.js';
import { Composer } from './composer.js';
import { Log } from './log.js';
import * as sandbox from './sandbox.js';
import { words } from './words.js';

const EVERY_MS = 1000;
// What changes a message, and is none itself.
const CHANGES = new Set(['reaction', 'edit', 'revoke']);

export class ChatView {
  /** @type {Chat | null} */
  #chat = null;
  /** What is on its way, or was taken and is not seen yet. @type {Written[]} */
  #pending = [];
  #name = '';
  #asking = new AbortController();
  /** @type {number | undefined} */
  #timer;
  #count = 0;

  /** @param {() => void} onBack */
  constructor(onBack) {
    this.title = h('h2', { class: 'cut' }, words.yourBusiness);
    this.state = h('p', { class: 'small', role: 'status' });
    this.away = h('p', { class: 'away small', role: 'alert', hidden: true }, words.away);
    this.composer = new Composer((said) => void this.#say(said));
    this.log = this.#newLog();
    this.element = h('section', { class: 'device', 'aria-label': words.chat, hidden: true },
      h('header', null,
        iconButton('back', words.back, onBack, { class: 'bare back' }),
        h('span', { class: 'avatar', 'aria-hidden': 'true' }, icon('user')),
        h('div', { class: 'grow' }, this.title, this.state)),
      this.away, this.log.element, this.composer.element);
    document.addEventListener('visibilitychange', () => { if (!document.hidden && this.#chat) void this.#look(); });
  }

  /**
   * Raises ApiError if it is no number.
   *
   * @param {string} number
   * @param {{ name: string, business: string | undefined }} as
   */
  async open(number, { name, business }) {
    const chat = await sandbox.chat(number, { business });
    if (!chat) return;
    this.close();
    this.#asking = new AbortController();
    this.#name = name || chat.name;
    this.#pending = [];
    const log = this.#newLog();
    this.log.element.replaceWith(log.element);
    this.log = log;
    this.composer.reset();
    this.element.hidden = false;
    this.#take(chat);
    this.#later();
    this.composer.text.focus();
  }

  close() {
    this.#asking.abort();
    clearTimeout(this.#timer);
    this.#chat = null;
    this.element.hidden = true;
  }

  get phone() {
    return this.#chat?.phone ?? '';
  }

  #newLog() {
    return new Log({
      say: (said) => void this.#say(said), reply: (row) => this.composer.reply(row), edit: (row) => this.composer.edit(row),
    });
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { if (!document.hidden) void this.#look(); }, EVERY_MS);
  }

  async #look() {
    const chat = this.#chat;
    if (!chat) return;
    try {
      const news = await sandbox.chat(chat.phone, { business: chat.business.id, after: chat.version, signal: this.#asking.signal });
      if (this.#chat?.phone !== chat.phone) return;
      this.away.hidden = true;
      if (news) this.#take(news);
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return;
      if (!(error instanceof ApiError)) throw error;
      this.away.hidden = false;
    }
    this.#later();
  }

  /** @param {Chat} chat */
  #take(chat) {
    this.#chat = chat;
    const seen = new Set(chat.messages.map(({ id }) => id));
    this.#pending = this.#pending.filter(({ id }) => !seen.has(id));
    fill(this.state, chat.typing ? words.typing : words.online);
    this.#show();
  }

  #show() {
    this.log.show([...(this.#chat?.messages ?? []), ...this.#pending]);
  }

  /** @param {Said} said */
  async #say(said) {
    const chat = this.#chat;
    if (!chat) return;
    const waiting = CHANGES.has(said.type) ? null : this.#waiting(said);
    if (waiting) this.#pending.push(waiting);
    this.#show();
    try {
      const { id } = await sandbox.write(chat.phone, chat.business.id, { ...said, profile_name: this.#name });
      if (waiting) Object.assign(waiting, { id, status: 'sent' });
    } catch (error) {
      this.#pending = this.#pending.filter((one) => one !== waiting);
      if (said.type === 'text' && !this.composer.text.value) this.composer.text.value = String(said.text);
      complain(error);
    }
    if (this.#chat?.phone !== chat.phone) return;
    this.#show();
    await this.#look();
  }

  /**
   * @param {Said} said
   * @returns {Written}
   */
  #waiting({ type, text, title, reply_to, file, ...content }) {
    const kind = type.endsWith('_reply') ? 'interactive' : type === 'own_number' ? 'contacts' : type;
    const shown = file instanceof File ? { id: URL.createObjectURL(file), filename: file.name } : content;
    return {
      from: 'customer', id: `local ${this.#count++}`, at: new Date().toISOString(), type: kind, text: String(text ?? title ?? ''),
      content: shown, reply_to: typeof reply_to === 'string' ? reply_to : null, status: 'sending', edited: false, deleted: false, reactions: [],
    };
  }
}

