/** What reaches somebody who looks elsewhere: the count in the title, and, by choice, notifications and a sound. */

/** @import { Store } from '../store.js' */
/** @import { Chat } from '../types.js' */

import { ApiError } from '../api.js';
import { iconButton } from '../dom.js';
import { noticesWanted } from '../settings.js';
import { SignedOut } from '../session.js';
import { texts } from '../texts.js';

const COUNT_PAUSE = 1000;

export class Notices {
  /** @type {number | undefined} */
  #counting;
  /** @type {AudioContext | null} */
  #audio = null;
  /** @type {(() => void)[]} */
  #stop;

  /**
   * @param {Store} store
   * @param {() => number} openChat  the id of the chat that is open
   * @param {(customer: number) => void} onOpen
   */
  constructor(store, openChat, onOpen) {
    this.store = store;
    this.openChat = openChat;
    this.onOpen = onOpen;
    this.button = iconButton('bell', texts.notices, async () => (await import('./dialogs.js')).openNotices(() => this.play()));
    this.#stop = [
      store.on('row', ({ row, before, heard }) => { if (heard) this.#heard(row, before); }),
      store.on('gone', () => this.#countSoon()),
      store.on('sync', () => this.#countSoon()),
    ];
  }

  close() {
    for (const stop of this.#stop) stop();
    clearTimeout(this.#counting);
    document.title = texts.appName;
  }

  /** @param {Chat} row @param {Chat | undefined} before */
  #heard(row, before) {
    if (row.unread_count !== before?.unread_count) this.#countSoon();
    const last = row.last_message;
    if (last?.direction !== 'inbound' || last.id === before?.last_message?.id || row.unread_count === 0) return;
    if (document.hasFocus() && this.openChat() === row.id) return;
    const { show, sound } = noticesWanted();
    if (show && Notification.permission === 'granted' && !document.hasFocus()) this.#show(row, last.text || (texts.kinds[last.type] ?? last.type));
    if (sound) this.play();
  }

  /** @param {Chat} row @param {string} text */
  #show(row, text) {
    const shown = new Notification(row.name, { body: text, tag: `patter-${row.id}` });
    shown.onclick = () => {
      window.focus();
      shown.close();
      this.onOpen(row.id);
    };
  }

  /** Two short tones. Browsers play nothing before the page was touched. */
  play() {
    this.#audio ??= new AudioContext();
    const { currentTime, destination } = this.#audio;
    for (const [place, pitch] of [660, 880].entries()) {
      const tone = new OscillatorNode(this.#audio, { frequency: pitch });
      const loudness = new GainNode(this.#audio, { gain: 0.06 });
      tone.connect(loudness).connect(destination);
      tone.start(currentTime + place * 0.12);
      tone.stop(currentTime + place * 0.12 + 0.1);
    }
  }

  #countSoon() {
    this.#counting ??= setTimeout(async () => {
      this.#counting = undefined;
      try {
        const { count } = await this.store.api.get('/api/customers/', { has_unread: true, page_size: 1 });
        document.title = count ? `(${count}) ${texts.appName}` : texts.appName;
      } catch (error) {
        if (!(error instanceof ApiError || error instanceof SignedOut)) throw error; // the next change counts again
      }
    }, COUNT_PAUSE);
  }
}
