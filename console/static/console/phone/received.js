/** What came from the business, from the body that Meta's Graph API is given: as a phone shows it. */

/** @import { Child } from '../dom.js' */
/** @import { Received } from './types.js' */

import { h, icon, safeUrl } from '../dom.js';
import { moment } from '../format.js';
import { linked } from '../views/content.js';
import { cards, place } from './cards.js';
import { audio, caption, document_, picture, video } from './media.js';
import { words } from './words.js';

/**
 * @param {Received} row
 * @returns {Child[]}
 */
export function receivedContent(row) {
  const shown = SHOWN[row.body.type];
  return shown ? shown(row.body[row.body.type], row) : [h('p', { class: 'soft' }, icon('warning'), ' ', words.unknown)];
}

/** @type {Record<string, (content: any, row: Received) => Child[]>} */
const SHOWN = {
  text: ({ body }) => [h('p', { class: 'text' }, linked(body))],
  image: ({ id, link, caption: said }) => [link ? linkTo(link) : picture(id, said), caption(said)],
  sticker: ({ id }) => [picture(id, '', 'sticker')],
  video: ({ id, link, caption: said }) => [link ? linkTo(link) : video(id), caption(said)],
  audio: ({ id }) => [audio(id)],
  document: ({ id, link, filename, caption: said }) => [link ? linkTo(link) : document_(id, filename), caption(said)],
  location: (content) => [place(content)],
  contacts: (content) => cards(content, ''),
  interactive: ({ header, body, footer }) => [
    ...headerOf(header),
    body?.text && h('p', { class: 'text' }, linked(body.text)),
    footer?.text && h('p', { class: 'small faint' }, footer.text),
  ],
  template: (content, row) => template(content, row),
};

/** @param {string} link */
function linkTo(link) {
  return h('a', { class: 'file', href: safeUrl(link), target: '_blank', rel: 'noopener noreferrer' }, icon('file'), h('span', { class: 'grow cut' }, link));
}

/**
 * What stands above the text: a text, a file, a place or a product.
 *
 * @param {Record<string, any> | undefined} header
 * @returns {Child[]}
 */
export function headerOf(header) {
  if (!header) return [];
  if (header.type === 'text') return header.text ? [h('p', { class: 'heading' }, header.text)] : [];
  if (header.type === 'product') return [h('p', { class: 'file' }, icon('list'), words.product(header.product.product_retailer_id))];
  return SHOWN[header.type === 'gif' ? 'video' : header.type]?.(header[header.type], /** @type {any} */ ({})) ?? [];
}

/**
 * @param {Record<string, any>} content
 * @param {Received} row
 * @returns {Child[]}
 */
function template(content, { template: shown }) {
  if (!shown) return [h('p', { class: 'text' }, content.name)];
  const header = (content.components ?? []).find((/** @type {any} */ part) => part.type === 'header')?.parameters[0];
  return [
    ...headerOf(header?.type === 'text' ? { type: 'text', text: shown.header } : header ?? { type: 'text', text: shown.header }),
    h('p', { class: 'text' }, linked(shown.body)),
    shown.offer && h('p', { class: 'small' }, icon('bell'), ` ${shown.offer.text}`, shown.offer.expires_at && ` · ${moment(shown.offer.expires_at)}`),
    shown.footer && h('p', { class: 'small faint' }, shown.footer),
  ];
}
