/** What can be tapped under a message from the business, and on the cards of a carousel. */

/** @import { Child } from '../dom.js' */
/** @import { Answers, Received, TemplateButton } from './types.js' */

import { openDialog } from '../dialog.js';
import { h, icon, safeUrl } from '../dom.js';
import { say } from '../feedback.js';
import { linked } from '../views/content.js';
import { addressForm, flowForm, locationForm } from './forms.js';
import { headerOf } from './received.js';
import { words } from './words.js';

/**
 * The cards and the buttons of a message. `answered` says that one was tapped: reply buttons can be tapped once.
 *
 * @param {Received} row
 * @param {Answers} answers
 * @param {boolean} answered
 * @returns {Child[]}
 */
export function tapsOf(row, answers, answered) {
  const { interactive, template } = row.body;
  if (interactive) return [cards(interactiveCards(row, interactive, answers, answered)), taps(interactiveTaps(row, interactive, answers, answered))];
  const sent = (template?.components ?? []).find((/** @type {any} */ part) => part.type === 'carousel')?.cards ?? [];
  return [
    taps((row.template?.buttons ?? []).map((one) => templateTap(row, one, answers))),
    cards((row.template?.cards ?? []).map((card, place) => [
      ...headerOf(sent[place]?.components.find((/** @type {any} */ part) => part.type === 'header')?.parameters[0]),
      card.body && h('p', { class: 'text' }, linked(card.body)),
      taps(card.buttons.map((one) => templateTap(row, one, answers)))])),
  ];
}

/** @param {HTMLElement[]} found */
function taps(found) {
  return found.length ? h('div', { class: 'taps' }, found) : null;
}

/** @param {Child[][]} all */
function cards(all) {
  return all.length ? h('ul', { class: 'cards', role: 'list', tabindex: 0, 'aria-label': words.cards }, all.map((parts) => h('li', null, parts))) : null;
}

/**
 * @param {Received} row
 * @param {Record<string, any>} content
 * @param {Answers} answers
 * @param {boolean} answered
 * @returns {Child[][]}
 */
function interactiveCards(row, { action }, answers, answered) {
  return (action.cards ?? []).map((/** @type {any} */ card) => [
    ...headerOf(card.header),
    card.body?.text && h('p', { class: 'text' }, linked(card.body.text)),
    taps(interactiveTaps(row, card, answers, answered)),
  ]);
}

/**
 * @param {Received} row
 * @param {Record<string, any>} content  of a message, or of one of its cards
 * @param {Answers} answers
 * @param {boolean} answered
 * @returns {HTMLElement[]}
 */
function interactiveTaps(row, { type, action }, answers, answered) {
  const reply_to = row.id;
  /** @param {Record<string, any>} said */
  const answer = (said) => () => answers.say(/** @type {any} */ ({ ...said, reply_to }));
  /** @param {string[]} products */
  const order = (products) => answer({ type: 'order', catalog_id: action.catalog_id ?? words.catalog, products });
  if (type === 'button') {
    return action.buttons.map((/** @type {any} */ one) => one.reply ?? one.quick_reply).map((/** @type {any} */ reply) =>
      tap('reply', reply.title, answer({ type: 'button_reply', ...reply }), answered));
  }
  if (type === 'list') return [tap('list', action.button, () => list(action, (one) => answer({ type: 'list_reply', ...one })()))];
  if (type === 'request_contact_info') return [tap('user', words.shareNumber, answer({ type: 'own_number' }), answered)];
  if (type === 'cta_url') return [outward(action.parameters.display_text, action.parameters.url)];
  if (type === 'location_request_message') return [tap('pin', words.sendLocation, () => locationForm((said) => answers.say({ ...said, reply_to })), answered)];
  if (type === 'flow') return [tap('list', action.parameters.flow_cta, () => flowForm(action.parameters.flow_cta, action.parameters.flow_token, (said) => answer(said)()))];
  if (type === 'address_message') return [tap('pin', words.giveAddress, () => addressForm((said) => answer(said)()))];
  if (type === 'call_permission_request') {
    return [tap('check', words.allowCalls, answer({ type: 'call_permission_reply', response: 'accept' }), answered),
      tap('close', words.denyCalls, answer({ type: 'call_permission_reply', response: 'reject' }), answered)];
  }
  if (type === 'product') return [tap('list', words.orderProduct(action.product_retailer_id), order([action.product_retailer_id]))];
  if (type === 'product_list') {
    return [tap('list', words.viewItems, () => list(productRows(action.sections), ({ id }) => order([id])()))];
  }
  if (type === 'catalog_message') return [label(words.viewCatalog)];
  if (type === 'voice_call') return [label(action.parameters?.display_text ?? words.call)];
  if (type === 'order_details') return [label(words.pay)];
  return [];
}

/** Products as the rows of a list. @param {any[]} sections */
function productRows(sections) {
  return { button: words.viewItems, sections: sections.map((one) => ({
    title: one.title,
    rows: one.product_items.map((/** @type {any} */ { product_retailer_id: id }) => ({ id, title: words.product(id) })),
  })) };
}

/**
 * @param {Received} row
 * @param {TemplateButton} button
 * @param {Answers} answers
 */
function templateTap(row, { type, text, url, payload, phone_number, coupon_code, code, action }, answers) {
  const reply_to = row.id;
  if (type === 'QUICK_REPLY') return tap('reply', text, () => answers.say({ type: 'button', text, payload, reply_to }));
  if (type === 'URL' && url) return outward(text, url);
  if (type === 'COPY_CODE' || code) return tap('file', text || words.copy, () => { void navigator.clipboard.writeText(coupon_code ?? code ?? '').then(() => say(words.copied)); });
  if (type === 'FLOW') return tap('list', text, () => flowForm(text, action?.flow_token, (said) => answers.say({ ...said, reply_to })));
  if (type === 'REQUEST_CONTACT_INFO') return tap('user', text, () => answers.say({ type: 'own_number', reply_to }));
  if (type === 'CALL_PERMISSION_REQUEST') return tap('check', text, () => answers.say({ type: 'call_permission_reply', response: 'accept', reply_to }));
  if (type === 'MPM' && action?.sections) {
    return tap('list', text, () => list(productRows(action.sections), ({ id }) => answers.say({ type: 'order', catalog_id: words.catalog, products: [id], reply_to })));
  }
  return label(text, phone_number);
}

/**
 * What a phone does by itself.
 *
 * @param {string} text
 * @param {string} [small]
 */
function label(text, small) {
  return h('span', { class: 'tap' }, text, small && h('span', { class: 'small' }, small));
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
 * @param {Record<string, any>} action
 * @param {(row: any) => void} onChosen
 */
function list(action, onChosen) {
  openDialog(action.button || words.options, (close) => action.sections.map((/** @type {any} */ section) => h('div', { class: 'section' },
    section.title && h('h3', { class: 'small' }, section.title),
    h('ul', null, section.rows.map((/** @type {any} */ one) => h('li', null, h('button', {
      type: 'button', class: 'option', onclick: () => { close(); onChosen(one); },
    }, h('span', null, one.title), one.description && h('span', { class: 'small soft' }, one.description))))))));
}
