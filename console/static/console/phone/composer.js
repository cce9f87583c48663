/** Where the customer writes: text, files, voice, location, contacts, and answers and edits of what is there. */

/** @import { Row, Said, Written } from './types.js' */

import { fill, h, icon, iconButton } from '../dom.js';
import { texts } from '../texts.js';
import { record } from '../views/voice_note.js';
import { brief } from './bubbles.js';
import { contactForm, locationForm } from './forms.js';
import { words } from './words.js';

const CAPTIONED = new Set(['image', 'video', 'document']);
const MAX_HEIGHT = 140;

/**
 * As what a file is sent.
 *
 * @param {File} file
 */
function kindOf(file) {
  if (file.type === 'image/webp') return 'sticker';
  const family = file.type.split('/')[0] ?? '';
  return ['image', 'video', 'audio'].includes(family) && file.type !== 'image/svg+xml' ? family : 'document';
}

export class Composer {
  /** @type {Row | null} */
  #replying = null;
  /** @type {Written | null} */
  #editing = null;
  /** @type {{ file: File, kind: string } | null} */
  #chosen = null;
  /** What is being recorded. @type {{ send: () => void, discard: () => void } | null} */
  #recording = null;

  /** @param {(said: Said) => void} onSaid */
  constructor(onSaid) {
    this.onSaid = onSaid;
    this.about = h('div', { class: 'about-to', hidden: true });
    this.text = h('textarea', {
      rows: 1, 'aria-label': words.message, placeholder: words.message, enterkeyhint: 'send', maxlength: 4096,
      oninput: () => this.#resize(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.#key(event),
      onpaste: (/** @type {ClipboardEvent} */ event) => this.#files(event, event.clipboardData),
    });
    this.voice = h('span', { class: 'row voice' });
    this.#offerVoice();
    this.element = h('form', {
      class: 'composer', onsubmit: (/** @type {SubmitEvent} */ event) => { event.preventDefault(); this.#send(); },
      ondragover: (/** @type {DragEvent} */ event) => event.preventDefault(),
      ondrop: (/** @type {DragEvent} */ event) => this.#files(event, event.dataTransfer),
    },
    this.about,
    h('div', { class: 'line' }, this.#attach(), this.text, this.voice,
      h('button', { type: 'submit', class: 'main round', 'aria-label': words.send, title: words.send }, icon('send'))));
  }

  /** @param {Row} row */
  reply(row) {
    this.#clear();
    this.#replying = row;
    this.#showAbout(words.replyTo, brief(row), words.stopReply);
  }

  /** @param {Written} row */
  edit(row) {
    this.#clear();
    this.#editing = row;
    this.text.value = row.text;
    this.#showAbout(words.editing, row.text, words.stopEdit);
    this.#resize();
  }

  /** Forget what was begun in another chat. */
  reset() {
    this.#recording?.discard();
    this.#clear();
  }

  #offerVoice() {
    this.#recording = null;
    fill(this.voice, 'MediaRecorder' in window && iconButton('mic', texts.record, async () => {
      this.#recording = await record(this.voice, (file) => {
        this.#offerVoice();
        this.text.focus();
        if (file) this.#say({ type: 'audio', file, voice: true });
      });
    }));
  }

  #attach() {
    const photo = picker('image/*,video/*', (file) => this.#choose(file, kindOf(file)));
    const document_ = picker('', (file) => this.#choose(file, 'document'));
    const panel = h('div', { class: 'panel', hidden: true, role: 'group', 'aria-label': words.attach },
      this.#way('file', words.photo, () => photo.click(), () => show(false)),
      this.#way('attach', words.document, () => document_.click(), () => show(false)),
      this.#way('pin', words.location, () => locationForm((said) => this.onSaid(said)), () => show(false)),
      this.#way('user', words.contact, () => contactForm((said) => this.onSaid(said)), () => show(false)));
    const toggle = iconButton('plus', words.attach, () => show(panel.hidden), { 'aria-expanded': 'false' });
    /** @param {boolean} open */
    const show = (open) => {
      panel.hidden = !open;
      toggle.setAttribute('aria-expanded', String(open));
      if (open) panel.querySelector('button')?.focus();
    };
    return h('div', {
      class: 'menu',
      onkeydown: (/** @type {KeyboardEvent} */ event) => { if (event.key === 'Escape' && !panel.hidden) { event.stopPropagation(); show(false); toggle.focus(); } },
      onfocusout: (/** @type {FocusEvent} */ { currentTarget, relatedTarget }) => {
        if (!(/** @type {HTMLElement} */ (currentTarget)).contains(/** @type {Node | null} */ (relatedTarget))) show(false);
      },
    }, toggle, panel, photo, document_);
  }

  /**
   * @param {Parameters<typeof icon>[0]} picture
   * @param {string} name
   * @param {() => void} act
   * @param {() => void} close
   */
  #way(picture, name, act, close) {
    return h('button', { type: 'button', class: 'bare', onclick: () => { close(); act(); } }, icon(picture), name);
  }

  /**
   * @param {File} file
   * @param {string} kind
   */
  #choose(file, kind) {
    const { value } = this.text;
    this.#clear();
    this.text.value = value;
    this.#chosen = { file, kind };
    this.#showAbout('', file.name, words.removeFile, kind === 'image' || kind === 'sticker' ? URL.createObjectURL(file) : '');
  }

  /**
   * @param {Event} event
   * @param {DataTransfer | null} brought
   */
  #files(event, brought) {
    const file = brought?.files[0];
    if (!file) return;
    event.preventDefault();
    this.#choose(file, kindOf(file));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'Escape') this.#clear();
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#send();
  }

  #send() {
    if (this.#recording) return this.#recording.send();
    const text = this.text.value;
    const chosen = this.#chosen;
    if (chosen) {
      const said = text.trim() && CAPTIONED.has(chosen.kind);
      this.#say({ type: chosen.kind, file: chosen.file, ...(said ? { text } : {}) });
      if (!text.trim() || said) return;
    }
    if (!text.trim()) return;
    if (this.#editing) this.#say({ type: 'edit', message_id: this.#editing.id, text });
    else this.#say({ type: 'text', text });
  }

  /** @param {Said} said */
  #say(said) {
    const reply_to = this.#replying?.id;
    this.onSaid(reply_to && said.type !== 'edit' ? { ...said, reply_to } : said);
    this.#clear();
  }

  #clear() {
    this.#replying = this.#editing = this.#chosen = null;
    this.text.value = '';
    this.about.hidden = true;
    this.#resize();
  }

  /**
   * @param {string} what
   * @param {string} text
   * @param {string} stop
   * @param {string} [picture]
   */
  #showAbout(what, text, stop, picture = '') {
    fill(this.about,
      picture && h('img', { src: picture, alt: '' }),
      h('p', { class: 'grow' }, what && h('strong', { class: 'small' }, what), h('span', { class: 'cut' }, text)),
      iconButton('close', stop, () => { this.#clear(); this.text.focus(); }));
    this.about.hidden = false;
    this.text.focus();
  }

  #resize() {
    this.text.style.height = 'auto';
    this.text.style.height = `${Math.min(this.text.scrollHeight + 2, MAX_HEIGHT)}px`;
  }
}

/**
 * @param {string} accept
 * @param {(file: File) => void} onChosen
 */
function picker(accept, onChosen) {
  const input = h('input', { type: 'file', hidden: true, tabindex: -1, 'aria-hidden': 'true', accept: accept || false, onchange: () => {
    const file = input.files?.[0];
    if (file) onChosen(file);
    input.value = '';
  } });
  return input;
}
