/** What we sent beside texts and files, as the customer sees it: interactive messages and templates. */

/** @import { Child } from '../dom.js' */
/** @import { Schemas } from '../types.js' */

import { h, icon, safeUrl } from '../dom.js';
import { moment } from '../format.js';
import { texts } from '../texts.js';
import { sent } from '../texts_sent.js';
import { linked } from './content.js';

/**
 * Something that can be tapped, or chosen in a list.
 *
 * @typedef {object} Choice
 * @property {string} text
 * @property {string} [more]  in small letters below
 * @property {string} [url]
 * @property {boolean} [heading]  it stands above others
 */

/** @param {Schemas['Shown']} shown @returns {Child[]} */
export function templateParts(shown) {
  return [
    shown.header && h('strong', null, shown.header),
    headerFile(shown.header_format, shown.header_content),
    shown.body && h('p', { class: 'text' }, linked(shown.body)),
    shown.offer && h('p', { class: 'small' }, shown.offer.text, shown.offer.expires_at && ` (${sent.until(moment(shown.offer.expires_at))})`),
    shown.footer && h('p', { class: 'small soft' }, shown.footer),
    choices(shown.buttons.map(templateButton)),
    shown.cards.length > 0 && cards(shown.cards.map((card) => [
      headerFile(card.header_format, card.header_content),
      card.body && h('p', { class: 'text' }, linked(card.body)),
      choices(card.buttons.map(templateButton))])),
  ];
}

/** @param {Schemas['ShownButton']} button @returns {Choice} */
function templateButton({ text, url, phone_number: phone, coupon_code: coupon, code }) {
  return { text: text || texts.more, url, more: url ?? phone ?? coupon ?? code };
}

/** @param {any} payload  Meta's, and free @param {string} text @returns {Child[]} */
export function interactiveParts(payload, text) {
  const { header, body, footer, action, type } = payload ?? {};
  return [
    header?.text && h('strong', null, header.text),
    headerFile(header?.type?.toUpperCase() ?? '', header?.[header?.type]),
    h('p', { class: 'text' }, linked(body?.text ?? text)),
    footer?.text && h('p', { class: 'small soft' }, footer.text),
    action?.cards ? cards(action.cards.map(interactiveCard)) : choices((CHOICES[type] ?? (() => []))(action ?? {})),
  ];
}

/** @param {any} card @returns {Child[]} */
function interactiveCard({ header, body, action, type }) {
  return [
    headerFile(header?.type?.toUpperCase() ?? '', header?.[header?.type]),
    body?.text && h('p', { class: 'text' }, linked(body.text)),
    choices((CHOICES[type === 'button' ? 'card' : type] ?? (() => []))(action ?? {})),
  ];
}

/** What can be done with a message of each type. @type {Record<string, (action: any) => Choice[]>} */
const CHOICES = {
  button: ({ buttons }) => (buttons ?? []).map((/** @type {any} */ one) => ({ text: one.reply?.title ?? '' })),
  card: ({ buttons }) => (buttons ?? []).map((/** @type {any} */ one) => ({ text: one.quick_reply?.title ?? '' })),
  list: ({ button, sections }) => [
    { text: button, heading: true },
    ...(sections ?? []).flatMap((/** @type {any} */ one) => [
      ...(one.title ? [{ text: one.title, heading: true }] : []),
      ...(one.rows ?? []).map((/** @type {any} */ row) => ({ text: row.title, more: row.description }))]),
  ],
  cta_url: ({ parameters }) => [{ text: parameters?.display_text ?? '', url: parameters?.url, more: parameters?.url }],
  flow: ({ parameters }) => [{ text: parameters?.flow_cta ?? '' }],
  product: ({ product_retailer_id: id }) => [{ text: sent.product(id) }],
  product_list: ({ sections }) => [
    { text: sent.products, heading: true },
    ...(sections ?? []).flatMap((/** @type {any} */ one) => [
      ...(one.title ? [{ text: one.title, heading: true }] : []),
      ...(one.product_items ?? []).map((/** @type {any} */ item) => ({ text: sent.product(item.product_retailer_id) }))]),
  ],
  catalog_message: () => [{ text: sent.catalog }],
  location_request_message: () => [{ text: sent.location }],
  request_contact_info: () => [{ text: sent.contact }],
  address_message: () => [{ text: sent.address }],
  call_permission_request: () => [{ text: sent.calls }],
  voice_call: ({ parameters }) => [{ text: parameters?.display_text ?? sent.call }],
  order_details: ({ parameters }) => [{ text: sent.pay, more: parameters?.reference_id }],
  order_status: ({ parameters }) => [{ text: parameters?.order?.status ?? '', more: parameters?.order?.description }],
};

/**
 * What stands above the text and is no text itself. A file that was uploaded with the message is shown by the message.
 *
 * @param {string} format
 * @param {any} content
 * @returns {Child}
 */
function headerFile(format, content) {
  if (!content || format === 'TEXT' || !format) return null;
  if (format === 'LOCATION') return h('p', { class: 'file' }, icon('pin'), ` ${[content.name, content.address].filter(Boolean).join(', ') || `${content.latitude}, ${content.longitude}`}`);
  if (format === 'PRODUCT') return h('p', { class: 'file' }, icon('list'), ` ${sent.product(content.product_retailer_id)}`);
  const kind = texts.kinds[format === 'GIF' ? 'video' : format.toLowerCase()] ?? texts.file;
  const name = content.filename ?? content.link ?? kind;
  if (content.link) {
    return h('a', { class: 'file', href: safeUrl(content.link), target: '_blank', rel: 'noopener noreferrer', 'aria-label': `${kind}: ${name}` }, icon('file'), h('span', { class: 'grow cut' }, name));
  }
  return content.id ? h('p', { class: 'file' }, icon('file'), h('span', { class: 'grow cut' }, name)) : null;
}

/** @param {Choice[]} all @returns {Child} */
function choices(all) {
  if (!all.length) return null;
  return h('ul', { class: 'choices' }, all.map(({ text, more, url, heading }) => h('li', { class: heading ? 'heading' : '' },
    url ? h('a', { href: safeUrl(url), target: '_blank', rel: 'noopener noreferrer' }, text) : text,
    more && h('span', { class: 'small soft cut' }, more))));
}

/** @param {Child[][]} all */
function cards(all) {
  return h('ul', { class: 'cards', role: 'list', tabindex: 0, 'aria-label': sent.cards }, all.map((parts) => h('li', null, parts)));
}
