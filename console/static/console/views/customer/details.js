/** What only admins change of a customer. */

import { openDialog } from '../../dialog.js';
import { h } from '../../dom.js';
import { texts } from '../../texts_customer.js';
import { check, field, form } from './form.js';

/** @import { Store } from '../../store.js' */
/** @import { Chat } from '../../types.js' */

const TIERS = ['bronze', 'silver', 'gold', 'platinum'];

/** @param {Store} store @param {Chat} row */
export function openDetails(store, row) {
  const switches = /** @type {const} */ ({ is_vip: texts.vip, is_verified: texts.verified, is_active: texts.active });
  const names = /** @type {(keyof typeof switches)[]} */ (Object.keys(switches));
  openDialog(texts.editDetails, (close) => [form([
    field(texts.phone, 'phone', row.phone ?? '', { type: 'tel' }),
    field(texts.email, 'email', row.email, { type: 'email' }),
    field(texts.handle, 'username', row.username),
    h('label', null, h('span', null, texts.tier), h('select', { name: 'loyalty_tier' },
      TIERS.map((tier) => h('option', { selected: tier === row.loyalty_tier }, tier)))),
    ...names.map((name) => check(switches[name], { name, checked: row[name] })),
  ], texts.save, async (data) => {
    const given = { ...Object.fromEntries(data), phone: data.get('phone') || null, ...Object.fromEntries(names.map((name) => [name, data.has(name)])) };
    // Only what is different: what a colleague changed meanwhile stays.
    const changes = Object.entries(given).filter(([name, value]) => value !== row[/** @type {keyof Chat} */ (name)]);
    store.take(await store.api.patch(`/api/customers/${row.id}/`, Object.fromEntries(changes)));
    close();
  }, close)]);
}
