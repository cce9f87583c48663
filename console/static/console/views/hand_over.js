/** Handing a chat to a colleague. */

import { openDialog } from '../dialog.js';
import { fill, h } from '../dom.js';
import { complain, say } from '../feedback.js';
import { texts } from '../texts_customer.js';
import { check, form, longField } from './customer/form.js';

/** @import { Store } from '../store.js' */
/** @import { Chat, TeamMember } from '../types.js' */

const MANY = 8;

/**
 * Open the dialog in which a colleague is chosen. Salespeople no longer see a chat that they hand over.
 *
 * @param {Store} store @param {Chat} row
 */
export async function openHandOver(store, row) {
  /** @type {import('../types.js').Routing} */
  let next;
  try {
    [next] = await Promise.all([store.api.get(`/api/customers/${row.id}/routing/`), store.loadLists()]);
  } catch (error) {
    return complain(error);
  }
  const sellers = store.team.filter((one) => one.role === 'sales' && one.is_active && one.id !== row.owner?.id);
  openDialog(texts.handOver, (close) => [sellers.length ? choice(store, row, sellers, next, close) : h('p', null, texts.noColleague)]);
}

/**
 * @param {Store} store @param {Chat} row @param {TeamMember[]} sellers
 * @param {import('../types.js').Routing} next  who would get the customer by the rules
 * @param {() => void} close
 */
function choice(store, row, sellers, next, close) {
  const list = h('div', { class: 'choices' });
  const options = sellers.map(({ id, name, availability, open_chats: open }) => ({
    name: name.toLowerCase(),
    element: h('div', { class: 'row' },
      h('span', { class: 'grow' }, check(name, { type: 'radio', name: 'salesperson', value: id, required: true })),
      h('span', { class: 'soft small' }, [availability === 'away' && texts.isAway, texts.openChats(open)].filter(Boolean).join(' · '))),
  }));
  const show = (/** @type {string} */ text) => fill(list, options.filter((one) => one.name.includes(text)).map((one) => one.element));
  /** @type {HTMLInputElement} */
  const search = h('input', {
    type: 'search', 'aria-label': texts.findColleague, placeholder: texts.findColleague,
    oninput: () => show(search.value.trim().toLowerCase()),
  });
  show('');
  return form([
    h('p', null, texts.handOverWho(row.name)),
    h('p', { class: 'soft' }, texts.byTheRules(next.salesperson?.name, next.reason, next.detail)), sellers.length > MANY && search,
    h('fieldset', null, h('legend', { class: 'sr' }, texts.colleagues), list), longField(texts.noteToColleague, 'note'),
  ], texts.handOver, async (data) => {
    const salesperson = Number(data.get('salesperson'));
    await store.api.post('/api/assignments/', { customer: row.id, salesperson, note: data.get('note') });
    close();
    say(texts.handedOver(sellers.find((one) => one.id === salesperson)?.name ?? ''));
    if ((await store.load(row.id)) === null) store.lose(row.id);
  }, close);
}
