/** Dialogs, and questions that they ask. */

/** @import { Child } from './dom.js' */

import { fill, h, iconButton } from './dom.js';
import { feedback, hush } from './feedback.js';
import { texts } from './texts.js';

/**
 * Open a dialog. `Esc` and the cross close it, and the focus goes back to where it was.
 *
 * @param {string} title
 * @param {(close: () => void) => Child[]} content
 * @returns {HTMLDialogElement}
 */
export function openDialog(title, content) {
  const before = document.activeElement;
  const heading = h('h2', { id: 'dialog-title' }, title);
  const box = h('dialog', { 'aria-labelledby': 'dialog-title', onclose: () => closed() });
  const close = () => box.close();
  const closed = () => {
    if (box.contains(feedback)) document.body.append(feedback); // the next dialog may be open by now
    box.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
  };
  fill(box, h('div', null, h('header', null, heading, iconButton('close', texts.close, close)), ...content(close)));
  hush();
  box.append(feedback); // what stands outside of an open dialog can be neither seen nor closed
  document.body.append(box);
  box.showModal();
  return box;
}

/**
 * Close what was opened about a chat that is left. Dialogs of the desk stay, unless the desk itself goes.
 *
 * @param {boolean} [all]
 */
export function closeDialogs(all = false) {
  for (const box of document.querySelectorAll('dialog')) if (all || !box.dataset.desk) box.close();
}

/**
 * Mark a dialog that is about no chat.
 *
 * @param {HTMLDialogElement} box
 */
export function ofDesk(box) {
  box.dataset.desk = 'yes';
}

/**
 * Ask before something that cannot be undone. Resolves to whether it was confirmed.
 *
 * @param {string} question
 * @param {string} action  what the button that does it says
 * @returns {Promise<boolean>}
 */
export function ask(question, action) {
  return new Promise((done) => {
    let yes = false;
    const box = openDialog(question, (close) => [
      h('footer', null,
        h('button', { type: 'button', onclick: close }, texts.cancel),
        h('button', { type: 'button', class: 'bad', onclick: () => { yes = true; close(); } }, action)),
    ]);
    box.addEventListener('close', () => done(yes));
  });
}
