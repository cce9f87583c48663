/** A text in which to search, and a list under it to choose from, by arrow keys or pointer. */

import { fill, h } from '../../dom.js';
import { complain } from '../../feedback.js';
import { texts } from '../../texts_customer.js';

let made = 0;

/** @typedef {{label: string, note?: string, pick: () => Promise<unknown>}} Option */

/** @param {string} label @param {(text: string) => Promise<Option[]>} find */
export function picker(label, find) {
  const id = `picker-${++made}`;
  /** @type {Option[]} */
  let options = [];
  let active = -1;
  let asked = 0;
  const list = h('ul', { id, role: 'listbox', 'aria-label': label, hidden: true });
  const count = h('span', { class: 'sr', role: 'status' });
  const input = h('input', {
    type: 'text', role: 'combobox', autocomplete: 'off', 'aria-label': label, placeholder: label,
    'aria-autocomplete': 'list', 'aria-controls': id, 'aria-expanded': 'false',
    onfocus: () => search(), oninput: () => search(), onblur: close, onkeydown: key,
  });

  async function search() {
    const mine = ++asked;
    try {
      const found = await find(input.value.trim());
      if (mine === asked && document.activeElement === input) show(found);
    } catch (error) {
      complain(error);
    }
  }

  /** @param {Option[]} found */
  function show(found) {
    options = found;
    fill(list, found.map(({ label: text, note }, place) => h('li', {
      id: `${id}-${place}`, role: 'option', 'aria-selected': 'false',
      onpointerdown: (/** @type {Event} */ event) => event.preventDefault(), onclick: () => choose(place),
    }, text, note && h('span', { class: 'soft small' }, ` ${note}`))));
    list.hidden = !found.length;
    input.setAttribute('aria-expanded', String(!list.hidden));
    fill(count, input.value ? texts.found(found.length) : '');
    mark(input.value && found.length ? 0 : -1);
  }

  /** @param {number} place */
  function mark(place) {
    list.children[active]?.setAttribute('aria-selected', 'false');
    active = place;
    const option = list.children[place];
    option?.setAttribute('aria-selected', 'true');
    option?.scrollIntoView({ block: 'nearest' });
    if (option) input.setAttribute('aria-activedescendant', option.id);
    else input.removeAttribute('aria-activedescendant');
  }

  function close() {
    asked += 1;
    show([]);
    fill(count);
  }

  /** @param {number} place */
  async function choose(place) {
    const option = options[place];
    if (!option) return;
    input.value = '';
    close();
    try {
      await option.pick();
    } catch (error) {
      complain(error);
    }
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step && list.hidden) void search();
    else if (step) mark((Math.max(active, step > 0 ? -1 : 0) + step + options.length) % options.length);
    else if (event.key === 'Enter' && !event.isComposing) void choose(active);
    else if (event.key === 'Escape' && !list.hidden) close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  return h('div', { class: 'picker' }, input, list, count);
}
