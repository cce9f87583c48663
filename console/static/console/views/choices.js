/** Writing a message that is answered by tapping: reply buttons, a list, or a button that opens a link. */

import { openDialog } from '../dialog.js';
import { fill, h, icon, iconButton } from '../dom.js';
import { texts } from '../texts_choices.js';
import { interactiveParts } from './sent.js';

/** @typedef {'button' | 'list' | 'cta_url'} Kind */
/** @typedef {{title: string, description: string}} Option */

/**
 * What was written so far. It stays when another kind is chosen.
 *
 * @typedef {object} Written
 * @property {Kind} kind
 * @property {string} header
 * @property {string} text
 * @property {string} footer
 * @property {Option[]} options  the titles of the buttons, or the rows of the list
 * @property {string} opens  what opens the list
 * @property {string} label  what opens the link
 * @property {string} url
 */

// Meta's limits (docs/whatsapp.md, "Interactive messages").
const HEADER = 60;
const FOOTER = 60;
const LABEL = 20;
const ROW = 24;
const DESCRIPTION = 72;
const URL_LENGTH = 2000;
/** @type {Record<Kind, number>} */
const TEXT = { button: 1024, list: 4096, cta_url: 1024 };
const MOST = { button: 3, list: 10 };

const KINDS = /** @type {Kind[]} */ (Object.keys(texts.kinds));

/**
 * @param {string} title
 * @param {string} text  to begin with
 * @param {(payload: Record<string, unknown>) => void} onSend  of an interactive message, as POST /api/messages/ takes it
 */
export function openChoices(title, text, onSend) {
  /** @type {Written} */
  const written = { kind: 'button', header: '', text, footer: '', options: [none(), none()], opens: texts.opensFirst, label: '', url: '' };
  const fields = h('div', { class: 'stack' });
  const preview = h('div', { class: 'template-preview', role: 'group', 'aria-label': texts.preview });
  const show = () => fill(preview, ...interactiveParts(payloadOf(written), written.text.trim() || texts.emptyText));
  const draw = () => { fill(fields, ...fieldsOf(written, draw)); show(); };
  const form = h('form', { class: 'stack choosing', oninput: show, onsubmit: (event) => { event.preventDefault(); box.close(); onSend(payloadOf(written)); } },
    h('fieldset', { class: 'segments' }, h('legend', { class: 'sr' }, texts.kind), KINDS.map((kind) => h('label', null,
      h('input', { type: 'radio', name: 'kind', class: 'sr', checked: kind === written.kind, onchange: () => { written.kind = kind; draw(); } }),
      h('span', null, texts.kinds[kind])))),
    h('div', { class: 'beside' }, fields, h('div', { class: 'stack close' }, h('h3', { class: 'small soft' }, texts.preview), preview)),
    h('footer', null, h('button', { class: 'main' }, texts.send)));
  const box = openDialog(title, () => [form]);
  box.classList.add('wide');
  draw();
  /** @type {HTMLElement | null} */ (form.querySelector('textarea'))?.focus();
}

/** @returns {Option} */
const none = () => ({ title: '', description: '' });

/** @param {Written} written @param {() => void} draw  when there are other fields */
function fieldsOf(written, draw) {
  const { kind } = written;
  return [
    field(texts.header, HEADER, written, 'header'),
    field(texts.text, TEXT[kind], written, 'text', { required: true, rows: 3 }, 'textarea'),
    ...(kind === 'cta_url' ? linkFields(written) : optionFields(written, kind, draw)),
    field(texts.footer, FOOTER, written, 'footer'),
  ];
}

/** @param {Written} written */
function linkFields(written) {
  return [
    field(texts.label, LABEL, written, 'label', { required: true }),
    field(texts.url, URL_LENGTH, written, 'url', { required: true, type: 'url', pattern: '[Hh][Tt][Tt][Pp][Ss]?://.+', title: texts.urlWrong, placeholder: texts.urlHint }),
  ];
}

