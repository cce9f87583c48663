/** A list of which only what is seen is in the page, for lists of any length. All rows are equally high. */

import { h } from '../dom.js';

// Rows beside those that are seen, so that scrolling shows no gaps.
const MARGIN = 8;

export class VirtualList extends HTMLElement {
  rowHeight = 76;
  /** What identifies the row at a place; undefined while it is not loaded. @type {(place: number) => number | undefined} */
  keyAt = () => undefined;
  /** Whether a row is in the list, seen or not. @type {(key: number) => boolean} */
  has = () => true;
  /** Makes a row, or brings it up to date. @type {(item: HTMLLIElement, key: number) => void} */
  render = () => {};
  /** Told which places are seen. @type {(first: number, last: number) => void} */
  onSeen = () => {};
  #length = 0;
  /** @type {Map<number, HTMLLIElement>} */
  #rows = new Map();
  /** @type {HTMLLIElement[]} */
  #blanks = [];
  #list = h('ul', { role: 'list' });
  #drawing = 0;

  connectedCallback() {
    this.append(this.#list);
    this.addEventListener('scroll', () => this.#drawSoon(), { passive: true });
    new ResizeObserver(() => this.#drawSoon()).observe(this);
  }

  /** @param {string} name */
  set label(name) {
    this.#list.setAttribute('aria-label', name);
  }

  /** @param {number} length */
  show(length) {
    this.#length = length;
    this.#list.style.height = `${length * this.rowHeight}px`;
    this.#drawSoon();
  }

  /** @param {number} place */
  reveal(place) {
    const top = place * this.rowHeight;
    if (top < this.scrollTop) this.scrollTop = top;
    else if (top + this.rowHeight > this.scrollTop + this.clientHeight) this.scrollTop = top + this.rowHeight - this.clientHeight;
    this.#draw();
  }

  /** @param {number} key */
  rowOf(key) {
    return this.#rows.get(key);
  }

  #drawSoon() {
    if (this.#drawing) return;
    this.#drawing = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    cancelAnimationFrame(this.#drawing);
    this.#drawing = 0;
    const first = Math.max(0, Math.floor(this.scrollTop / this.rowHeight) - MARGIN);
    const last = Math.min(this.#length - 1, Math.ceil((this.scrollTop + this.clientHeight) / this.rowHeight) + MARGIN);
    const seen = new Set();
    let blank = 0;
    for (let place = first; place <= last; place++) {
      const key = this.keyAt(place);
      if (key === undefined) this.#place(this.#blank(blank++), place);
      else {
        seen.add(key);
        this.#place(this.#row(key), place);
      }
    }
    for (const [key, row] of this.#rows) {
      const focused = row.contains(document.activeElement); // who scrolls away from it comes back to it
      if (!seen.has(key) && !(focused && this.has(key))) this.#drop(key, row);
    }
    for (const row of this.#blanks.splice(blank)) row.remove();
    if (last >= first) this.onSeen(first, last);
  }

  /** @param {number} key */
  #row(key) {
    const row = this.#rows.get(key) ?? h('li');
    if (!this.#rows.has(key)) this.#list.append(row);
    this.#rows.set(key, row);
    this.render(row, key);
    return row;
  }

  /** @param {number} number */
  #blank(number) {
    const row = this.#blanks[number] ?? h('li', { class: 'blank', 'aria-hidden': 'true' }, h('div', { class: 'skeleton' }));
    if (!row.isConnected) this.#list.append(row);
    this.#blanks[number] = row;
    return row;
  }

  /** @param {HTMLLIElement} row @param {number} place */
  #place(row, place) {
    row.style.transform = `translateY(${place * this.rowHeight}px)`;
    row.ariaPosInSet = String(place + 1);
    row.ariaSetSize = String(this.#length);
  }

  /** @param {number} key @param {HTMLLIElement} row */
  #drop(key, row) {
    this.#rows.delete(key);
    row.remove();
  }
}

customElements.define('virtual-list', VirtualList);
