/** Who the customer is: picture, name, notes, how they are reached, and what stands out about them. */

import { fill, h, refill } from '../../dom.js';
import { busy, complain, say } from '../../feedback.js';
import { date } from '../../format.js';
import { texts } from '../../texts_customer.js';
import { avatar } from '../avatar.js';
import { InPlace } from './in_place.js';
import { facts } from './section.js';

/** @import { CustomerPane } from '../customer.js' */
/** @import { Chat, Profile } from '../../types.js' */

export class Head {
  /** @type {Profile | null} */
  #profile = null;
  #pane;
  #picture = h('div');
  #shownPicture = '';
  #flags = h('ul', { class: 'row wrap' });
  #facts = h('div');
  #claim = h('div');

  /** @param {CustomerPane} pane */
  constructor(pane) {
    this.#pane = pane;
    this.heading = h('h2', { tabindex: '-1' });
    this.name = new InPlace(pane, { label: texts.name, edit: texts.editName, field: 'name', element: this.heading, empty: '' });
    this.notes = new InPlace(pane, {
      label: texts.notes, edit: texts.editNotes, field: 'notes', element: h('p', { class: 'plain' }), empty: texts.noNotes,
    });
    this.element = h('div', { class: 'stack head' },
      h('div', { class: 'row' }, this.#picture, h('div', { class: 'grow' }, this.name.element)), this.#flags, this.#claim, this.#facts,
      pane.store.isAdmin && h('button', { type: 'button', class: 'link small tool', onclick: () => this.#edit() }, texts.editDetails),
      h('section', null, h('h3', null, texts.notes), this.notes.element));
    void this.load();
  }

  /** What only the profile says. */
  async load() {
    try {
      this.#profile = await this.#pane.store.api.get(`/api/customers/customers/${this.#pane.id}/`, undefined, this.#pane.signal);
      if (this.#pane.row) this.show(this.#pane.row);
    } catch (error) {
      complain(error);
    }
  }

  /** @param {Chat} row */
  show(row) {
    this.name.show(row);
    this.notes.show(row);
    const picture = row.avatar?.split('?')[0] ?? row.name; // the rest of the link changes every time
    if (picture !== this.#shownPicture) fill(this.#picture, avatar(row.name, row.avatar));
    this.#shownPicture = picture;
    const flags = [row.is_vip && texts.vip, row.is_verified && texts.verified, !row.is_active && texts.inactive, row.loyalty_tier && capital(row.loyalty_tier), texts.sources[row.source] ?? row.source];
    fill(this.#flags, flags.map((flag) => flag && h('li', { class: 'chip' }, flag)));
    const known = this.#profile;
    refill(this.#facts, facts([
      [texts.customer, row.customer_id], [texts.phone, row.phone && h('a', { href: `tel:${row.phone}` }, row.phone)],
      [texts.email, row.email && h('a', { href: `mailto:${row.email}` }, row.email)], [texts.handle, row.username && `@${row.username}`],
      [texts.writesTo, row.business_number?.name], [texts.nic, known?.nic],
      [texts.born, known?.date_of_birth && date(`${known.date_of_birth}T00:00`)],
      [texts.groups, known?.customer_groups.map((group) => group.name).join(', ')], [texts.since, date(row.created_at)],
    ]));
    this.#showClaim();
  }

  #showClaim() {
    const phone = this.#profile?.phone_to_confirm;
    if (!phone) return refill(this.#claim);
    const { store, id } = this.#pane;
    /** @type {HTMLButtonElement} */
    const button = h('button', { type: 'button', onclick: () => busy(button, async () => {
      store.take(await store.api.post(`/api/customers/${id}/confirm-phone/`));
      say(texts.phoneConfirmed);
      await this.load();
      this.heading.focus();
    }) }, texts.confirmPhone);
    return refill(this.#claim, h('div', { class: 'notice warn stack small' }, h('p', null, texts.unconfirmedPhone(phone)), button));
  }

  async #edit() {
    const { store, row } = this.#pane;
    try {
      if (row) (await import('./details.js')).openDetails(store, row);
    } catch (error) {
      complain(error);
    }
  }
}

/** @param {string} word */
function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
