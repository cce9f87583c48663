/** Where messages are written: text with a draft, files, voice notes, replies, templates, buttons and lists. */

/** @import { Chat, Message } from '../types.js' */
/** @import { Entry } from '../outbox.js' */
/** @import { Thread } from '../thread.js' */

import { newId } from '../api.js';
import { fill, h, icon, iconButton, refill } from '../dom.js';
import { draftOf, keepDraft } from '../drafts.js';
import { warn } from '../feedback.js';
import { fileSize } from '../format.js';
import { takesCaption } from '../outbox.js';
import { texts } from '../texts.js';

// A colleague's screen forgets after 25 s that somebody types, and hears it again before that; in ms.
const TYPING_AGAIN = 10_000;
const TYPING_STOPS = 5_000;
const DRAFT_PAUSE = 300;

// What WhatsApp takes, in characters.
const TEXT = 4096;
const CAPTION = 1024;

export class Composer {
  /** @type {Message | null} */
  #replyTo = null;
  /** @type {File[]} */
  #files = [];
  #typedAt = 0;
  /** @type {number | undefined} */
  #stopping;
  /** @type {number | undefined} */
  #keeping;
  /** What is being recorded. @type {{send: () => void, discard: () => void} | null} */
  #recording = null;
  /** How far the chat was when writing began: what a colleague answers after that is asked about. @type {number | null} */
  #begunAt = null;

