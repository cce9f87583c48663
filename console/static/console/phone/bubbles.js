/** Bubbles: what was said, what it answers, ticks and reactions, and what can be done with it. */

/** @import { Answers, Reaction, Row, Written } from './types.js' */

import { h, icon, iconButton } from '../dom.js';
import { tick } from '../elements/tick.js';
import { dayLine, time } from '../format.js';
import { texts } from '../texts.js';
import { receivedContent } from './received.js';
import { tapsOf } from './taps.js';
import { words } from './words.js';
import { writtenContent } from './written.js';

const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🙏'];
// How long WhatsApp lets people edit what they wrote, in ms.
const EDITABLE_MS = 15 * 60_000;
const WITH_WORDS = new Set(['text', 'image', 'video', 'document']);

/**
 * @param {Row} row
 * @param {Answers} answers
 * @param {boolean} answered  a button of it was tapped
 */
export function bubble(row, answers, answered) {
  const mine = row.from === 'customer';
  const content = mine ? writtenContent(row) : receivedContent(row);
  const replied = mine ? row.reply_to : row.body.context?.message_id;
  const type = mine ? row.type : row.body.type;
  const known = !(mine && row.deleted);
  return h('article', { class: `bubble ${mine ? 'mine' : 'theirs'}`, 'data-type': type, 'data-id': row.id, 'aria-label': mine ? words.you : words.them },
    replied && known && quote(answers.rowOf(replied)),
    ...content,
    h('p', { class: 'meta small' },
      mine && row.edited && known && h('span', null, words.edited),
      h('time', { datetime: row.at }, time(row.at)),
      mine && known && tick(row.status)),
    reactions(row.reactions),
    known && !(mine && row.status === 'sending') && menu(row, answers),
    !mine && tapsOf(row, answers, answered));
}

/**
 * What a message is, in a line: for quotes and for the composer.
 *
 * @param {Row | undefined} row
 */
export function brief(row) {
  if (!row) return words.original;
  if (row.from === 'customer') return row.deleted ? words.deletedByYou : row.text || (texts.kinds[row.type] ?? row.type);
  const { type } = row.body;
  const content = row.body[type] ?? {};
  const said = row.template?.body ?? (type === 'text' ? content.body : content.caption ?? content.body?.text);
  return said || (texts.kinds[type] ?? type);
}

/** @param {Row | undefined} row */
function quote(row) {
  return h('blockquote', { class: 'quote' },
    h('strong', { class: 'small' }, row?.from === 'customer' ? words.you : words.them),
    h('span', { class: 'cut' }, brief(row)));
}

/** @param {Reaction[]} given */
function reactions(given) {
  if (!given.length) return null;
  const name = given.map(({ emoji, from }) => `${emoji} ${from === 'customer' ? words.you : words.them}`).join(', ');
  return h('p', { class: 'reactions', role: 'img', 'aria-label': `${texts.reactions}: ${name}` }, given.map(({ emoji }) => h('span', null, emoji)));
}

/**
 * @param {Row} row
 * @param {Answers} answers
 */
function menu(row, answers) {
  const toggle = iconButton('down', words.actions, () => show(panel.hidden), { class: 'bare more', 'aria-expanded': 'false' });
  /** @param {boolean} open */
  const show = (open) => {
    panel.hidden = !open;
    toggle.setAttribute('aria-expanded', String(open));
    if (!open) return;
    panel.querySelector('button')?.focus();
    panel.scrollIntoView({ block: 'nearest' });
  };
  /** @param {() => void} act */
  const then = (act) => () => { show(false); act(); };
  const panel = h('div', { class: 'panel', hidden: true, role: 'group', 'aria-label': words.actions },
    h('div', { class: 'emoji' }, EMOJI.map((emoji) => h('button', {
      type: 'button', class: 'bare', 'aria-label': `${words.react} ${emoji}`, onclick: then(() => answers.say({ type: 'reaction', message_id: row.id, emoji })),
    }, emoji))),
    row.reactions.some(({ from }) => from === 'customer')
      && h('button', { type: 'button', class: 'bare', onclick: then(() => answers.say({ type: 'reaction', message_id: row.id, emoji: '' })) }, icon('close'), words.takeBack),
    h('button', { type: 'button', class: 'bare', onclick: then(() => answers.reply(row)) }, icon('reply'), words.reply),
    row.from === 'customer' && editable(row) && h('button', { type: 'button', class: 'bare', onclick: then(() => answers.edit(row)) }, icon('edit'), words.edit),
    row.from === 'customer' && h('button', { type: 'button', class: 'bare', onclick: then(() => answers.say({ type: 'revoke', message_id: row.id })) }, icon('close'), words.delete));
  return h('div', {
    class: 'menu',
    onkeydown: (/** @type {KeyboardEvent} */ event) => { if (event.key === 'Escape' && !panel.hidden) { event.stopPropagation(); show(false); toggle.focus(); } },
    onfocusout: (/** @type {FocusEvent} */ { currentTarget, relatedTarget }) => {
      if (!(/** @type {HTMLElement} */ (currentTarget)).contains(/** @type {Node | null} */ (relatedTarget))) show(false);
    },
  }, toggle, panel);
}

/** @param {Written} row */
function editable(row) {
  return WITH_WORDS.has(row.type) && Date.now() - Date.parse(row.at) < EDITABLE_MS;
}

/** @param {string} at */
export function dayOf(at) {
  return h('p', { class: 'day small' }, h('span', null, dayLine(at)));
}
