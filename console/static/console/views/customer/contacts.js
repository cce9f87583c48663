/** Other numbers and addresses at which the customer can be reached. */

import { ask } from '../../dialog.js';
import { h } from '../../dom.js';
import { texts } from '../../texts_customer.js';
import { check, field } from './form.js';
import { action, cards, chip, line, tool } from './section.js';

/** @import { Schemas } from '../../types.js' */
/** @import { Maker } from './section.js' */

/** @typedef {Schemas['Contact']} Contact */

/** @type {Maker} */
export const contacts = ({ store: { api }, id: customer }, section) => {
  /** @param {Contact} contact @param {boolean} waits  the customer added it, and staff have not confirmed it */
  function item(contact, waits) {
    const { id, email, wa_number: wa, tp_number: tp, is_primary: primary, is_active: active } = contact;
    const what = wa || tp || email;
    const path = `/api/contacts/${id}/`;
    const act = (/** @type {string} */ text, /** @type {string} */ verb) => action(text, what, `${verb}-${id}`, (button) =>
      section.act(button, () => api.post(`${path}${verb}/`)));
    const ways = [[wa, texts.whatsapp], [tp, texts.telephone], [email, texts.email]];
    return h('li', { class: active ? '' : 'faded' },
      ways.map(([value, name]) => value && h('p', null, value, h('span', { class: 'soft small' }, ` ${name}`))),
      line(primary && chip(texts.primary), !active && chip(texts.off), waits && chip(texts.unconfirmed, 'warn')),
      line(waits && act(texts.confirm, 'confirm'),
        action(texts.edit, what, `edit-${id}`, (button) => section.edit(button, fields(contact), texts.save, (data) => api.patch(path, values(data)))),
        !primary && act(texts.makePrimary, 'set-primary'), act(active ? texts.turnOff : texts.turnOn, 'toggle-status'),
        action(texts.delete, what, `delete-${id}`, async (button) => {
          if (await ask(texts.deleteQuestion(what), texts.delete)) await section.act(button, () => api.delete(path));
        })));
  }

  return {
    tools: [tool(texts.addContact, (button) => section.edit(button, fields(), texts.add, (data) =>
      api.post('/api/contacts/', { customer, ...values(data) })))],
    load: async (signal) => {
      const waiting = { customer_id: customer, is_confirmed: false, page_size: 100 };
      const [all, unconfirmed] = await Promise.all([
        api.get(`/api/customers/${customer}/contacts/`, undefined, signal), api.get('/api/contacts/', waiting, signal)]);
      const ids = new Set(unconfirmed.data.results.map((/** @type {Contact} */ one) => one.id));
      return [cards(all.data.contacts, (/** @type {Contact} */ one) => item(one, ids.has(one.id)), texts.noContacts)];
    },
  };
};

/** @param {Contact} [contact] */
function fields(contact) {
  return [
    field(texts.whatsapp, 'wa_number', contact?.wa_number, { type: 'tel', required: true }),
    field(texts.telephone, 'tp_number', contact?.tp_number, { type: 'tel', required: true }),
    field(texts.email, 'email', contact?.email, { type: 'email', required: true }),
    check(texts.primary, { name: 'is_primary', checked: contact?.is_primary }),
  ];
}

/** @param {FormData} data */
const values = (data) => ({ ...Object.fromEntries(data), is_primary: data.has('is_primary') });
