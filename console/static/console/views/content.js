/** What a message holds, for each of Meta's types. Texts become links where they hold addresses, and nothing else. */

/** @import { Message } from '../types.js' */
/** @import { BubbleHandlers } from './bubble.js' */
/** @import { Child } from '../dom.js' */

import { h, icon, safeUrl } from '../dom.js';
import { fileSize, money } from '../format.js';
import { texts } from '../texts.js';

// The longest side of a picture in the chat, in px.
const PICTURE = 280;
const ADDRESS = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;

/** @param {Message} message @param {BubbleHandlers} handlers @returns {Child[]} */
export function contentOf(message, handlers) {
  const shown = SHOWN[message.type];
  if (shown) return shown(message, handlers);
  if (message.text) return [h('p', { class: 'text' }, linked(message.text))];
  return [h('p', { class: 'soft' }, h('em', null, texts.unknownKind(message.type)))];
}

/**
 * A text with its web addresses as links.
 *
 * @param {string} text
 * @returns {Child[]}
 */
export function linked(text) {
  /** @type {Child[]} */
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(ADDRESS)) {
    parts.push(text.slice(from, found.index), h('a', { href: found[0], target: '_blank', rel: 'noopener noreferrer' }, found[0]));
    from = found.index + found[0].length;
  }
  return [...parts, text.slice(from)];
}

/** @typedef {(message: any, handlers: BubbleHandlers) => Child[]} Shown  payloads are Meta's, and free */

/** @type {Record<string, Shown>} */
const SHOWN = {
  text: ({ text }) => [h('p', { class: 'text' }, linked(text))],
  image: (message, handlers) => [...file(message, handlers, picture), caption(message)],
  sticker: (message, handlers) => file(message, handlers, picture),
  video: (message, handlers) => [...file(message, handlers, video), caption(message)],
  audio: (message, handlers) => file(message, handlers, audio),
  voice: (message, handlers) => file(message, handlers, audio),
  document: (message, handlers) => [...file(message, handlers, download), caption(message)],
  location: ({ payload, text }) => [place(payload, text)],
  contacts: ({ payload, text }) => cards(payload, text),
  order: ({ payload, text }) => order(payload, text),
  interactive: ({ payload, text, direction }) => (direction === 'outbound' ? asked(payload, text) : answered(payload, text)),
  button: ({ text }) => [h('p', { class: 'text' }, icon('reply'), ' ', text)],
  template: (message, handlers) => [...(message.media ? file(message, handlers, headerOf(message.media)) : []), ...template(message)],
  system: ({ text }) => [h('p', { class: 'soft' }, h('em', null, text))],
  unsupported: () => [h('p', { class: 'soft' }, h('em', null, texts.unsupported))],
};

/** @param {Message} message @returns {Child[]} */
function template({ text, payload }) {
  return [h('p', { class: 'small soft' }, `${texts.template} ${payload?.name ?? ''}`), h('p', { class: 'text' }, linked(text))];
}

/** The file that stands above a template. @param {NonNullable<Message['media']>} media */
function headerOf({ mime_type: kind }) {
  if (kind.startsWith('image/')) return picture;
  return kind.startsWith('video/') ? video : download;
}

/** @param {Message} message */
function caption({ text }) {
  return text && h('p', { class: 'text' }, linked(text));
}

/**
 * The file of a message, or what is known of it so far.
 *
 * @param {Message} message
 * @param {BubbleHandlers} handlers
 * @param {(message: Message, url: string, handlers: BubbleHandlers) => HTMLElement} show
 * @returns {Child[]}
 */
function file(message, handlers, show) {
  const { media } = message;
  const url = safeUrl(media?.url);
  if (media && url) return [show(message, url, handlers)];
  if (media?.state === 'pending') return [h('p', { class: 'file soft' }, icon('file'), ` ${texts.fetching(texts.kinds[message.type] ?? texts.file)}`)];
  return [
    h('p', { class: 'file soft' }, icon('warning'), ` ${media?.error ?? texts.noFile}`),
    message.direction === 'inbound' && h('button', {
      type: 'button',
      onclick: ({ currentTarget }) => handlers.onFetch(message, /** @type {HTMLButtonElement} */ (currentTarget)),
    }, texts.fetchAgain),
  ];
}

/**
 * Its size is known before it is loaded, so nothing moves when it comes.
 *
 * @param {Message} message
 * @param {string} url
 * @param {BubbleHandlers} handlers
 */
function picture(message, url, handlers) {
  const { media } = message;
  const known = Boolean(media?.width && media.height);
  const [width, height] = [media?.width ?? PICTURE, media?.height ?? PICTURE];
  const part = Math.min(1, PICTURE / Math.max(width, height));
  const shown = h('img', {
    src: safeUrl(media?.thumbnail_url) ?? url, alt: message.text || texts.kinds[message.type], loading: 'lazy',
    width: Math.round(width * part), height: Math.round(height * part),
    onerror: () => handlers.onStaleLink(message),
  });
  return h('a', { class: `picture${known ? '' : ' unknown'}`, href: url, target: '_blank', rel: 'noopener', 'aria-label': texts.openPicture }, shown);
}

/** @param {Message} message @param {string} url @param {BubbleHandlers} handlers */
function video(message, url, handlers) {
  return h('video', { src: url, controls: true, preload: 'metadata', poster: safeUrl(message.media?.thumbnail_url), 'aria-label': texts.kinds.video, onerror: () => handlers.onStaleLink(message) });
}

/** @param {Message} message @param {string} url @param {BubbleHandlers} handlers */
function audio(message, url, handlers) {
  return h('audio', { src: url, controls: true, preload: 'metadata', 'aria-label': texts.kinds.audio, onerror: () => handlers.onStaleLink(message) });
}

/** @param {Message} message @param {string} url */
function download({ media }, url) {
  return h('a', { class: 'file', href: url, target: '_blank', rel: 'noopener' },
    icon('file'), h('span', { class: 'grow' }, h('span', { class: 'cut' }, media?.file_name || texts.file), h('span', { class: 'small soft' }, fileSize(media?.size ?? null))));
}

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
 * Buttons and lists as we sent them.
 *
 * @param {any} payload
 * @param {string} text
 * @returns {Child[]}
 */
function asked(payload, text) {
  /** @type {string[]} */
  const choices = [
    ...(payload?.action?.buttons ?? []).map((/** @type {any} */ one) => one.reply?.title),
    ...(payload?.action?.sections ?? []).flatMap((/** @type {any} */ one) => (one.rows ?? []).map((/** @type {any} */ row) => row.title)),
    payload?.action?.parameters?.display_text,
  ].filter(Boolean);
  return [h('p', { class: 'text' }, linked(payload?.body?.text ?? text)), h('ul', { class: 'choices' }, choices.map((one) => h('li', null, one)))];
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
