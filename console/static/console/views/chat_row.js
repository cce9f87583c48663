/** One chat in the list. */

/** @import { Chat } from '../types.js' */
/** @import { Store } from '../store.js' */

import { fill, h } from '../dom.js';
import { tick } from '../elements/tick.js';
import { briefly, moment } from '../format.js';
import { texts } from '../texts_desk.js';
import { avatar } from './avatar.js';
import '../elements/time-left.js';
import '../elements/time-waiting.js';

// Of a chat that is neither waiting nor put away: each of these takes the room of one.
const TAGS_SHOWN = 2;
// The tag of what nearly every chat of a desk on WhatsApp has says nothing.
const USUAL = 'Whatsapp';

/** @type {WeakMap<HTMLLIElement, {row: Chat, current: boolean, unsent: string}>} */
const drawn = new WeakMap();

/**
 * Draw a row, unless it shows this already.
 *
 * @param {HTMLLIElement} item
 * @param {Chat} row
 * @param {Store} store
 * @param {boolean} current  whether the chat is open
 */
export function drawChatRow(item, row, store, current) {
  const before = drawn.get(item);
  const unsent = store.outbox.of(row.id).find((one) => one.state === 'refused')?.error ?? '';
  if (before && before.row === row && before.current === current && before.unsent === unsent) return;
  drawn.set(item, { row, current, unsent });
  const details = `chat-${row.id}`;
  const tags = row.tags.filter((tag) => !tag.is_system || tag.name !== USUAL);
  const marks = [unsent && h('span', { class: 'chip unsent', title: unsent }, texts.unsent), stateChip(row), row.waiting_since && waiting(row.waiting_since)].filter(Boolean);
  const shown = Math.max(0, TAGS_SHOWN - marks.length);
  const focused = item.contains(document.activeElement);
  const link = h('a', { class: `name cut grow${row.unread_count ? ' unread' : ''}`, href: `/?chat=${row.id}`, dir: 'auto', 'aria-describedby': details }, row.name);
  if (current) link.setAttribute('aria-current', 'page');
  item.className = 'chat-row';
  fill(item,
    avatar(row.name, row.avatar),
    h('div', { class: 'grow' },
      h('div', { class: 'row' }, link,
        row.last_message_at && h('time', { class: 'soft small', datetime: row.last_message_at }, briefly(row.last_message_at))),
      h('div', { id: details },
        h('div', { class: 'row' },
          h('span', { class: 'last cut grow soft', dir: 'auto' }, preview(row)),
          row.unread_count > 0 && h('span', { class: 'count' }, row.unread_count, h('span', { class: 'sr' }, ` ${texts.unread}`))),
        h('div', { class: 'row marks small' },
          marks, tags.slice(0, shown).map((tag) => h('span', { class: 'chip cut' }, tag.name)),
          tags.length > shown && marks.length < 2 && h('span', { class: 'soft', title: tags.slice(shown).map((tag) => tag.name).join(', ') }, `+${tags.length - shown}`),
          h('span', { class: 'grow' }),
          (store.isAdmin || row.owner?.id !== store.me.id) && h('span', { class: 'soft cut owner' }, row.owner ? row.owner.name : texts.nobody),
          row.window_expires_at && timeLeft(row.window_expires_at)))));
  if (focused) link.focus({ preventScroll: true });
}

/**
 * Whether the desk has put a chat away; nothing for an open one, or before the first message.
 *
 * @param {Chat} row
 */
export function stateChip({ state, snoozed_until: until }) {
  if (state === null || state === 'open') return null;
  const title = until ? texts.snoozedUntil(moment(until)) : texts.chatKinds[state];
  return h('span', { class: 'chip', title }, texts.chatKinds[state]);
}

/** @param {string} since */
function waiting(since) {
  const element = document.createElement('time-waiting');
  element.setAttribute('since', since);
  return h('span', { class: 'chip waits', title: texts.waitingTitle }, texts.waits, ' ', element);
}

/** @param {string} until */
export function timeLeft(until) {
  const left = document.createElement('time-left');
  left.setAttribute('until', until);
  left.title = texts.windowTitle;
  return left;
}

/** @param {Chat} row */
function preview({ last_message: last }) {
  if (!last) return texts.noMessages;
  const kind = texts.kinds[last.type];
  const said = (last.type !== 'unsupported' && last.text !== `[${last.type}]` && last.text) || (kind ?? (last.type === 'text' ? texts.deleted : last.type));
  return last.direction === 'outbound' ? h('span', null, tick(last.status), ' ', said) : said;
}
