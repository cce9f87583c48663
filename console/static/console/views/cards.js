/** Places, contact cards, orders, choices, forms and templates. */

/** @import { Child } from '../dom.js' */
/** @import { Shown } from './content.js' */

import { h, icon } from '../dom.js';
import { money } from '../format.js';
import { texts } from '../texts.js';
import { attached, linked } from './content.js';
import { interactiveParts, templateParts } from './sent.js';

const CURRENCY = /^[A-Z]{3}$/i;

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
  if (!Number.isFinite(Number(latitude ?? NaN)) || !Number.isFinite(Number(longitude ?? NaN))) return h('p', { class: 'text' }, icon('pin'), ' ', name);
  const query = new URLSearchParams({ mlat: String(latitude), mlon: String(longitude) });
  return h('a', { class: 'file', href: `https://www.openstreetmap.org/?${query}#map=16/${latitude}/${longitude}`, target: '_blank', rel: 'noopener noreferrer' },
    icon('pin'), h('span', null, name || `${latitude}, ${longitude}`));
}

/** @param {any} payload @param {string} text @returns {Child[]} */
function cards(payload, text) {
  const all = objects(Array.isArray(payload) ? payload : payload?.contacts);
  if (!all.length) return [h('p', { class: 'text' }, text)];
  return all.map((card) => h('div', { class: 'card' },
    h('strong', null, icon('user'), ' ', card.name?.formatted_name ?? texts.contact),
    objects(card.phones).map((one) => h('a', { href: `tel:${String(one.phone ?? one.wa_id).replace(/[^+\d]/g, '')}` }, String(one.phone ?? `+${one.wa_id}`))),
    objects(card.emails).map((one) => h('a', { href: `mailto:${one.email}` }, String(one.email)))));
}

/**
 * The objects in what should be a list of them: payloads are as the customer's program wrote them.
 *
 * @param {unknown} list
 * @returns {any[]}
 */
function objects(list) {
  return Array.isArray(list) ? list.filter((one) => one && typeof one === 'object') : [];
}

/** @param {any} payload @param {string} text @returns {Child[]} */
function order(payload, text) {
  return [
    h('strong', null, texts.order),
    h('ul', { class: 'items' }, objects(payload?.product_items).map((one) => {
      const price = Number(one.item_price ?? NaN) * Number(one.quantity ?? NaN);
      return h('li', { class: 'row' },
        h('span', { class: 'grow' }, `${one.quantity ?? '?'} × ${one.product_retailer_id ?? texts.article}`),
        Number.isFinite(price) && CURRENCY.test(one.currency) && h('span', null, money(String(price), one.currency)));
    })),
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
