/** The addresses on WhatsApp from which the customer writes. */

import { ask } from '../../dialog.js';
import { h } from '../../dom.js';
import { moment } from '../../format.js';
import { texts } from '../../texts_customer.js';
import { action, cards, chip, line, soft } from './section.js';

/** @import { Schemas } from '../../types.js' */
/** @import { Maker } from './section.js' */

/** @type {Maker} */
export const identities = (pane, section) => {
  const { store, id } = pane;
  const path = `/api/customers/${id}/identities/`;

  /** @param {Schemas['Identity']} one */
  function item({ id: identity, wa_id: phone, username, profile_name: name, business_number: ours, proved, last_inbound_at: wrote, detached_at: gone }) {
    const what = phone ? `+${phone}` : username ? `@${username}` : texts.hiddenPhone;
    return h('li', { class: gone ? 'faded' : '' },
      h('p', null, what, name && h('span', { class: 'soft' }, ` ${name}`)),
      soft(`${texts.writesTo} ${ours.name}`), wrote && soft(`${texts.lastWrote} ${moment(wrote)}`),
      line(gone ? chip(texts.detached) : proved && chip(texts.proved),
        !gone && action(texts.detach, what, `detach-${identity}`, async (button) => {
          if (!(await ask(texts.detachQuestion(what), texts.detach))) return;
          await section.act(button, () => store.api.delete(`${path}${identity}/`));
          await Promise.all([store.load(id), pane.head.load()]);
        })));
  }
  return { load: async (signal) => [cards(await store.api.get(path, undefined, signal), item, texts.noIdentities)] };
};
