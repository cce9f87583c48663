/** Picking a template and filling it in: what can be sent at any time. */

/** @import { Store } from '../store.js' */
/** @import { Template } from '../types.js' */

import { fill, h, icon } from '../dom.js';
import { openDialog } from '../dialog.js';
import { complain } from '../feedback.js';
import { texts } from '../texts.js';
import { more } from '../texts_dialogs.js';

const PAGE = 100;
const VARIABLE = /\{\{\s*([^{}\s]+)\s*\}\}/g;
const FILES = { IMAGE: 'image/jpeg,image/png', VIDEO: 'video/mp4,video/3gpp', DOCUMENT: '' };

/**
 * @param {Store} store
 * @param {(body: Record<string, unknown>, file: File | null) => void} onSend  what POST /api/messages/ takes
 */
export function openTemplates(store, onSend) {
  const place = h('div', { class: 'stack' }, h('p', { role: 'status' }, texts.loading));
  const box = openDialog(texts.templates, () => [place]);
  const back = () => void list(store, place, (template) => fillIn(template, place, back, (body, file) => { box.close(); onSend(body, file); }));
  back();
}

/** @param {Store} store @param {HTMLElement} place @param {(template: Template) => void} onPick */
async function list(store, place, onPick) {
  const found = h('ul', { role: 'list', class: 'stack', 'aria-label': texts.templates });
  const state = h('p', { class: 'soft', role: 'status' }, texts.loading);
  const search = h('input', { type: 'search', 'aria-label': more.searchTemplates, placeholder: more.searchTemplates });
  const load = async () => {
    try {
      const page = await store.api.get('/api/templates/', { status: 'APPROVED', search: search.value, page_size: PAGE });
      fill(found, page.results.map((/** @type {Template} */ one) => h('li', null,
        h('button', { type: 'button', class: 'template-row', onclick: () => onPick(one) },
          h('span', { class: 'row' }, h('strong', { class: 'grow cut' }, one.name), h('span', { class: 'chip' }, one.language)),
          h('span', { class: 'soft small' }, bodyOf(one))))));
      fill(state, page.results.length ? null : more.noTemplates);
    } catch (error) {
      complain(error);
    }
  };
  /** @type {number | undefined} */
  let waiting;
  search.oninput = () => { clearTimeout(waiting); waiting = setTimeout(load, 250); };
  fill(place, search, state, found);
  search.focus();
  await load();
}

/**
 * @param {Template} template
 * @param {HTMLElement} place
 * @param {() => void} onBack
 * @param {(body: Record<string, unknown>, file: File | null) => void} onSend
 */
function fillIn(template, place, onBack, onSend) {
  const { variables } = template;
  const needsFile = variables.header_format in FILES;
  const file = h('input', { type: 'file', required: needsFile, accept: FILES[/** @type {keyof typeof FILES} */ (variables.header_format)] });
  const location = variables.header_format === 'LOCATION' ? [field(more.latitude), field(more.longitude)] : [];
  // A name that stands in header and body is asked for once.
  const named = template.parameter_format === 'NAMED';
  const fields = new Map([...variables.body.map((name) => ['body', name]), ...variables.header.map((name) => ['header', name])]
    .map(([part = '', name = '']) => [named ? name : part + name, field(part === 'header' && !named ? more.headerValue(name) : more.bodyValue(name))]));
  const header = variables.header.map((name) => /** @type {HTMLElement} */ (fields.get(named ? name : `header${name}`)));
  const body = variables.body.map((name) => /** @type {HTMLElement} */ (fields.get(named ? name : `body${name}`)));
  const buttons = variables.buttons.map((one) => field(more.buttonValue(one.text)));
  const preview = h('div', { class: 'template-preview', 'aria-label': more.preview, role: 'group' });
  const show = () => fill(preview, ...previewOf(template, valuesOf(header), valuesOf(body)));
  const form = h('form', {
    class: 'stack', oninput: show,
    onsubmit: (event) => {
      event.preventDefault();
      const components = componentsOf(template, valuesOf(header), valuesOf(body), valuesOf(buttons), valuesOf(location));
      onSend({ template: { name: template.name, language: template.language, components } }, file.files?.[0] ?? null);
    },
  },
    h('h3', null, template.name), preview,
    needsFile && h('label', null, h('span', null, more.headerFile), file),
    [...location, ...fields.values(), ...buttons],
    h('footer', null, h('button', { type: 'button', onclick: onBack }, texts.back), h('button', { class: 'main' }, icon('send'), more.sendTemplate)));
  fill(place, form);
  show();
  /** @type {HTMLElement | null} */ (form.querySelector('input, button.main'))?.focus();
}

/** @param {string} name */
function field(name) {
  return h('label', null, h('span', null, name), h('input', { required: true, autocomplete: 'off', maxlength: 1024 }));
}

/** @param {HTMLElement[]} fields */
function valuesOf(fields) {
  return fields.map((one) => /** @type {HTMLInputElement} */ (one.querySelector('input')).value.trim());
}

/**
 * In Meta's shape.
 *
 * @param {Template} template
 * @param {string[]} header
 * @param {string[]} body
 * @param {string[]} buttons
 * @param {string[]} location
 */
function componentsOf({ variables, parameter_format: format }, header, body, buttons, location) {
  /** @param {string[]} names @param {string[]} values */
  const parameters = (names, values) => values.map((text, place) => ({
    type: 'text', text, ...(format === 'NAMED' && { parameter_name: names[place] }),
  }));
  const [latitude, longitude] = location.map(Number);
  return [
    ...(header.length ? [{ type: 'header', parameters: parameters(variables.header, header) }] : []),
    ...(location.length ? [{ type: 'header', parameters: [{ type: 'location', location: { latitude, longitude } }] }] : []),
    ...(body.length ? [{ type: 'body', parameters: parameters(variables.body, body) }] : []),
    ...variables.buttons.map(({ index, type }, place) => ({
      type: 'button', sub_type: type.toLowerCase(), index: String(index),
      parameters: [type === 'COPY_CODE' ? { type: 'coupon_code', coupon_code: buttons[place] } : { type: 'text', text: buttons[place] }],
    })),
  ];
}

/** @param {Template} template @param {string[]} header @param {string[]} body */
function previewOf({ components, variables }, header, body) {
  /** @param {string} text @param {string[]} names @param {string[]} values */
  const filled = (text, names, values) => text.replace(VARIABLE, (whole, name) => values[names.indexOf(name)] || whole);
  return components.map((one) => {
    const { type, text, format, buttons } = /** @type {any} */ (one);
    if (type === 'HEADER') return h('strong', null, format && format !== 'TEXT' ? `[${format.toLowerCase()}]` : filled(text ?? '', variables.header, header));
    if (type === 'BODY') return h('p', { class: 'text' }, filled(text ?? '', variables.body, body));
    if (type === 'FOOTER') return h('p', { class: 'soft small' }, text);
    return h('ul', { class: 'choices' }, (buttons ?? []).map((/** @type {any} */ button) => h('li', null, button.text)));
  });
}

/** @param {Template} template */
function bodyOf({ components }) {
  return String(/** @type {any} */ (components.find((one) => /** @type {any} */ (one).type === 'BODY'))?.text ?? '');
}
