/** `<time-waiting since="...">`: how long ago a time was, counted up. */

import { timeSince } from '../format.js';

/** @type {Set<TimeWaiting>} */
const counting = new Set();
setInterval(() => { for (const one of [...counting]) one.show(); }, 5000);

export class TimeWaiting extends HTMLElement {
  static observedAttributes = ['since'];

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
    const text = timeSince(this.getAttribute('since') ?? '');
    if (text !== this.textContent) this.textContent = text;
  }
}

customElements.define('time-waiting', TimeWaiting);
