/** The fields for the values of a template, and these values as POST /api/messages/ takes them. */

/** @import { Schemas } from '../types.js' */

import { h } from '../dom.js';
import { more } from '../texts_dialogs.js';

/**
 * @typedef {Schemas['TemplateParameter']} Parameter
 * @typedef {object} Field
 * @property {Parameter} asks
 * @property {HTMLElement} element
 * @property {(draft: boolean) => unknown} value  undefined: nothing was entered; for a draft, what stands in for it
 */

const FILES = { image: 'image/jpeg,image/png', video: 'video/mp4,video/3gpp', document: '' };
// What a preview shows until there is something else.
const SOMEWHERE = 'https://example.com/';

/** Whether a value comes as a file with the message. @param {Parameter} asks */
export function isFile(asks) {
  return asks.place === 'header' && asks.card === null && asks.kind in FILES;
}

/** @param {Parameter} asks @returns {HTMLInputElement} */
export function fileInput({ kind }) {
  return h('input', { type: 'file', required: true, accept: FILES[/** @type {keyof typeof FILES} */ (kind)] });
}

/** @param {Parameter} asks @returns {Field} */
export function fieldFor(asks) {
  const make = KINDS[asks.kind] ?? KINDS.text;
  const { inputs, value } = /** @type {NonNullable<typeof make>} */ (make)(asks);
  const name = (asks.card === null ? '' : `${more.card(asks.card + 1)}: `) + label(asks);
  const element = inputs.length === 1
    ? h('label', null, h('span', null, name), inputs[0] ?? null)
    : h('fieldset', { class: 'stack' }, h('legend', null, name), inputs.map((one) => h('label', null, h('span', null, one.getAttribute('data-name') ?? ''), one)));
  return { asks, element, value };
}

/** @param {Parameter} asks */
function label({ place, name, kind, text }) {
  if (place === 'header') return kind === 'text' ? more.headerValue(name) : more.headers[kind] ?? kind;
  if (place === 'body') return more.bodyValue(name);
  if (place === 'limited_time_offer') return more.offerEnds;
  return kind === 'products' ? more.productLines : kind === 'flow' ? more.flowData : more.buttonValue(text);
}

/**
 * @param {Parameter} asks
 * @param {Record<string, unknown>} [props]
 */
function input(asks, props = {}) {
  return h('input', { required: asks.required, autocomplete: 'off', maxlength: 2000, placeholder: asks.example, ...props });
}

/**
 * One input whose text is the value.
 *
 * @param {Parameter} asks
 * @param {string} instead
 * @param {Record<string, unknown>} [props]
 * @param {(text: string) => unknown} [read]
 */
function one(asks, instead, props = {}, read = (text) => text) {
  const field = input(asks, props);
  return { inputs: [field], value: (/** @type {boolean} */ draft) => (field.value.trim() ? read(field.value.trim()) : draft && asks.required ? read(instead) : undefined) };
}

/**
 * Several inputs that make an object.
 *
 * @param {Parameter} asks
 * @param {Record<string, [string, string, boolean]>} parts  the label of each, what stands in for it, and whether it must be there
 */
function several(asks, parts) {
  const fields = Object.entries(parts).map(([name, [text, instead, required]]) => ({ name, instead, input: input(asks, { required, placeholder: '', 'data-name': text }) }));
  return {
    inputs: fields.map((field) => field.input),
    value: (/** @type {boolean} */ draft) => Object.fromEntries(fields.map((field) => [field.name, field.input.value.trim() || (draft ? field.instead : '')]).filter(([, text]) => text)),
  };
}

/** Products, one a line; a line that begins with # is a title. @param {string} text */
function products(text) {
  /** @type {{title: string, product_items: {product_retailer_id: string}[]}[]} */
  const sections = [];
  for (const line of text.split('\n').map((each) => each.trim()).filter(Boolean)) {
    if (line.startsWith('#')) sections.push({ title: line.slice(1).trim(), product_items: [] });
    else {
      if (!sections.length) sections.push({ title: more.products, product_items: [] });
      sections.at(-1)?.product_items.push({ product_retailer_id: line });
    }
  }
  return { thumbnail_product_retailer_id: sections[0]?.product_items[0]?.product_retailer_id ?? '', sections };
}

/** @param {string} text */
function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text; // the server says what is wrong with it
  }
}

/** @param {Parameter} asks @param {string} instead @param {(text: string) => unknown} read */
function lines(asks, instead, read) {
  const field = h('textarea', { required: asks.required, rows: 4 });
  return { inputs: [field], value: (/** @type {boolean} */ draft) => (field.value.trim() ? read(field.value) : draft && asks.required ? read(instead) : undefined) };
}

/** @type {Record<string, (asks: Parameter) => {inputs: HTMLElement[], value: (draft: boolean) => unknown}>} */
const KINDS = {
  text: (asks) => one(asks, asks.place === 'button' ? '…' : `{{${asks.name}}}`),
  code: (asks) => one(asks, '123456', { maxlength: 15 }),
  coupon_code: (asks) => one(asks, asks.example ?? 'CODE', { maxlength: 15 }),
  payload: (asks) => one(asks, '', { maxlength: 256 }),
  thumbnail: (asks) => one(asks, ''),
  ttl_minutes: (asks) => one(asks, '', { type: 'number', min: 1, max: 43200 }, Number),
  time: (asks) => one(asks, new Date(Date.now() + 86_400_000).toISOString(), { type: 'datetime-local' }, (text) => new Date(text).toISOString()),
  image: (asks) => one(asks, SOMEWHERE, { type: 'url' }),
  video: (asks) => one(asks, SOMEWHERE, { type: 'url' }),
  gif: (asks) => one(asks, SOMEWHERE, { type: 'url' }),
  document: (asks) => one(asks, SOMEWHERE, { type: 'url' }),
  location: (asks) => several(asks, {
    latitude: [more.latitude, '0', true], longitude: [more.longitude, '0', true], name: [more.name, '', true], address: [more.address, '', true],
  }),
  product: (asks) => several(asks, { catalog_id: [more.catalogId, '…', true], product_retailer_id: [more.productId, '…', true] }),
  products: (asks) => lines(asks, '…', products),
  flow: (asks) => lines(asks, '', (text) => ({ flow_action_data: json(text) })),
  order_details: (asks) => lines(asks, '{}', json),
};

/**
 * The values in the short form.
 *
 * @param {Field[]} fields
 * @param {boolean} named  the variables of the texts have names
 * @param {boolean} draft
 */
export function valuesOf(fields, named, draft) {
  /** @type {Record<string, any>} */
  const all = {};
  for (const { asks, value } of fields) {
    const given = value(draft);
    if (given === undefined) continue;
    const at = asks.card === null ? all : ((all.cards ??= [])[asks.card] ??= {});
    if (asks.place === 'limited_time_offer') at.limited_time_offer = given;
    else if (asks.place === 'button') (at.buttons ??= {})[asks.index ?? 0] = given;
    else if (asks.place === 'header' && asks.kind !== 'text') at.header = given;
    else if (named) (at[asks.place] ??= {})[asks.name] = given;
    else (at[asks.place] ??= []).push(given);
  }
  if (all.cards) all.cards = Array.from(all.cards, (card) => card ?? {});
  return all;
}
