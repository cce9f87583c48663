/** The preview of a merge: where two customers differ, what moves, and which values are kept. */

import { openDialog } from '../../dialog.js';
import { fill, h } from '../../dom.js';
import { say } from '../../feedback.js';
import { texts } from '../../texts_customer.js';
import { failure, form } from './form.js';
import { skeleton } from './section.js';

/** @import { CustomerPane } from '../customer.js' */
/** @import { Chat, Schemas } from '../../types.js' */

/**
 * Open the dialog that makes another customer part of the one in the pane.
 *
 * @param {CustomerPane} pane @param {Chat} gone
 */
export function openMerge(pane, gone) {
  const { store, id, row } = pane;
  const into = row?.name ?? '';
  const path = `/api/customers/${gone.id}/merge/`;
  const box = h('div', { class: 'stack' }, skeleton());
  openDialog(texts.mergeTitle(gone.name, into), (close) => { void show(close); return [box]; });

  /** @param {() => void} close */
  async function show(close) {
    try {
      /** @type {Schemas['Merged']} */
      const plan = await store.api.post(path, { into: id, dry_run: true });
      fill(box, form(preview(plan, gone.name, into), texts.merge, (data) => merge(data, plan.differs ?? [], close), close));
      box.querySelector('input')?.focus();
    } catch (error) {
      fill(box, failure(error));
    }
  }

  /** @param {FormData} data @param {Schemas['Difference'][]} differs @param {() => void} close */
  async function merge(data, differs, close) {
    const chosen = differs.filter((one) => data.get(one.field) !== one.kept).map((one) => [one.field, data.get(one.field)]);
    /** @type {Schemas['Merged']} */
    const { customer } = await store.api.post(path, { into: id, keep: Object.fromEntries(chosen) });
    close();
    say(texts.merged(gone.name));
    if (customer) store.take(customer);
    store.lose(gone.id, id);
    pane.refresh();
  }
}

/** @param {Schemas['Merged']} plan @param {string} gone @param {string} into */
function preview({ differs = [], moves = {} }, gone, into) {
  const moving = Object.entries(moves).filter(([, count]) => Number(count) > 0).map(([what, count]) => `${count} ${what}`);
  return [
    h('p', null, differs.length ? texts.mergeHow(gone, into) : texts.noDifference),
    ...differs.map((one) => difference(one, gone, into)),
    h('p', { class: 'notice' }, moving.length ? `${texts.moves} ${moving.join(', ')}.` : texts.movesNothing),
  ];
}

/** @param {Schemas['Difference']} one @param {string} gone @param {string} into */
function difference({ field, kept, ...values }, gone, into) {
  const side = (/** @type {'this' | 'into'} */ which, /** @type {string} */ whose) => h('label', { class: 'check' },
    h('input', { type: 'radio', name: field, value: which, checked: kept === which }),
    h('span', null, valueText(values[which]), h('span', { class: 'soft small' }, ` ${whose}`)));
  return h('fieldset', { class: 'either' }, h('legend', null, field.replaceAll('_', ' ')), side('into', into), side('this', gone));
}

/** @param {any} value */
function valueText(value) {
  if (value === null || value === '') return texts.empty;
  if (typeof value === 'boolean') return value ? texts.yes : texts.no;
  return typeof value === 'object' ? value.name : String(value);
}
