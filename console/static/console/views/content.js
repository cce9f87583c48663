/** What a message holds, for each of Meta's types. Texts become links where they hold addresses, and nothing else. */

/** @import { Message } from '../types.js' */
/** @import { BubbleHandlers } from './bubble.js' */
/** @import { Child } from '../dom.js' */

import { h, icon, safeUrl } from '../dom.js';
import { fileSize } from '../format.js';
import { texts } from '../texts.js';

// The longest side of a picture in the chat, in px.
const PICTURE = 280;
const ADDRESS = /\bhttps?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;

/** @param {Message} message @param {BubbleHandlers} handlers @returns {Child[]} */
export function contentOf(message, handlers) {
  const shown = SHOWN[message.type] ?? cards?.CARDS[message.type];
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

/** Types that few chats have are loaded when one comes. @type {typeof import('./cards.js') | null} */
let cards = null;
const CARDS = ['location', 'contacts', 'order', 'interactive', 'template'];

/**
 * What must be loaded before these messages can be drawn; null if all is there.
 *
 * @param {Message[]} messages
 * @returns {Promise<void> | null}
 */
export function missingFor(messages) {
  if (cards || !messages.some((one) => CARDS.includes(one.type))) return null;
  return import('./cards.js').then((loaded) => { cards = loaded; });
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
  button: ({ text }) => [h('p', { class: 'text' }, icon('reply'), ' ', text)],
  system: ({ text }) => [h('p', { class: 'soft' }, h('em', null, text))],
  unsupported: () => withheld(''),
  unknown: ({ text }) => withheld(text),
  ephemeral: ({ text }) => withheld(text),
};

/**
 * What WhatsApp does not pass on, or only its words: without any, the type stands in brackets.
 *
 * @param {string} text
 * @returns {Child[]}
 */
function withheld(text) {
  if (text && !/^\[\w+\]$/.test(text)) return [h('p', { class: 'text' }, linked(text))];
  return [h('p', { class: 'soft' }, h('em', null, texts.unsupported))];
}

/**
 * The file that was uploaded for the header of a message.
 *
 * @param {Message} message
 * @param {BubbleHandlers} handlers
 * @returns {Child[]}
 */
export function attached(message, handlers) {
  return message.media ? file(message, handlers, headerOf(message.media)) : [];
}

/** @param {NonNullable<Message['media']>} media */
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
  const original = safeUrl(media?.original_url);
  const given = original && h('a', { class: 'small soft', href: original, target: '_blank', rel: 'noopener' }, texts.original);
  if (media && url) return [show(message, url, handlers), given];
  if (media?.state === 'converting') return [h('p', { class: 'file soft' }, icon('file'), ` ${texts.converting(texts.kinds[message.type] ?? texts.file)}`), given];
  if (media?.state === 'pending') return [h('p', { class: 'file soft' }, icon('file'), ` ${texts.fetching(texts.kinds[message.type] ?? texts.file)}`)];
  return [
    h('p', { class: 'file soft' }, icon('warning'), ` ${media?.error ?? texts.noFile}`),
    given,
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
