/** What is said to the user beside the panes: short notes and refusals. */

import { ApiError } from './api.js';
import { h, iconButton } from './dom.js';
import { SignedOut } from './session.js';
import { texts } from './texts.js';

const SHOWN_MS = 6000;
const MOST = 2;

/** Screen readers read what is added here. */
const notes = h('div', { class: 'notes', role: 'status', 'aria-live': 'polite' });
const refusals = h('div', { class: 'notes', role: 'alert' });
export const feedback = h('div', { class: 'feedback' }, notes, refusals);

/** @param {string} text */
export function say(text) {
  show(notes, h('p', { class: 'note' }, h('span', null, text)), SHOWN_MS);
}

/** @param {...(Node | string | null)} text  about something that did not work */
export function warn(...text) {
  show(refusals, h('p', { class: 'note bad' }, h('span', null, text)), SHOWN_MS * 2);
}

/** What was done before is no longer worth a word, and would lie over what is done now. */
export function hush() {
  notes.replaceChildren();
}

/**
 * What to say of an error; null if it is a mistake of ours.
 *
 * @param {unknown} error
 */
export function wordsFor(error) {
  if (error instanceof ApiError) return error.message;
  return error instanceof TypeError && error.message.includes('module') ? texts.noAnswer : null; // a script was needed just now, and did not come
}

// What nobody waits for, such as what a button opens.
addEventListener('unhandledrejection', (event) => {
  if (wordsFor(event.reason) === null) return;
  event.preventDefault();
  complain(event.reason);
});

/**
 * Show what went wrong, in the server's words. What is no refusal is a mistake of ours, and goes on to the console.
 *
 * @param {unknown} error
 */
export function complain(error) {
  if (error instanceof SignedOut || (error instanceof DOMException && error.name === 'AbortError')) return;
  const text = wordsFor(error);
  warn(text ?? texts.pageError, reference(error));
  if (text === null) throw error;
}

/**
 * The id under which the server's log knows a failed request.
 *
 * @param {unknown} error
 */
export function reference(error) {
  if (!(error instanceof ApiError) || !error.requestId) return null;
  return h('span', { class: 'reference small' }, ` ${texts.reference} ${error.requestId}`);
}

/** @param {HTMLElement} where @param {HTMLElement} note @param {number} ms */
function show(where, note, ms) {
  note.append(iconButton('close', texts.close, () => note.remove()));
  for (const one of [...where.children]) if (one.textContent === note.textContent) one.remove();
  while (where.childElementCount >= MOST) where.firstElementChild?.remove();
  where.append(note);
  setTimeout(() => note.remove(), ms);
}

/**
 * Do something that a button stands for: the button waits, a refusal is shown. Returns whether it worked.
 *
 * @param {HTMLButtonElement} button  is not disabled, so that it keeps the focus
 * @param {() => Promise<unknown>} work
 */
export async function busy(button, work) {
  if (button.hasAttribute('aria-busy')) return false;
  button.setAttribute('aria-busy', 'true');
  try {
    await work();
    return true;
  } catch (error) {
    complain(error);
    return false;
  } finally {
    button.removeAttribute('aria-busy');
  }
}
