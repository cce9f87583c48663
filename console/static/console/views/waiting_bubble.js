/** A message that the server does not have yet. */

/** @import { Entry, Outbox } from '../outbox.js' */
/** @import { BubbleHandlers } from './bubble.js' */

import { h, icon, iconButton } from '../dom.js';
import { tick } from '../elements/tick.js';
import { fileSize, time } from '../format.js';
import { texts } from '../texts.js';

/** Addresses of pictures that are not sent yet. @type {WeakMap<File, string>} */
const previews = new WeakMap();
/** @type {WeakMap<Entry, {state: string, node: HTMLElement}>} */
const drawn = new WeakMap();

/** @param {Entry} entry @param {Outbox} outbox @param {BubbleHandlers} handlers */
export function waitingBubble(entry, outbox, handlers) {
  const state = JSON.stringify([entry.state, entry.error, entry.body.text]);
  const before = drawn.get(entry);
  const node = before?.state === state ? before.node : draw(entry, outbox, handlers);
  drawn.set(entry, { state, node });
  const bar = node.querySelector('progress');
  if (bar && entry.progress !== undefined) bar.value = entry.progress;
  return node;
}

/** @param {Entry} entry @param {Outbox} outbox @param {BubbleHandlers} handlers */
function draw(entry, outbox, handlers) {
  const refused = entry.state === 'refused';
  const { text, template, payload } = /** @type {any} */ (entry.body);
  return h('article', { class: 'bubble ours waiting', tabindex: -1, 'aria-label': texts.you },
    entry.file && file(entry.file),
    entry.file && !refused && h('progress', { max: 1, value: entry.progress ?? 0, 'aria-label': texts.uploading }),
    h('p', { class: 'text' }, text || (template ? `${texts.template} ${template.name}` : payload?.emoji ?? '')),
    refused && h('p', { class: 'problem small', role: 'alert' }, entry.error),
    h('p', { class: 'meta small' },
      refused && !entry.final && h('button', { type: 'button', class: 'retry', onclick: () => outbox.retry(entry) },
        entry.moved === undefined ? texts.retry : texts.sendAnyway),
      refused && text && h('button', { type: 'button', class: 'retry', onclick: () => handlers.onEdit(entry) }, texts.edit),
      (refused || entry.file) && iconButton('close', refused ? texts.discard : texts.cancel, () => { void outbox.drop(entry); }),
      h('time', { datetime: new Date(entry.at).toISOString() }, time(new Date(entry.at).toISOString())),
      tick(refused ? 'failed' : 'queued')));
}

/** @param {File} file */
function file(file) {
  if (!file.type.startsWith('image/')) {
    return h('p', { class: 'file' }, icon('file'), h('span', { class: 'grow cut' }, file.name), h('span', { class: 'small soft' }, fileSize(file.size)));
  }
  const url = previews.get(file) ?? URL.createObjectURL(file);
  previews.set(file, url);
  return h('img', { class: 'preview', src: url, alt: file.name });
}
