/** Files in a chat. Pictures keep a place before they are there, so that the chat does not jump. */

import { h, icon } from '../dom.js';
import { texts } from '../texts.js';
import { linked } from '../views/content.js';
import { mediaUrl } from './sandbox.js';
import { words } from './words.js';

/** @param {string | undefined} id */
function source(id) {
  return id?.startsWith('blob:') ? id : id && mediaUrl(id);
}

/**
 * @param {string | undefined} id
 * @param {string} about
 * @param {string} [kind]
 */
export function picture(id, about, kind = '') {
  const url = source(id);
  if (!url) return missing(texts.kinds.image ?? '');
  const shown = h('img', { src: url, alt: about || texts.kinds[kind || 'image'] });
  const frame = h('a', { class: `picture ${kind}`, href: url, target: '_blank', rel: 'noopener' }, shown);
  shown.addEventListener('error', () => frame.replaceWith(missing(texts.kinds.image ?? '')));
  return frame;
}

/** @param {string | undefined} id */
export function video(id) {
  const url = source(id);
  return url ? h('video', { src: url, controls: true, preload: 'metadata', 'aria-label': texts.kinds.video }) : missing(texts.kinds.video ?? '');
}

/** @param {string | undefined} id */
export function audio(id) {
  const url = source(id);
  return url ? h('audio', { src: url, controls: true, preload: 'metadata', 'aria-label': texts.kinds.audio }) : missing(texts.kinds.audio ?? '');
}

/**
 * @param {string | undefined} id
 * @param {string | undefined} name
 */
export function document_(id, name) {
  const shown = [icon('file'), h('span', { class: 'grow cut' }, name || texts.kinds.document)];
  const url = source(id);
  return url ? h('a', { class: 'file', href: url, download: name || '' }, shown) : h('p', { class: 'file' }, shown);
}

/** @param {string | undefined} text */
export function caption(text) {
  return text && h('p', { class: 'text' }, linked(text));
}

/** @param {string} kind */
function missing(kind) {
  return h('p', { class: 'file' }, icon('warning'), h('span', null, `${kind}: ${words.unknown}`));
}
