/** The tags of the customer. Those of the system follow the source, and stay. */

import { h, icon } from '../../dom.js';
import { texts } from '../../texts_customer.js';
import { picker } from './picker.js';

/** @import { Tag } from '../../types.js' */
/** @import { Option } from './picker.js' */
/** @import { Maker } from './section.js' */

const SHOWN = 50;

/** @type {Maker} */
export const tags = (pane, section) => {
  const { store, id } = pane;
  const path = `/api/v1/msg/customer/${id}/tags/`;

  /** @param {string} text @returns {Promise<Option[]>} */
  async function find(text) {
    if (!store.tags.length) await store.loadLists();
    const has = new Set(pane.row?.tags.map((tag) => tag.id));
    const wanted = text.toLowerCase();
    const same = (/** @type {Tag} */ tag) => tag.name.toLowerCase() === wanted;
    const found = store.tags.filter((tag) => !tag.is_system && !has.has(tag.id) && tag.name.toLowerCase().includes(wanted));
    found.sort((a, b) => Number(same(b)) - Number(same(a)));
    const options = found.slice(0, SHOWN).map((tag) => ({ label: tag.name, pick: () => add(tag) }));
    return !text || store.tags.some(same) ? options : [...options, { label: texts.createTag(text), pick: () => create(text) }];
  }

  /** @param {Tag} tag */
  async function add(tag) {
    await store.api.post(`${path}${tag.id}/`);
    await store.load(id);
  }

  /** @param {string} name */
  async function create(name) {
    await add(await store.api.post('/api/v1/msg/tags/', { name }));
    await store.loadLists();
  }

  /** @param {Tag} tag */
  function item(tag) {
    const name = texts.named(texts.removeTag, tag.name);
    /** @type {HTMLButtonElement} */
    const remove = h('button', { type: 'button', class: 'bare', 'aria-label': name, title: name, 'data-key': `tag-${tag.id}`, onclick: () =>
      section.act(remove, async () => {
        await store.api.delete(`${path}${tag.id}/`);
        await store.load(id);
      }) }, icon('close'));
    return h('li', { class: 'chip' }, tag.name, !tag.is_system && remove);
  }

  return {
    tools: [picker(texts.addTag, find)],
    load: async () => {
      const all = pane.row?.tags ?? [];
      return [all.length ? h('ul', { class: 'row wrap' }, all.map(item)) : h('p', { class: 'soft small' }, texts.noTags)];
    },
  };
};
