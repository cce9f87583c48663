/** What a form does when it is sent: it waits for the server, and says why it was refused. */

import { ApiError } from './api.js';
import { fill, h } from './dom.js';

/**
 * The button of a form, the place below it for refusals, and what sending it does.
 *
 * @param {string} does
 * @param {() => Promise<void>} send
 * @param {(error: ApiError) => (Node | string | false | null | undefined)[]} [told]  what is said of a refusal
 */
export function sending(does, send, told = (error) => [error.message]) {
  const problem = h('p', { class: 'notice bad', role: 'alert', hidden: true });
  const button = h('button', { class: 'main' }, does);
  /** @param {SubmitEvent} event */
  const onsubmit = async (event) => {
    event.preventDefault();
    if (button.hasAttribute('aria-busy')) return;
    problem.hidden = true;
    button.setAttribute('aria-busy', 'true'); // it is not disabled, so that it keeps the focus
    try {
      await send();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      fill(problem, ...told(error));
      problem.hidden = false;
    } finally {
      button.removeAttribute('aria-busy');
    }
  };
  return { problem, button, onsubmit };
}