/** @param {Written} written @param {'button' | 'list'} kind @param {() => void} draw */
function optionFields(written, kind, draw) {
  const { options } = written;
  const isList = kind === 'list';
  const shown = options.slice(0, MOST[kind]);
  const list = h('ol', { class: 'stack close' }, shown.map((option, at) => {
    const name = isList ? texts.row(at + 1) : texts.button(at + 1);
    const fieldOf = (/** @type {keyof Option} */ part, /** @type {number} */ longest, /** @type {string} */ label, props = {}) => field(label, longest, option, part, props);
    return h('li', { class: 'row' },
      h('div', { class: 'grow stack close' },
        fieldOf('title', isList ? ROW : LABEL, name, { required: at === 0, 'data-title': true }),
        isList && fieldOf('description', DESCRIPTION, texts.description(at + 1), { placeholder: texts.descriptionHint })),
      shown.length > 1 && iconButton('close', texts.remove(name), () => {
        options.splice(at, 1);
        draw();
        focusOn(Math.max(0, at - 1));
      }));
  }));
  const add = h('button', { type: 'button', hidden: shown.length >= MOST[kind], onclick: () => { options.push(none()); draw(); focusOn(options.length - 1); } },
    icon('plus'), isList ? texts.addRow : texts.addButton);
  const focusOn = (/** @type {number} */ at) => /** @type {HTMLElement | undefined} */ (document.querySelectorAll('.choosing [data-title]')[at])?.focus();
  list.addEventListener('keydown', (event) => onEnter(event, list, add));
  if (!isList) list.addEventListener('input', () => sameTwice(list));
  return [
    isList && field(texts.opens, LABEL, written, 'opens', { required: true }),
    h('fieldset', { class: 'stack close' },
      h('legend', { class: 'row small soft' }, h('span', { class: 'grow' }, isList ? texts.rows : texts.buttons), texts.used(shown.length, MOST[kind])), list, add),
  ];
}

/** Enter goes on to the next choice, and adds one after the last: it does not send. @param {KeyboardEvent} event @param {Element} list @param {HTMLButtonElement} add */
function onEnter(event, list, add) {
  if (event.key !== 'Enter' || event.isComposing || !(event.target instanceof HTMLInputElement)) return;
  event.preventDefault();
  const inputs = [...list.querySelectorAll('input')];
  const next = inputs[inputs.indexOf(event.target) + 1];
  if (next) next.focus();
  else if (!add.hidden) add.click();
}

/** @param {Element} list  of the buttons: no two may have the same title */
function sameTwice(list) {
  /** @type {Set<string>} */
  const seen = new Set();
  for (const input of /** @type {NodeListOf<HTMLInputElement>} */ (list.querySelectorAll('[data-title]'))) {
    const title = input.value.trim();
    if (title && seen.has(title)) input.setCustomValidity(texts.twice);
    else if (input.validationMessage === texts.twice) input.setCustomValidity('');
    seen.add(title);
  }
}

/**
 * A field with how much of it is used. What is too long stays as it was pasted, and is not sent.
 *
 * @template {string} K
 * @param {string} label
 * @param {number} longest
 * @param {Record<K, string>} holder  where its text is kept
 * @param {K} name
 * @param {import('../dom.js').Props} [props]
 * @param {'input' | 'textarea'} [tag]
 */
function field(label, longest, holder, name, props = {}, tag = 'input') {
  const used = h('span', { class: 'used small soft', 'aria-hidden': 'true' });
  const input = h(tag, { autocomplete: 'off', ...props });
  const look = () => {
    const length = [...input.value.trim()].length;
    fill(used, texts.used(length, longest));
    const over = length > longest;
    used.classList.toggle('much', length > longest / 2);
    used.classList.toggle('over', over);
    input.setCustomValidity(over ? texts.tooLong(longest) : props.required && input.value && !length ? texts.blank : '');
  };
  input.value = holder[name];
  input.addEventListener('input', () => { holder[name] = input.value; look(); });
  look();
  const named = props.placeholder === texts.descriptionHint; // the hint says what it is
  return h('div', { class: `field${named ? ' bare' : ''}` }, h('label', null, h('span', { class: named ? 'sr' : '' }, label), input), used);
}

/** @param {Written} written */
function payloadOf({ kind, header, text, footer, options, opens, label, url }) {
  const given = options.map((one) => ({ title: one.title.trim(), description: one.description.trim() })).filter((one) => one.title);
  /** @type {Record<Kind, () => Record<string, unknown>>} */
  const actions = {
    button: () => ({ buttons: given.slice(0, MOST.button).map(({ title }, at) => ({ type: 'reply', reply: { id: idOf(at), title } })) }),
    list: () => ({ button: opens.trim(), sections: [{ rows: given.map(({ title, description }, at) => ({ id: idOf(at), title, ...(description && { description }) })) }] }),
    cta_url: () => ({ parameters: { display_text: label.trim(), url: url.trim() } }),
  };
  return {
    type: kind,
    ...(header.trim() && { header: { type: 'text', text: header.trim() } }),
    body: { text: text.trim() },
    ...(footer.trim() && { footer: { text: footer.trim() } }),
    action: actions[kind](),
  };
}

/** @param {number} at */
const idOf = (at) => `choice-${at + 1}`;
