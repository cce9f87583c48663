/** Forms of the pane: what the server refuses is said beside the button, and `Esc` gives up. */

import { fill, h } from '../../dom.js';
import { reference, wordsFor } from '../../feedback.js';
import { SignedOut } from '../../session.js';
import { texts } from '../../texts_customer.js';

/** @import { Child, Props } from '../../dom.js' */

/** @param {unknown} error */
export function failure(error) {
  return h('p', { class: 'notice bad' }, wordsFor(error) ?? texts.pageError, reference(error));
}

/**
 * @param {Child[]} fields
 * @param {string} action  what the button says
 * @param {(data: FormData) => Promise<unknown>} save  what it raises is shown
 * @param {() => void} cancel
 */
export function form(fields, action, save, cancel) {
  const refusal = h('div', { role: 'alert' });
  const submit = h('button', { class: 'main' }, action);
  const element = h('form', { class: 'stack', onsubmit: send, onkeydown: escape }, fields, refusal,
    h('footer', { class: 'row' }, h('button', { type: 'button', onclick: cancel }, texts.cancel), submit));

  /** @param {SubmitEvent} event */
  async function send(event) {
    event.preventDefault();
    if (submit.hasAttribute('aria-busy')) return;
    submit.setAttribute('aria-busy', 'true'); // it is not disabled, so that it keeps the focus
    fill(refusal);
    try {
      await save(new FormData(element));
    } catch (error) {
      if (error instanceof SignedOut) return;
      fill(refusal, failure(error));
      if (wordsFor(error) === null) throw error;
    } finally {
      submit.removeAttribute('aria-busy');
    }
  }

  /** @param {KeyboardEvent} event */
  function escape(event) {
    if (event.key !== 'Escape' || event.isComposing) return;
    event.stopPropagation();
    cancel();
  }
  return element;
}

/** @param {string} label @param {string} name @param {string} [value] @param {Props} [more] */
export function field(label, name, value = '', more = {}) {
  return h('label', null, h('span', null, label), h('input', { name, value, autocomplete: 'off', ...more }));
}

/** @param {string} label @param {string} name @param {string} [value] */
export function longField(label, name, value = '') {
  return h('label', null, h('span', null, label), h('textarea', { name, rows: 3 }, value));
}

/** @param {string} label @param {Props} props  of the box or button that is checked */
export function check(label, props) {
  return h('label', { class: 'check' }, h('input', { type: 'checkbox', ...props }), h('span', null, label));
}