  /** @param {Thread} thread @param {{onSent: () => void}} handlers */
  constructor(thread, handlers) {
    this.thread = thread;
    this.handlers = handlers;
    this.text = h('textarea', {
      rows: 1, 'aria-label': texts.message, placeholder: texts.messageHint,
      oninput: () => this.#typed(), onkeydown: (event) => this.#keys(event),
      onblur: () => this.#stopTyping(), onpaste: (event) => this.#pasted(event),
    });
    this.picker = h('input', { type: 'file', multiple: true, 'aria-label': texts.attach, title: texts.attach, onchange: () => { this.attach(this.picker.files); this.picker.value = ''; } });
    this.sendButton = h('button', { class: 'main round', 'aria-label': texts.send, title: texts.send }, icon('send'));
    this.voice = h('span', { class: 'row voice' }, 'MediaRecorder' in window && iconButton('mic', texts.record, () => void this.#record()));
    this.reply = h('div', { class: 'row replying', hidden: true });
    this.chosen = h('ul', { class: 'chosen', 'aria-label': texts.chosenFiles, hidden: true });
    this.closed = h('div', { class: 'notice warn row wrap', hidden: true });
    this.tooLong = h('p', { class: 'problem small', role: 'status' });
    this.line = h('div', { class: 'row end' },
      h('span', { class: 'pick' }, icon('attach'), this.picker),
      iconButton('template', texts.templates, () => void this.#templates()),
      iconButton('list', texts.choices, () => void this.#choices()),
      this.text, this.voice, this.sendButton);
    this.element = h('form', { class: 'composer', onsubmit: (event) => { event.preventDefault(); this.#send(); } },
      this.closed, this.reply, this.chosen, this.tooLong, this.line);
    this.text.value = draftOf(thread.store.me.id, thread.customer);
    this.#begin();
    this.row(/** @type {Chat} */ (thread.store.row(thread.customer)));
    requestAnimationFrame(() => this.#grow());
  }

  close() {
    this.#stopTyping();
    this.#keepDraft();
    this.#recording?.discard();
  }

  focus() {
    if (!this.line.hidden) this.text.focus();
  }

  /**
   * Show what can be sent to the customer now.
   *
   * @param {Chat} row
   */
  row(row) {
    const { can_send: can, window_expires_at: until } = row;
    const over = until !== null && Date.parse(until) <= Date.now();
    const open = can.text && !over;
    const closed = until === null ? 'never_wrote' : 'outside_service_window';
    const reason = can.reason === 'outside_service_window' || (over && can.text) ? closed : can.reason;
    this.line.hidden = !open;
    this.closed.hidden = open && reason === null;
    const template = can.template && h('button', { type: 'button', onclick: () => void this.#templates() }, texts.templates);
    refill(this.closed, h('span', { class: 'grow' }, reason ? (texts.reasons[reason] ?? reason) : ''), !open && template);
  }

  /** @param {Message} message */
  replyTo(message) {
    this.#replyTo = message;
    this.reply.hidden = false;
    fill(this.reply, icon('reply'), h('span', { class: 'grow cut' }, message.text || texts.kinds[message.type]),
      iconButton('close', texts.noReply, () => this.#noReply()));
    this.focus();
  }

  #noReply() {
    this.#replyTo = null;
    this.reply.hidden = true;
    this.focus();
  }

  /** @param {Iterable<File> | null} files */
  attach(files) {
    for (const file of files ?? []) {
      if (file.size) this.#files.push(file);
      else warn(texts.emptyFile(file.name));
    }
    this.#begin();
    this.#drawFiles();
    this.focus();
  }

  /** Write on at what was refused. Returns false if nothing can be written now. @param {Entry} entry */
  takeBack({ body, file, final }) {
    if (this.line.hidden) return false;
    this.#write([this.text.value, String(body.text)].filter(Boolean).join('\n'));
    if (file && !final) this.attach([file]);
    const answered = this.thread.find(Number(body.reply_to));
    if (answered) this.replyTo(answered);
    this.text.focus();
    return true;
  }

  #drawFiles() {
    this.chosen.hidden = !this.#files.length;
    fill(this.chosen, this.#files.map((file) => h('li', { class: 'chip' },
      icon('file'), h('span', { class: 'cut' }, file.name), h('span', { class: 'soft' }, fileSize(file.size)),
      iconButton('close', texts.withoutFile(file.name), () => {
        this.#files = this.#files.filter((one) => one !== file);
        this.#begin();
        this.#drawFiles();
        this.focus();
      }))));
  }

  /** @param {ClipboardEvent} event */
  #pasted(event) {
    const files = event.clipboardData?.files;
    if (!files?.length) return;
    event.preventDefault();
    this.attach(files);
  }

  /** @param {KeyboardEvent} event */
  #keys(event) {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || matchMedia('(pointer: coarse)').matches) return;
    event.preventDefault();
    this.#send();
  }

  #send() {
    if (this.#recording) return this.#recording.send();
    const text = this.text.value.trim();
    const files = this.#files;
    if (this.#measure() || (!text && !files.length)) return this.text.focus();
    const captioned = files.find(takesCaption);
    const batch = newId();
    for (const file of files) this.#add(file === captioned && text ? { text } : {}, file, { batch });
    if (text && !captioned) this.#add({ type: 'text', text }, null);
    this.#files = [];
    this.#drawFiles();
    this.#write('');
    this.text.focus();
  }

  /** Say it while the text is longer than WhatsApp takes it, and return whether it is. Nothing of it is cut off. */
  #measure() {
    const asCaption = this.#files.some(takesCaption);
    const length = [...this.text.value.trim()].length;
    const most = asCaption ? CAPTION : TEXT;
    const over = length > most;
    refill(this.tooLong, over && (asCaption ? texts.captionTooLong(length, most) : texts.tooLong(length, most)));
    this.text.setAttribute('aria-invalid', String(over));
    return over;
  }

  /** Something was begun, goes on, or was given up. */
  #begin() {
    this.#measure();
    this.#begunAt = this.text.value || this.#files.length ? this.#begunAt ?? this.thread.socket.lastSeq : null;
  }

  /** @param {string} text  in place of what stands there */
  #write(text) {
    this.text.value = text;
    this.#begin();
    this.#grow();
    this.#keepDraft();
    this.#stopTyping();
  }

  /**
   * @param {Record<string, unknown>} body
   * @param {File | null} file
   * @param {{known?: number | null, batch?: string}} [more]  how far the writer knew the chat; what is sent together
   */
  #add(body, file, { known = this.#begunAt ?? this.thread.socket.lastSeq, ...batch } = {}) {
    const replied = this.#replyTo && { reply_to: this.#replyTo.id };
    this.#replyTo = null;
    this.reply.hidden = true;
    const { customer, store } = this.thread;
    const seen = known === null ? {} : { if_last_seq: known };
    void store.outbox.add({ client_id: newId(), customer, body: { ...body, ...replied, ...seen }, file, ...batch });
    this.handlers.onSent();
  }

  async #templates() {
    const known = this.thread.socket.lastSeq;
    const { openTemplates } = await import('./templates.js');
    openTemplates(this.thread.store, (body, file) => this.#add({ type: 'template', ...body }, file, { known }));
  }

  async #choices() {
    const { openChoices } = await import('./choices.js');
    const [begun, known] = [this.text.value, this.thread.socket.lastSeq];
    openChoices(texts.choices, begun, (payload) => {
      this.#add({ type: 'interactive', payload }, null, { known });
      if (this.text.value === begun) this.#write('');
    });
  }

  async #record() {
    const button = [...this.voice.childNodes];
    const known = this.thread.socket.lastSeq;
    const { record } = await import('./voice_note.js');
    this.#recording = await record(this.voice, (file) => {
      this.#recording = null;
      fill(this.voice, ...button);
      if (file) this.#add({}, file, { known });
    });
  }

  #typed() {
    this.#grow();
    clearTimeout(this.#keeping);
    this.#keeping = setTimeout(() => this.#keepDraft(), DRAFT_PAUSE);
    clearTimeout(this.#stopping);
    this.#begin();
    if (!this.text.value) return this.#stopTyping();
    this.#stopping = setTimeout(() => this.#stopTyping(), TYPING_STOPS);
    if (Date.now() - this.#typedAt < TYPING_AGAIN) return undefined;
    this.#typedAt = Date.now();
    return this.thread.socket.send({ type: 'typing', is_typing: true });
  }

  #stopTyping() {
    clearTimeout(this.#stopping);
    if (!this.#typedAt) return;
    this.#typedAt = 0;
    this.thread.socket.send({ type: 'typing', is_typing: false });
  }

  #keepDraft() {
    clearTimeout(this.#keeping);
    keepDraft(this.thread.store.me.id, this.thread.customer, this.text.value);
  }

  /** The field is as high as its text, up to a limit that the styles set. */
  #grow() {
    this.text.style.height = 'auto';
    this.text.style.height = `${this.text.scrollHeight + 2}px`;
  }
}
