/** Picking a template and filling it in: what can be sent at any time. */

/** @import { Store } from '../store.js' */
/** @import { Template } from '../types.js' */
/** @import { Field } from './template_fields.js' */

import { ApiError } from '../api.js';
import { fill, h } from '../dom.js';
import { openDialog } from '../dialog.js';
import { complain } from '../feedback.js';
import { sending } from '../form.js';
import { texts } from '../texts.js';
import { more } from '../texts_dialogs.js';
import { templateParts } from './sent.js';
import { fieldFor, fileInput, isFile, valuesOf } from './template_fields.js';

const PAGE = 100;
// How long somebody types before the preview is asked for again.
const PAUSE_MS = 250;

/**
 * @param {Store} store
 * @param {(body: Record<string, unknown>, file: File | null) => void} onSend  what POST /api/messages/ takes
 */
export function openTemplates(store, onSend) {
  const place = h('div', { class: 'stack' }, h('p', { role: 'status' }, texts.loading));
  const box = openDialog(texts.templates, () => [place]);
  const back = () => void list(store, place, (template) => fillIn(store, template, place, back, (body, file) => { box.close(); onSend(body, file); }));
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
 * @param {Store} store
 * @param {Template} template
 * @param {HTMLElement} place
 * @param {() => void} onBack
 * @param {(body: Record<string, unknown>, file: File | null) => void} onSend
 */
function fillIn(store, template, place, onBack, onSend) {
  const named = template.parameter_format === 'NAMED';
  const fileAsked = template.parameters.find(isFile);
  const file = fileAsked ? fileInput(fileAsked) : null;
  const fields = askedOnce(template.parameters.filter((one) => !isFile(one)), named).map(fieldFor);
  const preview = h('div', { class: 'template-preview', 'aria-label': more.preview, role: 'group', 'aria-live': 'polite' });
  /** @param {boolean} draft */
  const body = (draft) => ({ parameters: both(template, fields, named, draft), with_file: Boolean(file) });
  const path = `/api/templates/${template.id}/preview/`;
  let asked = 0;
  const show = async () => {
    const mine = ++asked;
    try {
      const shown = await store.api.ask('POST', path, { body: body(true) });
      if (mine === asked) fill(preview, ...templateParts(shown));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (mine === asked) fill(preview, h('p', { class: 'soft' }, bodyOf(template)), h('p', { class: 'problem small' }, error.message));
    }
  };
  const { problem, button, onsubmit } = sending(more.sendTemplate, async () => {
    await store.api.ask('POST', path, { body: body(false) });
    onSend({ template: { name: template.name, language: template.language, parameters: body(false).parameters } }, file?.files?.[0] ?? null);
  });
  /** @type {number | undefined} */
  let waiting;
  const form = h('form', { class: 'stack', onsubmit, oninput: () => { clearTimeout(waiting); waiting = setTimeout(show, PAUSE_MS); } },
    h('h3', null, template.name), preview,
    file && h('label', null, h('span', null, more.headerFile), file),
    fields.map((one) => one.element), problem,
    h('footer', null, h('button', { type: 'button', onclick: onBack }, texts.back), button));
  fill(place, form);
  void show();
  /** @type {HTMLElement | null} */ (form.querySelector('input, textarea, button.main'))?.focus();
}

/**
 * A name that stands in header and body is asked for once.
 *
 * @param {Template['parameters']} all
 * @param {boolean} named
 */
function askedOnce(all, named) {
  const body = new Set(all.filter((one) => one.place === 'body' && one.card === null).map((one) => one.name));
  return named ? all.filter((one) => !(one.place === 'header' && one.card === null && one.kind === 'text' && body.has(one.name))) : all;
}

/**
 * The values, those that stand in header and body in both.
 *
 * @param {Template} template
 * @param {Field[]} fields
 * @param {boolean} named
 * @param {boolean} draft
 */
function both({ parameters }, fields, named, draft) {
  const values = valuesOf(fields, named, draft);
  if (!named) return values;
  for (const { place, card, kind, name } of parameters) {
    if (place === 'header' && card === null && kind === 'text') values.header = { ...values.header, [name]: values.header?.[name] ?? values.body?.[name] };
  }
  return values;
}

/** @param {Template} template */
function bodyOf({ components }) {
  return String(/** @type {any} */ (components.find((one) => /** @type {any} */ (one).type === 'BODY'))?.text ?? '');
}
