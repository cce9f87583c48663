/** The dialog that adds a customer, to begin a chat. */

/** @import { Store } from '../store.js' */

import { h } from '../dom.js';
import { ofDesk, openDialog } from '../dialog.js';
import { sending } from '../form.js';
import { texts } from '../texts.js';
import { more } from '../texts_dialogs.js';

/** @param {Store} store @param {(customer: number) => void} onOpen */
export function openNewCustomer(store, onOpen) {
  const name = h('input', { required: true, autocomplete: 'off', maxlength: 150 });
  const phone = h('input', { type: 'tel', autocomplete: 'off', placeholder: '+94 77 123 4567' });
  ofDesk(openDialog(texts.newCustomer, (close) => {
    const { problem, button, onsubmit } = sending(texts.add, async () => {
      const row = await store.api.post('/api/customers/', { name: name.value, ...(phone.value && { phone: phone.value }) });
      store.take(row);
      close();
      onOpen(row.id);
    });
    return [h('form', { class: 'stack', onsubmit },
      h('label', null, h('span', null, more.name), name),
      h('label', null, h('span', null, more.phone), phone), problem,
      h('footer', null, h('button', { type: 'button', onclick: close }, texts.cancel), button))];
  }));
  name.focus();
}
