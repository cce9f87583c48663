/** The keyboard: moving in the list, searching, going back. */

/** @import { Inbox } from './inbox.js' */

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
    '?': async () => (await import('./dialogs.js')).openKeys(),
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
