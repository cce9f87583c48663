/** Whose phone it is: a number that is typed, chosen from the customers, or invented. */

/** @import { Numbers, Person } from './types.js' */

import { fill, h } from '../dom.js';
import { complain } from '../feedback.js';
import { avatar } from '../views/avatar.js';
import * as sandbox from './sandbox.js';
import { words } from './words.js';

/** @typedef {(number: string, as: { name: string, business: string | undefined }) => Promise<void>} Open */

export class NumbersView {
  /** @param {Open} onOpen */
  constructor(onOpen) {
    this.onOpen = onOpen;
    this.number = h('input', { type: 'text', inputmode: 'tel', autocomplete: 'off', placeholder: '+44 7700 900123', required: true });
    this.name = h('input', { autocomplete: 'off', maxlength: 100 });
    this.business = h('select');
    this.businessField = h('label', { hidden: true }, h('span', null, words.business), this.business);
    this.people = h('ul', { role: 'list', 'aria-label': words.known });
    this.element = h('section', { class: 'numbers' },
      h('h2', null, words.title), h('p', { class: 'soft' }, words.intro),
      h('form', { class: 'stack', onsubmit: (/** @type {SubmitEvent} */ event) => { event.preventDefault(); void this.#open(this.number.value, this.name.value); } },
        h('label', null, h('span', null, words.number), this.number),
        h('label', null, h('span', null, words.name), this.name),
        this.businessField,
        h('div', { class: 'row' },
          h('button', { type: 'submit', class: 'main grow' }, words.open),
          h('button', { type: 'button', onclick: () => this.#invent() }, words.newNumber))),
      h('h3', null, words.known), this.people,
      h('p', null, h('a', { href: '/', target: 'desk' }, words.desk)));
  }

  /** Who there is now. */
  async load() {
    try {
      this.#show(await sandbox.numbers());
    } catch (error) {
      complain(error);
    }
  }

  /** @param {string} phone */
  mark(phone) {
    for (const one of this.people.querySelectorAll('button')) one.setAttribute('aria-pressed', String(one.dataset.phone === phone));
    this.number.value = phone || this.number.value;
  }

  /** @param {Numbers} found */
  #show({ business, customers }) {
    const chosen = this.business.value;
    fill(this.business, business.map(({ id, display }) => h('option', { value: id, selected: id === chosen }, display)));
    this.businessField.hidden = business.length < 2;
    fill(this.people, customers.length ? customers.map((one) => this.#person(one)) : h('li', { class: 'soft' }, words.nobody));
    this.mark(this.number.value);
  }

  /** @param {Person} person */
  #person({ phone, name }) {
    return h('li', null, h('button', { type: 'button', class: 'bare person', 'data-phone': phone, 'aria-pressed': 'false', onclick: () => void this.#open(phone, '') },
      avatar(name || phone, null), h('span', { class: 'grow' }, h('span', { class: 'cut' }, name || phone), h('span', { class: 'small soft' }, phone))));
  }

  /** A number that is kept free for examples: +44 7700 900000 to 900999. */
  #invent() {
    this.number.value = `+447700900${String(Math.floor(Math.random() * 1000)).padStart(3, '0')}`;
    this.name.value = '';
    this.name.focus();
  }

  /**
   * @param {string} number
   * @param {string} name
   */
  async #open(number, name) {
    try {
      await this.onOpen(number.trim(), { name: name.trim(), business: this.business.value || undefined });
    } catch (error) {
      complain(error);
    }
  }
}
