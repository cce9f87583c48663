/** Places, contact cards, orders, choices, forms and templates. */

/** @import { Child } from '../dom.js' */
/** @import { Shown } from './content.js' */

import { h, icon } from '../dom.js';
import { money } from '../format.js';
import { texts } from '../texts.js';
import { attached, linked } from './content.js';
import { interactiveParts, templateParts } from './sent.js';

/** @type {Record<string, Shown>} */
export const CARDS = {
  location: ({ payload, text }) => [place(payload, text)],
  contacts: ({ payload, text }) => cards(payload, text),
  // The text has everything in words, for lists and the search: here only its last line, the total, is new.
  order: ({ payload, text }) => order(payload, [payload?.text, /^Total: .*$/m.exec(text)?.[0]].filter(Boolean).join('\n')),
  interactive: (message, handlers) => (message.direction === 'outbound'
    ? [...attached(message, handlers), ...interactiveParts(message.payload, message.text)]
    : answered(message.payload, message.text)),
  template: (message, handlers) => [
    h('p', { class: 'small soft' }, `${texts.template} ${message.payload?.name ?? ''}`),
    ...attached(message, handlers),
    ...(message.shown ? templateParts(message.shown) : [h('p', { class: 'text' }, linked(message.text))]),
  ],
};

/**
 * @param {{latitude?: number, longitude?: number, name?: string, address?: string} | undefined} payload
 * @param {string} text
 */
function place(payload, text) {
  const { latitude, longitude } = payload ?? {};
  const name = [payload?.name, payload?.address].filter(Boolean).join(', ') || text;
  const query = new URLSearchParams({ mlat: String(latitude), mlon: String(longitude) });
  return h('a', { class: 'file', href: `https://www.openstreetmap.org/?${query}#map=16/${latitude}/${longitude}`, target: '_blank', rel: 'noopener noreferrer' },
    icon('pin'), h('span', null, name || `${latitude}, ${longitude}`));
}

/** @param {any} payload @param {string} text @returns {Child[]} */
function cards(payload, text) {
  const all = Array.isArray(payload) ? payload : payload?.contacts;
  if (!Array.isArray(all) || !all.length) return [h('p', { class: 'text' }, text)];
  return all.map((card) => h('div', { class: 'card' },
    h('strong', null, icon('user'), ' ', card.name?.formatted_name ?? texts.contact),
    (card.phones ?? []).map((/** @type {any} */ one) => h('a', { href: `tel:${String(one.phone ?? one.wa_id).replace(/[^+\d]/g, '')}` }, one.phone ?? `+${one.wa_id}`)),
    (card.emails ?? []).map((/** @type {any} */ one) => h('a', { href: `mailto:${one.email}` }, one.email))));
}

/** @param {any} payload @param {string} text @returns {Child[]} */
function order(payload, text) {
  /** @type {any[]} */
  const items = payload?.product_items ?? [];
  return [
    h('strong', null, texts.order),
    h('ul', { class: 'items' }, items.map((one) => h('li', { class: 'row' },
      h('span', { class: 'grow' }, `${one.quantity} × ${one.product_retailer_id}`),
      one.item_price !== undefined && one.currency && h('span', null, money(String(Number(one.item_price) * Number(one.quantity)), one.currency))))),
    text && h('p', { class: 'text' }, linked(text)),
  ];
}

/**
 * What the customer chose, or what a form was filled in with.
 *
 * @param {any} payload
 * @param {string} text
 * @returns {Child[]}
 */
function answered(payload, text) {
  const form = payload?.nfm_reply?.response_json;
  if (typeof form !== 'string') return [h('p', { class: 'text' }, icon('reply'), ' ', text)];
  /** @type {Record<string, unknown>} */
  let fields;
  try {
    fields = JSON.parse(form);
  } catch {
    return [h('p', { class: 'text' }, text || form)]; // the customer's program wrote it, not ours
  }
  return [h('strong', null, icon('list'), ' ', payload.nfm_reply.name ?? texts.form), h('dl', { class: 'fields' },
    Object.entries(fields).filter(([name]) => name !== 'flow_token').flatMap(([name, value]) => [
      h('dt', null, name.replaceAll('_', ' ')), h('dd', null, Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? JSON.stringify(value) : String(value))]))];
}
