/** One message in the chat. */

/** @import { Message } from '../types.js' */
/** @import { Entry } from '../outbox.js' */
/** @import { Thread } from '../thread.js' */
/** @import { Child } from '../dom.js' */

import { h, iconButton, reconcile } from '../dom.js';
import { tick } from '../elements/tick.js';
import { moment, time } from '../format.js';
import { texts } from '../texts.js';
import { contentOf } from './content.js';

/**
 * @typedef {object} BubbleHandlers
 * @property {(message: Message) => void} onReply
 * @property {(message: Message, emoji: string) => void} onReact
 * @property {(message: Message, button: HTMLButtonElement) => void} onRetry
 * @property {(id: number, button: HTMLButtonElement) => void} onTakeBack
 * @property {(message: Message, button: HTMLButtonElement) => void} onFetch  get a file that could not be fetched
 * @property {(message: Message) => void} onStaleLink  a link to a file is too old
 * @property {(id: number) => void} onJump
 * @property {(entry: Entry) => void} onEdit  write on at what was refused
 */

export const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '🙏'];

/** @param {Message} message @param {Thread} thread @param {BubbleHandlers} handlers */
export function bubble(message, thread, handlers) {
  const ours = message.direction === 'outbound';
  return h('article', { class: `bubble ${ours ? 'ours' : 'theirs'}`, 'data-id': message.id, tabindex: -1, 'aria-label': spoken(message, thread) },
    ours && author(message, thread) && h('p', { class: 'sender small' }, author(message, thread)),
    message.reply_to_preview && quote(message.reply_to_preview, handlers, thread),
    message.deleted_at ? h('p', { class: 'soft' }, h('em', null, texts.deleted)) : contentOf(message, handlers),
    problems(message, handlers),
    reactions(message, thread),
    h('p', { class: 'meta small' },
      message.edited_at && !message.deleted_at && h('span', { title: moment(message.edited_at) }, texts.edited),
      h('time', { datetime: message.created_at, title: moment(message.created_at) }, time(message.created_at)),
      ours && tick(message.status)),
    actions(message, handlers));
}

/** @param {Message} message @param {Thread} thread */
function spoken(message, thread) {
  if (message.direction === 'inbound') return thread.store.row(thread.customer)?.name ?? texts.customer;
  return author(message, thread) ?? texts.you;
}

/** Who sent one of our messages, if it was not the reader. @param {Message} message @param {Thread} thread */
function author(message, thread) {
  if (message.handled_by === 'agent') return texts.agent;
  if (message.automatic) return texts.automatic;
  return message.sender && message.sender.id !== thread.store.me.id ? message.sender.name : null;
}

/** @param {NonNullable<Message['reply_to_preview']>} preview @param {BubbleHandlers} handlers @param {Thread} thread */
export function quote(preview, handlers, thread) {
  const answered = thread.find(preview.id) ?? /** @type {Message} */ (/** @type {unknown} */ (preview)); // which says less
  return h('button', { type: 'button', class: 'quote', tabindex: -1, onclick: () => handlers.onJump(preview.id) },
    h('span', { class: 'sr' }, texts.inReplyTo),
    h('strong', { class: 'small cut', dir: 'auto' }, spoken(answered, thread)),
    h('span', { class: 'cut', dir: 'auto' }, preview.text || (texts.kinds[preview.type] ?? texts.deleted)));
}

/**
 * Why it was not sent, or why it waits.
 *
 * @param {Message} message
 * @param {BubbleHandlers} handlers
 */
