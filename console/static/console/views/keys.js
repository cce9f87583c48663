/** The keyboard: moving in the list, searching, going back. */

/** @import { Inbox } from './inbox.js' */

import { h } from '../dom.js';
import { openDialog } from '../feedback.js';
import { texts } from '../texts.js';

/**
 * Returns the function that stops listening.
 *
 * @param {Inbox} inbox
 * @param {() => void} onBack
 */
export function listenToKeys(inbox, onBack) {
  /** @type {Record<string, () => void>} */
  const does = {
    j: () => inbox.step(1),
    k: () => inbox.step(-1),
    '/': () => inbox.search.focus(),
    '?': openKeys,
    Escape: onBack,
  };
  /** @param {KeyboardEvent} event */
  const listen = (event) => {
    const at = /** @type {Element} */ (event.target);
    const writing = at.closest('input, textarea, select, dialog') !== null;
    if (event.ctrlKey || event.metaKey || event.altKey || at.closest('dialog')) return;
    if (writing && event.key === 'Escape' && at instanceof HTMLElement) at.blur();
    else if (!writing && does[event.key]) {
      event.preventDefault();
      does[event.key]?.();
    }
  };
  document.addEventListener('keydown', listen);
  return () => document.removeEventListener('keydown', listen);
}

export function openKeys() {
  openDialog(texts.keysTitle, () => [h('dl', { class: 'keys' }, Object.entries(texts.keys).flatMap(([key, what]) => [h('dt', null, h('kbd', null, key)), h('dd', null, what)]))]);
}
