/** What the customer wrote, as their own phone shows it. */

/** @import { Child } from '../dom.js' */
/** @import { Written } from './types.js' */

import { h, icon } from '../dom.js';
import { linked } from '../views/content.js';
import { audio, caption, document_, picture, video } from './media.js';
import { cards, place } from './cards.js';
import { words } from './words.js';

/**
 * @param {Written} row
 * @returns {Child[]}
 */
export function writtenContent(row) {
  if (row.deleted) return [h('p', { class: 'soft' }, h('em', null, words.deletedByYou))];
  return (SHOWN[row.type] ?? plain)(row);
}

/** @param {Written} row @returns {Child[]} */
function plain({ text }) {
  return [h('p', { class: 'text' }, linked(text))];
}

/** @type {Record<string, (row: Written) => Child[]>} */
const SHOWN = {
  image: ({ content, text }) => [picture(content.id, text), caption(text)],
  sticker: ({ content }) => [picture(content.id, '', 'sticker')],
  video: ({ content, text }) => [video(content.id), caption(text)],
  audio: ({ content }) => [audio(content.id)],
  document: ({ content, text }) => [document_(content.id, content.filename), caption(text)],
  location: ({ content }) => [place(content)],
  contacts: ({ content, text }) => cards(content.contacts ?? [], text),
  button: ({ text }) => [h('p', { class: 'text' }, text)],
  interactive: ({ content, text }) => {
    const chosen = content[content.type] ?? {};
    return [h('p', { class: 'text' }, text), chosen.description && h('p', { class: 'small faint' }, chosen.description)];
  },
  unsupported: () => [h('p', { class: 'soft' }, icon('warning'), ' ', words.unknown)],
};
