/** Which of our numbers send nothing, and why: lines above the desk, for admins. */

/** @import { Store } from '../store.js' */
/** @import { NumberNews } from '../types.js' */

import { ApiError } from '../api.js';
import { h, icon, iconButton, refill } from '../dom.js';
import { say } from '../feedback.js';
import { moment } from '../format.js';
import { SignedOut } from '../session.js';
import { texts } from '../texts_numbers.js';

// While a line is shown it is looked up again: a short pause ends without a word; in ms.
const LOOK_AGAIN = 15_000;

/** A number that sends nothing. Of one that was only listed, the reason is not known. @typedef {Pick<NumberNews, 'id' | 'name' | 'display_number'> & {reason?: string, until?: string | null}} Paused */

export class NumberLines {
  /** @type {Map<number, Paused>} */
  #paused = new Map();
  /** Those whose line was closed. @type {Set<number>} */
  #closed = new Set();
  /** @type {number | undefined} */
  #looking;
  /** @type {(() => void)[]} */
  #stop;

  /** @param {Store} store */
  constructor(store) {
    this.store = store;
    this.element = h('div', { class: 'numbers', role: 'status', 'aria-label': texts.ourNumbers, hidden: true });
    this.#stop = [store.on('number', (news) => this.#heard(news)), store.on('sync', () => void this.#load())];
  }

  close() {
    for (const stop of this.#stop) stop();
    clearTimeout(this.#looking);
  }

  /** @param {NumberNews} news */
  #heard(news) {
    const before = this.#paused.get(news.id);
    if (news.paused) {
      if (news.reason !== before?.reason) this.#closed.delete(news.id);
      this.#paused.set(news.id, news);
    } else if (before) this.#isBack(before);
    this.#draw();
  }

  async #load() {
    try {
      const { results } = await this.store.api.get('/api/business-numbers/', { page_size: 100 });
      const now = new Map(results.map((/** @type {Paused & {paused: boolean}} */ one) => [one.id, one]));
      for (const one of [...this.#paused.values()]) if (!now.get(one.id)?.paused) this.#isBack(one);
      for (const one of now.values()) if (one.paused && !this.#paused.has(one.id)) this.#paused.set(one.id, one);
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof SignedOut)) throw error; // a lost connection says so elsewhere
    }
    this.#draw();
  }

  /** @param {Paused} number */
  #isBack(number) {
    this.#paused.delete(number.id);
    this.#closed.delete(number.id);
    say(texts.sendsAgain(named(number)));
  }

  #draw() {
    const shown = [...this.#paused.values()].filter((one) => !this.#closed.has(one.id));
    refill(this.element, shown.map((one) => this.#line(one)));
    this.element.hidden = !shown.length;
    clearTimeout(this.#looking);
    if (shown.length) this.#looking = setTimeout(() => void this.#load(), LOOK_AGAIN);
  }

  /** @param {Paused} one */
  #line(one) {
    return h('p', { class: 'row' }, icon('warning'),
      h('span', { class: 'grow' },
        h('strong', null, one.until ? texts.pausedUntil(named(one), moment(one.until)) : texts.paused(named(one))), ' ',
        one.reason ? `${one.reason} ` : '',
        h('a', { href: `/admin/messaging/businessnumber/${one.id}/change/` }, one.reason ? texts.inAdmin : texts.whyInAdmin)),
      iconButton('close', texts.closeLine(named(one)), () => { this.#closed.add(one.id); this.#draw(); }));
  }
}

/** @param {Paused} number */
function named({ name, display_number: display }) {
  return display && display !== name ? `${name} (${display})` : name;
}
