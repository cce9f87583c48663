/** What the signed-in user has noted about the customer by key: values and files. */

import { ask } from '../../dialog.js';
import { h, safeUrl } from '../../dom.js';
import { complain } from '../../feedback.js';
import { texts } from '../../texts_customer.js';
import { sendForm } from '../../upload.js';
import { check, field, longField } from './form.js';
import { action, cards, line, soft, tool } from './section.js';

/** @import { Schemas } from '../../types.js' */
/** @import { Maker } from './section.js' */

/** @typedef {Schemas['CustomerData']} Entry */

const PATH = '/api/message/customer-data/';
const PICTURE = /\.(png|jpe?g|gif|webp|bmp)$/i;
// Links to files work for five minutes.
const FRESH_MS = 4 * 60_000;

/** @type {Maker} */
export const data = (pane, section) => {
  const { api } = pane.store;
  let loaded = 0;

  /** @param {HTMLButtonElement} button @param {Entry} [entry]  none: a new one */
  function edit(button, entry) {
    const bar = h('progress', { max: 1, value: 0, hidden: true, 'aria-label': texts.uploading });
    const file = h('label', null, h('span', null, texts.file), h('input', { type: 'file', name: 'file' }));
    section.edit(button, [
      field(texts.key, 'key', entry?.key, { required: true, maxlength: 255 }), longField(texts.value, 'value', entry?.value), file,
      entry?.file ? check(texts.removeFile, { name: 'remove_file', value: 'true' }) : null, bar,
    ], entry ? texts.save : texts.add, async (form) => {
      const chosen = form.get('file');
      if (chosen instanceof File && !chosen.size) form.delete('file');
      if (!entry) form.set('customer', String(pane.id));
      bar.hidden = !form.has('file');
      const path = entry ? `${PATH}${entry.id}/` : PATH;
      await sendForm(api, entry ? 'PATCH' : 'POST', path, form, pane.signal, (part) => { bar.value = part; }).finally(() => { bar.hidden = true; });
    });
  }

  /** @param {Entry} entry */
  function item(entry) {
    const { id, key, value } = entry;
    return h('li', null, soft(key), value && h('p', { class: 'plain' }, value), links(entry),
      line(action(texts.edit, key, `edit-${id}`, (button) => edit(button, entry)),
        action(texts.delete, key, `delete-${id}`, async (button) => {
          if (await ask(texts.deleteQuestion(key), texts.delete)) await section.act(button, () => api.delete(`${PATH}${id}/`));
        })));
  }

  /** @param {Entry} entry */
  function links({ id, file_url: url, file_name: name }) {
    const href = safeUrl(url);
    if (!href || !name) return null;
    /** @param {MouseEvent} event */
    const renew = async (event) => {
      const link = event.currentTarget;
      if (Date.now() - loaded < FRESH_MS || !(link instanceof HTMLAnchorElement)) return;
      event.preventDefault();
      try {
        const { file_url: fresh } = await api.get(`${PATH}${id}/`);
        h('a', { href: safeUrl(fresh), download: link.download || null, target: link.target || null }).click();
      } catch (error) {
        complain(error);
      }
    };
    return h('div', null,
      PICTURE.test(name) && h('a', { href, target: '_blank', rel: 'noopener', class: 'preview', onclick: renew },
        h('img', { src: href, alt: texts.named(texts.picture, name), loading: 'lazy' })),
      h('a', { href, download: name, onclick: renew }, name));
  }

  return {
    tools: [tool(texts.addData, (button) => edit(button))],
    load: async (signal) => {
      loaded = Date.now();
      return [cards(await api.get(`/api/message/customer/${pane.id}/data/`, undefined, signal), item, texts.noData)];
    },
  };
};
