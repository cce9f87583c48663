/** What the shop knows: addresses, orders, wishes, reviews and points. */

import { h } from '../../dom.js';
import { date, money } from '../../format.js';
import { texts } from '../../texts_customer.js';
import { field } from './form.js';
import { chip, facts, line, pages, soft, tool } from './section.js';

/** @import { Profile, Schemas } from '../../types.js' */
/** @import { Maker } from './section.js' */

/** @type {Maker} */
export const addresses = ({ store: { api }, id }) => ({
  load: async (signal) => pages(api, await api.get('/api/customers/addresses/', { customer: id }, signal), address, texts.noAddresses),
});

/** @param {Schemas['Address']} one */
function address(one) {
  const lines = [
    `${one.first_name} ${one.last_name}`, one.company, one.address_line1, one.address_line2,
    `${one.postal_code} ${one.city}`, one.state, one.country, one.phone,
  ];
  return h('li', null, line(chip(one.address_type), one.is_default && chip(texts.default)),
    h('p', { class: 'plain' }, lines.map((text) => text?.trim()).filter(Boolean).join('\n')));
}

/** @type {Maker} */
export const orders = ({ store: { api, me }, id }) => ({
  load: async (signal) => {
    const of = (/** @type {string} */ what) => api.get(`/api/customers/customers/${id}/${what}/`, undefined, signal);
    const [bought, wishes, reviews] = await Promise.all(['orders', 'wishlist', 'reviews'].map(of));
    return [
      ...pages(api, bought, (/** @type {Schemas['Order']} */ one) => order(one, me.base_currency), texts.noOrders),
      ...(wishes.results.length ? [h('h4', null, texts.wishlist), ...pages(api, wishes, wish)] : []),
      ...(reviews.results.length ? [h('h4', null, texts.reviews), ...pages(api, reviews, review)] : []),
    ];
  },
});

/** @param {Schemas['Order']} one @param {string} base  the currency in which totals count */
const order = ({ number, status, total, currency, base_total: worth, placed_at: at, lines }, base) => h('li', null,
  h('p', { class: 'row' }, h('strong', { class: 'grow' }, number), money(total, currency)),
  currency !== base && worth !== undefined && soft(texts.worth(money(worth, base))),
  line(h('span', { class: 'soft small' }, date(at)), chip(status)),
  lines.length > 0 && h('ul', { class: 'small' }, lines.map((one) => h('li', null, lineText(one)))));

/** @param {any} one  a line as the shop sends it, which may be anything */
function lineText(one) {
  if (typeof one !== 'object' || one === null) return String(one);
  const { name = one.title ?? one.sku, quantity } = one;
  return typeof name === 'string' ? `${quantity === undefined ? '' : `${quantity} × `}${name}` : JSON.stringify(one);
}

/** @param {Schemas['WishlistItem']} one */
const wish = ({ name, added_at: at }) => h('li', null, name, soft(date(at)));

/** @param {Schemas['Review']} one */
const review = ({ product_id: product, rating, text, created_at: at }) => h('li', null,
  h('p', { class: 'row' }, h('span', { class: 'grow' }, product), texts.stars(rating)), text && h('p', { class: 'plain' }, text), soft(date(at)));

/** @type {Maker} */
export const loyalty = ({ store: { api, isAdmin, me }, id }, section) => {
  const path = `/api/customers/customers/${id}/`;
  return {
    tools: [isAdmin && tool(texts.addPoints, (button) => section.edit(button, [
      field(texts.pointsHint, 'points', '', { type: 'number', step: 1, required: true }),
      field(texts.reason, 'reason', '', { required: true, maxlength: 255 }),
    ], texts.addPoints, (data) => api.post(`${path}add_loyalty_points/`, { points: Number(data.get('points')), reason: data.get('reason') })))],
    load: async (signal) => {
      const [profile, ledger] = await Promise.all([api.get(path, undefined, signal), api.get(`${path}loyalty/`, undefined, signal)]);
      return [standing(profile, me.base_currency), ...pages(api, ledger, entry, texts.noLedger)];
    },
  };
};

/** @param {Profile} profile @param {string} base  the currency in which totals count */
function standing({ loyalty_points: points, loyalty_tier: tier, total_orders: count, total_spent: total, totals_by_currency: each, benefits }, base) {
  const number = new Intl.NumberFormat();
  const gives = [
    Number(benefits.discount_percentage) > 0 && texts.discount(benefits.discount_percentage), benefits.priority_support && texts.priority,
    benefits.free_shipping && texts.shipping, benefits.vip_access && texts.access,
  ];
  return facts([
    [texts.points, number.format(points)], [texts.tier, tier], [texts.orders, number.format(count)],
    [texts.spent, money(total, base)], [texts.paidIn, paidIn(each, base)], [texts.benefits, gives.filter(Boolean).join(', ')],
  ]);
}

/**
 * What was paid in each currency, if any of it is another one than that of the total.
 *
 * @param {Record<string, string>} each
 * @param {string} base
 */
function paidIn(each, base) {
  const paid = Object.entries(each).sort(([one], [other]) => Number(other === base) - Number(one === base));
  return paid.some(([currency]) => currency !== base) ? paid.map(([currency, amount]) => money(amount, currency)).join(' + ') : '';
}

/** @param {Schemas['LoyaltyEntry']} one */
function entry({ points, points_after: after, tier_before: before, tier_after: tier, reason, actor, created_at: at }) {
  const changes = [points && `${points > 0 ? '+' : '−'}${Math.abs(points)}`, tier !== before && `${before} → ${tier}`];
  return h('li', null,
    h('p', { class: 'row' }, h('strong', { class: 'grow' }, changes.filter(Boolean).join(', ')), texts.balance(after)),
    reason && h('p', { class: 'plain' }, reason), soft(`${date(at)}, ${actor?.name ?? texts.appName}`));
}
