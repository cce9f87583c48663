/** A section of the pane: its module and its data are loaded when it is opened. */

import { fill, h, icon } from '../../dom.js';
import { busy, wordsFor } from '../../feedback.js';
import { SignedOut } from '../../session.js';
import { texts } from '../../texts_customer.js';
import { failure, form } from './form.js';

/** @import { Api } from '../../api.js' */
/** @import { Child } from '../../dom.js' */
/** @import { Chat, PageOf } from '../../types.js' */
/** @import { CustomerPane } from '../customer.js' */

const OPEN = 'patter.pane';
let made = 0;

/**
 * @typedef {object} Content
 * @property {Child[]} [tools]  stand above the list, and are left alone when that changes
 * @property {(signal: AbortSignal) => Promise<Child[]>} load  load it and return what to show
 */

/** @typedef {(pane: CustomerPane, section: Section) => Content} Maker */

/**
 * @typedef {object} Kind
 * @property {string} title
 * @property {() => Promise<Maker>} make
 * @property {boolean} [open]  until the user says otherwise
 * @property {(row: Chat) => unknown} [watches]  what it shows of the row: when that changes, it is loaded again
 */

export class Section {
  /** @type {Content | undefined} */
  #content;
  #drawn = false;
  /** @type {AbortController | undefined} */
  #loading;
  #tools = h('div', { class: 'stack' });
  #slot = h('div');
  #list = h('div', { class: 'stack' });

