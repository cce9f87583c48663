/** `<time-left until="...">`: how long until a time, counted down. It emits `over` when the time has come. */

import { timeLeft } from '../format.js';

/** @type {Set<TimeLeft>} */
const counting = new Set();
setInterval(() => { for (const one of [...counting]) one.show(); }, 1000);

export class TimeLeft extends HTMLElement {
  static observedAttributes = ['until'];
  #shown = '';

  connectedCallback() {
    counting.add(this);
    this.show();
  }

  disconnectedCallback() {
    counting.delete(this);
  }

  attributeChangedCallback() {
    this.show();
  }

  show() {
    const left = timeLeft(this.getAttribute('until') ?? '');
    if (left === this.#shown) return;
    const over = this.#shown !== '' && left === '';
    this.#shown = left;
    this.textContent = left;
    if (over) this.dispatchEvent(new Event('over'));
  }
}

customElements.define('time-left', TimeLeft);
