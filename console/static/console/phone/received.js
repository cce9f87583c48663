/** What came from the business, from the body that Meta's Graph API is given: as a phone shows it, and what can be tapped. */

/** @import { Child } from '../dom.js' */
/** @import { Answers, Received, TemplateButton } from './types.js' */

import { openDialog } from '../dialog.js';
import { h, icon, safeUrl } from '../dom.js';
import { say } from '../feedback.js';
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
    header?.text && h('p', { class: 'heading' }, header.text),
    h('p', { class: 'text' }, linked(body?.text ?? '')),
    footer?.text && h('p', { class: 'small faint' }, footer.text),
  ],
  template: (content, row) => template(content, row),
};

/** @param {string} link */
function linkTo(link) {
  return h('a', { class: 'file', href: safeUrl(link), target: '_blank', rel: 'noopener noreferrer' }, icon('file'), h('span', { class: 'grow cut' }, link));
}

/**
 * @param {Record<string, any>} content
 * @param {Received} row
 * @returns {Child[]}
 */
function template(content, { template: shown }) {
  const header = (content.components ?? []).find((/** @type {any} */ part) => part.type === 'header')?.parameters[0];
  const media = header && header.type !== 'text' ? SHOWN[header.type]?.(header[header.type], /** @type {any} */ ({})) : null;
  if (!shown) return [h('p', { class: 'text' }, content.name)];
  return [
    ...(media ?? []),
    shown.header && h('p', { class: 'heading' }, shown.header),
    h('p', { class: 'text' }, linked(shown.body)),
    shown.footer && h('p', { class: 'small faint' }, shown.footer),
  ];
}

/**
 * The buttons under a message. `answered` says that one was tapped: reply buttons can be tapped once.
 *
 * @param {Received} row
 * @param {Answers} answers
 * @param {boolean} answered
 * @returns {Child}
 */
export function buttonsOf(row, answers, answered) {
  const { interactive } = row.body;
  const found = interactive ? interactiveButtons(row, interactive, answers, answered) : (row.template?.buttons ?? []).map((one) => templateButton(row, one, answers));
  return found.length ? h('div', { class: 'taps' }, found) : null;
}

/**
 * @param {Received} row
 * @param {Record<string, any>} content
 * @param {Answers} answers
 * @param {boolean} answered
 * @returns {HTMLElement[]}
 */
function interactiveButtons(row, { type, action }, answers, answered) {
  if (type === 'button') {
    return action.buttons.map((/** @type {any} */ { reply }) =>
      tap('reply', reply.title, () => answers.say({ type: 'button_reply', ...reply, reply_to: row.id }), answered));
  }
  if (type === 'list') return [tap('list', action.button, () => list(row, action, answers))];
  if (type === 'request_contact_info') return [tap('user', words.shareNumber, () => answers.say({ type: 'own_number', reply_to: row.id }), answered)];
  if (type === 'cta_url') return [outward(action.parameters.display_text, action.parameters.url)];
  return [];
}

/**
 * @param {Received} row
 * @param {TemplateButton} button
 * @param {Answers} answers
 */
function templateButton(row, { type, text, url, payload, phone_number, coupon_code }, answers) {
  if (type === 'QUICK_REPLY') return tap('reply', text, () => answers.say({ type: 'button', text, payload, reply_to: row.id }));
  if (type === 'URL' && url) return outward(text, url);
  if (type === 'COPY_CODE') return tap('file', text || words.copy, () => { void navigator.clipboard.writeText(coupon_code ?? '').then(() => say(words.copied)); });
  return h('span', { class: 'tap' }, text, phone_number && h('span', { class: 'small' }, phone_number));
}

/**
 * @param {Parameters<typeof icon>[0]} picture
 * @param {string} title
 * @param {() => void} onclick
 * @param {boolean} [disabled]
 */
function tap(picture, title, onclick, disabled = false) {
  return h('button', { type: 'button', class: 'tap', onclick, disabled }, icon(picture), title);
}

/**
 * @param {string} title
 * @param {string} url
 */
function outward(title, url) {
  return h('a', { class: 'tap', href: safeUrl(url), target: '_blank', rel: 'noopener noreferrer' }, icon('reply'), title);
}

/**
 * @param {Received} row
 * @param {Record<string, any>} action
 * @param {Answers} answers
 */
function list(row, action, answers) {
  openDialog(action.button || words.options, (close) => action.sections.map((/** @type {any} */ section) => h('div', { class: 'section' },
    section.title && h('h3', { class: 'small' }, section.title),
    h('ul', null, section.rows.map((/** @type {any} */ one) => h('li', null, h('button', {
      type: 'button', class: 'option', onclick: () => { close(); answers.say({ type: 'list_reply', ...one, reply_to: row.id }); },
    }, h('span', null, one.title), one.description && h('span', { class: 'small soft' }, one.description))))))));
}