function problems({ error, waiting, held, status, ...message }, handlers) {
  /** @type {Child[]} */
  const said = [];
  const failed = status === 'failed' || status === 'uncertain';
  if (failed) {
    const detail = error ? [h('strong', null, error.title), error.detail && ` ${error.detail}`] : texts.uncertain;
    said.push(h('p', { class: 'problem small' }, detail));
  }
  if (failed && (status === 'uncertain' || error?.retryable)) {
    said.push(h('button', {
      type: 'button', class: 'retry',
      onclick: ({ currentTarget }) => handlers.onRetry(
        /** @type {Message} */ ({ ...message, error, waiting, held, status }), /** @type {HTMLButtonElement} */ (currentTarget)),
    }, texts.retry));
  }
  if (status === 'queued' && waiting && !['behind', 'converting'].includes(waiting.code)) said.push(h('p', { class: 'problem waits small' }, waiting.title));
  if (status === 'queued' && waiting) { // one that does not wait leaves before anybody could press it
    said.push(h('button', {
      type: 'button', class: 'retry',
      onclick: ({ currentTarget }) => handlers.onTakeBack(message.id, /** @type {HTMLButtonElement} */ (currentTarget)),
    }, texts.takeBack));
  }
  if (held) said.push(h('p', { class: 'problem waits small' }, texts.held[held] ?? held));
  return said;
}

/** @param {Message} message @param {Thread} thread */
function reactions({ reactions: all }, thread) {
  if (!all.length) return null;
  const name = all.map((one) => `${one.emoji} ${/^\+?\d+$/.test(one.from) ? (thread.store.row(thread.customer)?.name ?? one.from) : one.from}`).join(', ');
  return h('p', { class: 'reactions', role: 'img', 'aria-label': `${texts.reactions}: ${name}`, title: name }, all.map((one) => h('span', null, one.emoji)));
}

/** @param {Message} message @param {BubbleHandlers} handlers */
function actions(message, handlers) {
  if (message.deleted_at || !message.wamid || message.type === 'call' || ['failed', 'uncertain', 'cancelled'].includes(message.status)) return null;
  const more = { tabindex: -1 };
  const opener = iconButton('smile', texts.react, () => { picker.hidden = !picker.hidden; picker.querySelector('button')?.focus(); }, more);
  const close = () => { opener.focus({ preventScroll: true }); picker.hidden = true; };
  const choose = (/** @type {string} */ emoji) => { close(); handlers.onReact(message, emoji); };
  const escape = (/** @type {KeyboardEvent} */ event) => { if (event.key === 'Escape') { event.stopPropagation(); close(); } };
  const picker = h('span', { class: 'picker', hidden: true, onkeydown: escape }, EMOJI.map((one) => h('button', {
    type: 'button', class: 'bare', 'aria-label': `${texts.react} ${one}`, onclick: () => choose(one),
  }, one)), iconButton('close', texts.noReaction, () => choose('')));
  return h('div', { class: 'actions' }, picker, opener, iconButton('reply', texts.reply, () => handlers.onReply(message), more));
}

/**
 * Bring a bubble up to date. What is the same stays as it is: the focus, an open menu, a text that is marked, a sound that plays.
 *
 * @param {HTMLElement} node  that is shown
 * @param {HTMLElement} now  the bubble as it should be
 */
export function renew(node, now) {
  if (node.matches('.current')) reach(now, true);
  const [open, menu] = [node, now].map((one) => /** @type {HTMLElement | null} */ (one.querySelector('.picker')));
  if (open && menu) menu.hidden = open.hidden;
  const focused = node.contains(document.activeElement);
  const parts = /** @type {HTMLElement[]} */ ([...node.children]);
  reconcile(node, /** @type {HTMLElement[]} */ ([...now.children]).map((part) => {
    const same = parts.findIndex((one) => one.isEqualNode(part));
    return parts.splice(0, same + 1)[same] ?? part;
  }));
  node.setAttribute('aria-label', now.getAttribute('aria-label') ?? '');
  if (focused && !node.contains(document.activeElement)) node.focus({ preventScroll: true });
  return node;
}

/** Whether the controls of a bubble can be reached with Tab. @param {Element} bubble @param {boolean} on */
export function reach(bubble, on) {
  bubble.classList.toggle('current', on);
  for (const button of bubble.querySelectorAll('.actions button, .quote')) /** @type {HTMLElement} */ (button).tabIndex = on ? 0 : -1;
}

/**
 * A line in the chat that nobody wrote.
 *
 * @param {string} text
 * @param {string} [kind]
 */
export function line(text, kind = '') {
  return h('p', { class: `line small ${kind}` }, h('span', null, text));
}