  /** @param {CustomerPane} pane @param {Kind} kind */
  constructor(pane, kind) {
    this.pane = pane;
    this.kind = kind;
    const id = `customer-section-${++made}`;
    this.toggle = h('button', { type: 'button', 'aria-controls': id, onclick: () => this.#turn() }, kind.title, icon('down'));
    this.body = h('div', { id, class: 'stack' }, this.#tools, this.#slot, this.#list);
    this.element = h('section', { class: 'fold' }, h('h3', null, this.toggle), this.body);
    this.#set(openByUser()[kind.title] ?? kind.open ?? false);
  }

  close() {
    this.#loading?.abort();
  }

  /** @param {boolean} open */
  #set(open) {
    this.body.hidden = !open;
    this.toggle.setAttribute('aria-expanded', String(open));
    if (open) void this.refresh();
    else this.close();
  }

  #turn() {
    this.#set(this.body.hidden);
    localStorage.setItem(OPEN, JSON.stringify({ ...openByUser(), [this.kind.title]: !this.body.hidden }));
  }

  /** Load again, if it is open. What it shows stays until then. */
  async refresh() {
    if (this.body.hidden) return;
    this.close();
    const { signal } = (this.#loading = new AbortController());
    if (!this.#drawn) this.#draw([skeleton()], false);
    this.#list.setAttribute('aria-busy', 'true');
    try {
      const content = await this.#make();
      const shown = await content.load(signal);
      if (!signal.aborted) this.#draw(shown, true);
    } catch (error) {
      if (signal.aborted || error instanceof SignedOut) return;
      this.#draw([failure(error), h('button', { type: 'button', onclick: () => this.refresh() }, texts.tryAgain)], false);
      if (wordsFor(error) === null) throw error;
    } finally {
      if (!signal.aborted) this.#list.removeAttribute('aria-busy');
    }
  }

  async #make() {
    const make = await this.kind.make();
    if (!this.#content) {
      this.#content = make(this.pane, this);
      fill(this.#tools, this.#content.tools ?? []);
    }
    return this.#content;
  }

  /** @param {Child[]} shown @param {boolean} drawn */
  #draw(shown, drawn) {
    const focused = document.activeElement;
    const key = this.#list.contains(focused) && focused instanceof HTMLElement ? focused.dataset.key ?? '' : null;
    fill(this.#list, shown);
    this.#drawn = drawn;
    if (key !== null) this.#focus(key);
  }

  /** @param {string | undefined} key  of the control; without it, or if it is gone, the heading has the focus */
  #focus(key) {
    const controls = /** @type {NodeListOf<HTMLElement>} */ (this.body.querySelectorAll('[data-key]'));
    ([...controls].find((control) => control.dataset.key === key) ?? this.toggle).focus();
  }

  /**
   * Do what a button of the section stands for, then load again. The focus stays where it was.
   *
   * @param {HTMLButtonElement} button @param {() => Promise<unknown>} work
   */
  async act(button, work) {
    if (await busy(button, work)) await this.refresh();
    if (document.activeElement === document.body) this.#focus(button.dataset.key);
  }

  /**
   * Put a form above the list until it is saved or given up. Loading again leaves it alone.
   *
   * @param {HTMLButtonElement} opener @param {Child[]} fields
   * @param {string} action @param {(data: FormData) => Promise<unknown>} save
   */
  edit(opener, fields, action, save) {
    const done = () => { fill(this.#slot); this.#focus(opener.dataset.key); };
    const element = form(fields, action, async (data) => { await save(data); await this.refresh(); done(); }, done);
    fill(this.#slot, element);
    /** @type {HTMLElement | null} */ (element.querySelector('input, textarea'))?.focus();
  }
}

/** @returns {Record<string, boolean>} which sections the user has opened and closed */
function openByUser() {
  return JSON.parse(localStorage.getItem(OPEN) ?? '{}');
}

export function skeleton() {
  return h('div', { class: 'stack' }, h('span', { class: 'sr' }, texts.loading),
    [1, 2].map(() => h('div', { class: 'skeleton bar', 'aria-hidden': 'true' })));
}

/**
 * A small button of a row of a list. Its name says which row; Section finds it again by its key.
 *
 * @param {string} text @param {string} what @param {string} key @param {(button: HTMLButtonElement) => unknown} does
 */
export function action(text, what, key, does) {
  /** @type {HTMLButtonElement} */
  const button = h('button', {
    type: 'button', class: 'link small', 'aria-label': texts.named(text, what), 'data-key': key, onclick: () => does(button),
  }, text);
  return button;
}

/**
 * A button above the list of a section.
 *
 * @param {string} text @param {(button: HTMLButtonElement) => unknown} does
 */
export function tool(text, does) {
  /** @type {HTMLButtonElement} */
  const button = h('button', { type: 'button', class: 'tool', 'data-key': text, onclick: () => does(button) }, text);
  return button;
}

/**
 * @template R
 * @param {R[]} rows @param {(row: R) => HTMLElement} item @param {string} [empty]  what to do while there are none
 */
export function cards(rows, item, empty) {
  return rows.length ? h('ul', { class: 'cards', tabindex: '-1' }, rows.map(item)) : h('p', { class: 'soft small' }, empty);
}

/**
 * The rows of a first page, and a button for the next ones.
 *
 * @template R
 * @param {Api} api @param {PageOf<R>} page @param {(row: R) => HTMLElement} item @param {string} [empty]
 * @returns {Child[]}
 */
export function pages(api, page, item, empty) {
  let { next } = page;
  const list = cards(page.results, item, empty);
  /** @type {HTMLButtonElement} */
  const more = h('button', { type: 'button', class: 'link small', hidden: !next, onclick: () => busy(more, load) }, texts.more);
  async function load() {
    const { results, next: following } = await api.get(String(next));
    list.append(...results.map(item));
    next = following;
    more.hidden = !next;
    if (!next) list.focus();
  }
  return [list, more];
}

/** @param {[string, Child][]} all  names and what there is to say; what is empty is left out */
export function facts(all) {
  return h('dl', { class: 'facts' }, all.filter(([, what]) => what).flatMap(([name, what]) => [h('dt', null, name), h('dd', null, what)]));
}

/** @param {Child} text @param {string} [more] */
export const chip = (text, more = '') => text && h('span', { class: `chip ${more}` }, text);

/** @param {...Child} children */
export const line = (...children) => h('p', { class: 'row wrap' }, children);

/** @param {...Child} children */
export const soft = (...children) => h('p', { class: 'soft small' }, children);
