/** Customers who may be the same person, and merges that can be undone. */

import { ask } from '../../dialog.js';
import { h } from '../../dom.js';
import { say } from '../../feedback.js';
import { date } from '../../format.js';
import { texts } from '../../texts_customer.js';
import { picker } from './picker.js';
import { action, cards, chip, line, soft } from './section.js';

/** @import { Chat, PageOf, Schemas } from '../../types.js' */
/** @import { Maker } from './section.js' */

/** @type {Maker} */
export const duplicates = (pane) => {
  const { store: { api }, id } = pane;
  const merge = async (/** @type {Chat} */ row) => (await import('./merge.js')).openMerge(pane, row);

  /** @param {string} text */
  async function find(text) {
    if (!text) return [];
    /** @type {PageOf<Chat>} */
    const page = await api.get('/api/customers/', { search: text, page_size: 10 });
    return page.results.filter((row) => row.id !== id).map((row) => ({
      label: row.name, note: row.phone ?? row.customer_id, pick: () => merge(row),
    }));
  }

  /** @param {Schemas['Duplicate']} one */
  const item = ({ customer: row, reasons }) => h('li', null, h('p', null, row.name),
    soft([row.customer_id, row.phone, row.email].filter(Boolean).join(' · ')), line(...reasons.map((why) => chip(texts.same[why]))),
    line(action(texts.merge, row.name, `merge-${row.id}`, () => merge(row)),
      action(texts.openChat, row.name, `open-${row.id}`, () => pane.onOpenChat(row.id))));

  return {
    tools: [picker(texts.findOther, find)],
    load: async (signal) => [cards(await api.get(`/api/customers/${id}/duplicates/`, undefined, signal), item, texts.noDuplicates)],
  };
};

/** @type {Maker} */
export const merges = (pane, section) => {
  const { store, id } = pane;

  /** @param {Schemas['Merge']} one */
  const item = ({ id: merge, gone, actor, reason, at, undone_at: undone, can_undo: can }) => h('li', { class: undone ? 'faded' : '' },
    h('p', null, gone.name), soft(`${date(at)}, ${actor?.name ?? (reason === 'proved' ? texts.proving : texts.appName)}`),
    undone && line(chip(texts.undone), action(texts.openChat, gone.name, `open-${merge}`, () => pane.onOpenChat(gone.id))),
    can && line(action(texts.undo, gone.name, `undo-${merge}`, async (button) => {
      if (!(await ask(texts.undoQuestion(gone.name), texts.undo))) return;
      await section.act(button, async () => {
        const { restored, into } = await store.api.post(`/api/customers/merges/${merge}/undo/`);
        for (const row of [restored, into]) if (row) store.take(row);
        say(texts.separated(gone.name));
      });
      pane.refresh();
    })));

  return { load: async (signal) => [cards(await store.api.get(`/api/customers/${id}/merges/`, undefined, signal), item, texts.noMerges)] };
};
