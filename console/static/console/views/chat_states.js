/** What the desk does with a chat as a whole: closing, snoozing, marking it as unread. */

/** @import { Store } from '../store.js' */
/** @import { Chat } from '../types.js' */

import { ask, openDialog } from '../dialog.js';
import { h } from '../dom.js';
import { busy, say } from '../feedback.js';
import { sending } from '../form.js';
import { moment } from '../format.js';
import { texts } from '../texts_desk.js';

const HOUR_MS = 3_600_000;
const MORNING = 9;

/**
 * Close a chat, or open it again.
 *
 * @param {Store} store @param {Chat} row @param {HTMLButtonElement} button
 */
export function closeOrReopen(store, row, button) {
  const open = row.state === 'open';
  return change(store, row, button, open ? 'close' : 'reopen', open ? texts.chatClosed : texts.chatReopened);
}

/**
 * Open the dialog with what is done less often, and what has no room above the chat.
 *
 * @param {Store} store @param {Chat} row
 * @param {HTMLButtonElement[]} above  the buttons above the chat, if there is room
 * @param {(mark: () => Promise<boolean>) => Promise<void>} leaveUnread  marks the chat, and leaves it
 */
export function openChatActions(store, row, above, leaveUnread) {
  openDialog(texts.chatActions, (close) => {
    /** @type {HTMLButtonElement} */
    const unread = h('button', {
      type: 'button', onclick: () => void leaveUnread(async () => {
        const done = await change(store, row, unread, 'unread', texts.markedUnread);
        if (done) close();
        return done;
      }),
    }, texts.markUnread);
    const same = above.filter((button) => !button.checkVisibility()).map((button) => h('button', {
      type: 'button', onclick: () => { close(); button.click(); },
    }, button.title));
    return [h('section', { class: 'stack' }, ...same, unread, blocking(store, row, close),
      row.block_error && h('p', { class: 'soft' }, `${row.block_error.title}. ${row.block_error.detail}`)), h('h3', null, texts.snooze), h('p', { class: 'soft' }, texts.snoozeWhy),
      ...snoozing(store, row, close)];
  });
}

/** @param {Store} store @param {Chat} row @param {() => void} close */
function blocking(store, row, close) {
  const [act, name, question, done] = row.blocked
    ? ['unblock', texts.unblock, texts.unblockQuestion(row.name), texts.unblocked]
    : ['block', texts.block, texts.blockQuestion(row.name), texts.blocked];
  /** @type {HTMLButtonElement} */
  const button = h('button', {
    type: 'button', onclick: async () => { close(); if (await ask(question, name)) await change(store, row, button, act, done); },
  }, name);
  return button;
}

/** @param {Store} store @param {Chat} row @param {HTMLButtonElement} button @param {string} act @param {string} done */
function change(store, row, button, act, done) {
  return busy(button, async () => {
    store.take(await store.api.post(`/api/customers/${row.id}/${act}/`), true);
    say(done);
  });
}

/** @param {Store} store @param {Chat} row @param {() => void} close */
function snoozing(store, row, close) {
  const snooze = async (/** @type {Date} */ until) => {
    store.take(await store.api.post(`/api/customers/${row.id}/snooze/`, { until: until.toISOString() }), true);
    close();
    say(texts.chatSnoozed(moment(until.toISOString())));
  };
  const at = h('input', { type: 'datetime-local', required: true, min: localMinute(new Date()) });
  const { problem, button, onsubmit } = sending(texts.snooze, () => snooze(new Date(at.value)));
  return [
    h('div', { class: 'row wrap' }, choices().map(([name, until]) => {
      /** @type {HTMLButtonElement} */
      const choice = h('button', { type: 'button', onclick: () => void busy(choice, () => snooze(until)) }, name);
      return choice;
    })),
    h('form', { class: 'row wrap asking', onsubmit }, h('label', { class: 'grow' }, h('span', null, texts.at), at), button, problem),
  ];
}

/** @returns {[string, Date][]} */
function choices() {
  const now = new Date();
  const toMonday = ((8 - now.getDay()) % 7) || 7;
  return [
    [texts.inAnHour, new Date(now.getTime() + HOUR_MS)], [texts.inThreeHours, new Date(now.getTime() + 3 * HOUR_MS)],
    [texts.tomorrow, morning(1)], [texts.nextWeek, morning(toMonday)],
  ];
}

/** @param {number} days  from today */
function morning(days) {
  const day = new Date();
  day.setDate(day.getDate() + days);
  day.setHours(MORNING, 0, 0, 0);
  return day;
}

/** @param {Date} when  as a field for a local time takes it */
function localMinute(when) {
  return new Date(when.getTime() - when.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
