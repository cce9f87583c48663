/** The log of a chat. Bubbles that have not changed stay as they are: what plays goes on, what has the focus keeps it. */

/** @import { Answers, Row } from './types.js' */

import { h } from '../dom.js';
import { tick } from '../elements/tick.js';
import { bubble, dayOf } from './bubbles.js';
import { words } from './words.js';

// So near to the end, in px, the log follows what comes.
const NEAR = 80;

export class Log {
  /** @type {Map<string, { element: HTMLElement, key: string, status: string }>} */
  #shown = new Map();
  /** @type {Row[]} */
  #rows = [];
  #atEnd = true;
  #before = 0;

  /** @param {Omit<Answers, 'rowOf'>} answers */
  constructor(answers) {
    this.answers = { ...answers, rowOf: (/** @type {string} */ id) => this.#rows.find((row) => row.id === id) };
    this.element = h('div', { class: 'log', role: 'log', 'aria-label': words.messages, tabindex: 0 });
    this.element.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    // Pictures grow when they are there, and the log when it is shown or a keyboard goes.
    const follow = () => { if (this.#atEnd) this.#toEnd(); };
    this.element.addEventListener('load', follow, true);
    new ResizeObserver(follow).observe(this.element);
  }

  /** Only who scrolls up leaves the end. What grows, such as a picture that has come, only moves it. */
  #scrolled() {
    const { scrollTop } = this.element;
    if (this.#isNear()) this.#atEnd = true;
    else if (scrollTop < this.#before) this.#atEnd = false;
    this.#before = scrollTop;
  }

  /** @param {Row[]} rows */
  show(rows) {
    // Who has just written wants to see it.
    const mine = rows.at(-1)?.from === 'customer' && rows.at(-1)?.id !== this.#rows.at(-1)?.id;
    if (mine) this.#atEnd = true;
    this.#rows = rows;
    const tapped = new Set(rows.flatMap((row) => (row.from === 'customer' && row.reply_to && ['interactive', 'contacts'].includes(row.type) ? [row.reply_to] : [])));
    const elements = [];
    let day = '';
    for (const row of rows) {
      const of = new Date(row.at).toDateString();
      if (of !== day) elements.push(this.#kept(`day ${of}`, of, '', () => dayOf(row.at)));
      day = of;
      const { status, ...rest } = row.from === 'customer' ? row : { ...row, status: '' };
      const quoted = row.from === 'customer' && row.reply_to ? JSON.stringify(this.answers.rowOf(row.reply_to) ?? null) : '';
      elements.push(this.#kept(row.id, JSON.stringify([rest, status === 'sending', tapped.has(row.id), quoted]), status, () => bubble(row, this.answers, tapped.has(row.id))));
    }
    if (!rows.length) elements.push(h('p', { class: 'empty' }, words.empty));
    this.#place(elements);
    if (this.#atEnd) this.#toEnd();
  }

  /**
   * @param {string} id
   * @param {string} key
   * @param {string} status
   * @param {() => HTMLElement} make
   */
  #kept(id, key, status, make) {
    const known = this.#shown.get(id);
    if (known?.key === key) {
      if (known.status !== status) known.element.querySelector('.tick')?.replaceWith(tick(status));
      known.status = status;
      return known.element;
    }
    const element = make();
    this.#shown.set(id, { element, key, status });
    return element;
  }

  /** @param {HTMLElement[]} elements */
  #place(elements) {
    const wanted = new Set(elements);
    for (const child of [...this.element.children]) if (!wanted.has(/** @type {HTMLElement} */ (child))) child.remove();
    elements.forEach((element, index) => {
      const there = this.element.children[index];
      if (there !== element) this.element.insertBefore(element, there ?? null);
    });
    for (const [id, { element }] of this.#shown) if (!wanted.has(element)) this.#shown.delete(id);
  }

  #isNear() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }
}
