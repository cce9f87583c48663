/** Who looks after the customer, and who did. */

import { ask } from '../../dialog.js';
import { h } from '../../dom.js';
import { date } from '../../format.js';
import { texts } from '../../texts_customer.js';
import { openHandOver } from '../hand_over.js';
import { action, chip, line, pages, soft, tool } from './section.js';

/** @import { PageOf, Schemas } from '../../types.js' */
/** @import { Maker } from './section.js' */

/** @type {Maker} */
export const assignments = (pane, section) => {
  const { store, id } = pane;

  /** @param {PageOf<Schemas['Assignment']>} page */
  function current({ results }) {
    const owner = pane.row?.owner;
    const active = results.find((one) => one.is_active);
    const who = owner ? owner.name : texts.nobody;
    return line(h('strong', null, who), owner && !owner.is_active && chip(texts.hasLeft),
      active && action(texts.endAssignment, who, 'end', async (button) => {
        if (!(await ask(texts.endQuestion(who), texts.endAssignment))) return;
        await section.act(button, async () => {
          await store.api.delete(`/api/assignments/${active.id}/`);
          if ((await store.load(id)) === null) store.lose(id);
        });
      }));
  }

  return {
    tools: [tool(texts.changeOwner, () => pane.row && openHandOver(store, pane.row))],
    load: async (signal) => {
      const page = await store.api.get(`/api/customers/${id}/assignments/`, undefined, signal);
      return [current(page), ...pages(store.api, page, item, texts.noHistory)];
    },
  };
};

/** @param {Schemas['Assignment']} one */
function item({ salesperson, assigned_by: by, note, assigned_at: from, ended_at: until }) {
  return h('li', null, h('p', null, salesperson?.name ?? texts.nobody), note && h('p', { class: 'plain' }, note),
    soft(`${date(from)} – ${until ? date(until) : texts.now}`, by && `, ${texts.by} ${by.name}`));
}
