/** Locations and shared contacts, the same in both directions. */

/** @import { Child } from '../dom.js' */

import { h, icon } from '../dom.js';
import { words } from './words.js';

/** @param {Record<string, any>} location */
export function place({ latitude, longitude, name, address }) {
  const url = `https://www.openstreetmap.org/?mlat=${latitude}&mlon=${longitude}#map=15/${latitude}/${longitude}`;
  return h('a', { class: 'place', href: url, target: '_blank', rel: 'noopener noreferrer' },
    h('span', { class: 'map', 'aria-hidden': 'true' }, icon('pin')),
    h('span', { class: 'about' },
      h('strong', null, name || `${latitude}, ${longitude}`),
      address && h('span', { class: 'small' }, address),
      h('span', { class: 'small' }, words.map)));
}

/**
 * @param {Record<string, any>[]} given
 * @param {string} otherwise
 * @returns {Child[]}
 */
export function cards(given, otherwise) {
  return given.map((card) => {
    const name = card.name?.formatted_name || otherwise; // who shares their own number has none
    const phones = (card.phones ?? []).map((/** @type {Record<string, any>} */ { phone }) => phone);
    return h('p', { class: 'contact' },
      h('span', { class: 'avatar', 'aria-hidden': 'true' }, icon('user')),
      h('span', { class: 'grow' },
        h('strong', null, name),
        phones.filter((/** @type {string} */ phone) => phone !== name).map((/** @type {string} */ phone) => h('span', { class: 'small' }, phone))));
  });
}
