/** A text of the customer that is edited where it stands. A change that somebody made meanwhile is shown, not lost. */

import { ApiError, etagOf } from '../../api.js';
import { fill, h, iconButton } from '../../dom.js';
import { texts } from '../../texts_customer.js';
import { form } from './form.js';

/** @import { CustomerPane } from '../customer.js' */
/** @import { Chat } from '../../types.js' */

/**
 * @typedef {object} InPlaceOptions
 * @property {string} label @property {string} edit  what the button is called
 * @property {'name' | 'notes'} field @property {HTMLElement} element  holds the text
 * @property {string} empty
 */

/**
 * What is edited. `name` of a row also stands for the phone or handle of somebody without a name.
 *
 * @param {Chat} row @param {'name' | 'notes'} field
 */
const edited = (row, field) => (field === 'notes' ? row.notes : `${row.first_name} ${row.last_name}`.trim());

export class InPlace {
  #options;
  #pane;
  #path;
  /** What the user saw when they began. */
  #base = '';
  /** The row as the server has it, when the etag is known. @type {Promise<Chat> | undefined} */
  #known;
  /** @type {string | undefined} */
  #etag;
  #conflict = h('div', { role: 'alert' });
  #slot = h('div', { hidden: true });

  /** @param {CustomerPane} pane @param {InPlaceOptions} options */
  constructor(pane, options) {
    this.#pane = pane;
    this.#path = `/api/customers/${pane.id}/`;
    this.#options = options;
    this.button = iconButton('edit', options.edit, () => this.#begin());
    this.shown = h('div', { class: 'row in-place' }, options.element, this.button);
    options.element.addEventListener('click', () => this.#begin());
    this.element = h('div', null, this.shown, this.#slot);
  }

  /** @param {Chat} row */
  show(row) {
    const { element, field, empty } = this.#options;
    const text = field === 'name' ? row.name : row.notes;
    if (element.textContent !== (text || empty)) fill(element, text || h('span', { class: 'soft' }, empty));
  }

  #begin() {
    const { row, store } = this.#pane;
    if (!row || String(document.getSelection())) return; // a click that marks text is no wish to edit it
    const { field, label } = this.#options;
    this.#base = edited(row, field);
    this.#etag = undefined;
    this.#known = store.api.get(this.#path);
    this.#known.catch(() => { this.#known = undefined; }); // asked again, and said, when it is saved
    const props = { name: 'text', 'aria-label': label, maxlength: field === 'notes' ? 20_000 : 300, onkeydown: this.#enter };
    const input = field === 'notes' ? h('textarea', { rows: 5, ...props }, this.#base) : h('input', { value: this.#base, ...props });
    fill(this.#conflict);
    fill(this.#slot, form([input, this.#conflict], texts.save, (data) => this.#save(String(data.get('text'))), this.#end));
    this.shown.hidden = true;
    this.#slot.hidden = false;
    input.focus();
    if (field === 'name') input.select();
  }

  #enter = (/** @type {KeyboardEvent} */ event) => {
    const { target } = event;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && target instanceof HTMLTextAreaElement) {
      target.form?.requestSubmit();
    }
  };

  #end = () => {
    this.shown.hidden = false;
    this.#slot.hidden = true;
    fill(this.#slot);
    this.button.focus();
  };

  /** @param {string} text */
  async #save(text) {
    const { field } = this.#options;
    const { store } = this.#pane;
    let known = await (this.#known ?? store.api.get(this.#path));
    this.#etag ??= etagOf(known);
    for (;;) {
      const now = edited(known, field);
      if (now !== this.#base) return this.#clash(now, known);
      try {
        const headers = { 'If-Match': this.#etag ?? '*' };
        store.take(await store.api.ask('PATCH', this.#path, { body: { [field]: text }, headers }));
        return this.#end();
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 412) throw error;
        known = error.body.current; // most changes are of another field, or a message that came
        this.#etag = etagOf(error.body);
      }
    }
  }

  /** @param {string} now @param {Chat} known */
  #clash(now, known) {
    this.#base = now;
    this.#known = Promise.resolve(known);
    const clash = h('div', { class: 'notice warn stack', tabindex: -1 },
      h('p', null, texts.changedMeanwhile), h('blockquote', { class: 'plain' }, now || texts.empty),
      h('div', { class: 'row' }, h('button', { class: 'bad' }, texts.saveMine),
        h('button', { type: 'button', onclick: () => { this.#pane.store.take(known); this.#end(); } }, texts.keepTheirs)));
    fill(this.#conflict, clash);
    clash.focus(); // the button that had the focus is hidden meanwhile
  }
}
