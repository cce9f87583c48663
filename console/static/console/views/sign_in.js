/** The form that signs in. */

/** @import { Api } from '../api.js' */
/** @import { Me } from '../types.js' */

import { fill, h } from '../dom.js';
import { wordsFor } from '../feedback.js';
import { texts } from '../texts.js';

/**
 * @param {Api} api
 * @param {(me: Me) => void} onSignedIn
 * @param {string} [why]  why nobody is signed in any more
 */
export function signInView(api, onSignedIn, why = '') {
  const username = h('input', { name: 'username', autocomplete: 'username', required: true, autocapitalize: 'none', spellcheck: 'false' });
  const password = h('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true });
  const button = h('button', { class: 'main' }, texts.signIn);
  const problem = h('p', { class: 'notice bad', role: 'alert', hidden: true });

  /** @param {Me} me */
  const welcome = async (me) => {
    if (me.role !== 'customer') return onSignedIn(me);
    await api.signOut();
    return backToPassword(texts.notForCustomers);
  };

  /** @param {string} [why] */
  const backToPassword = (why) => {
    fill(element, form);
    password.value = '';
    if (why) complainOf(why);
    username.focus();
  };

  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    problem.hidden = true;
    button.disabled = true;
    try {
      const answer = await api.signIn(username.value, password.value);
      if ('me' in answer) await welcome(answer.me);
      else fill(element, (await import('./second_factor.js')).secondStep(api, answer, welcome, backToPassword));
    } catch (error) {
      const text = wordsFor(error);
      if (text === null) throw error;
      complainOf(text);
      password.select();
    } finally {
      button.disabled = false;
    }
  };

  /** @param {string} text */
  const complainOf = (text) => {
    fill(problem, text);
    problem.hidden = false;
  };

  const form = h('form', { class: 'sign-in stack', onsubmit: submit },
    h('h1', null, texts.appName),
    h('p', { class: 'soft' }, texts.welcome),
    why && h('p', { class: 'notice', role: 'status' }, why),
    h('label', null, h('span', null, texts.username), username),
    h('label', null, h('span', null, texts.password), password),
    problem,
    button,
    h('a', { href: '/reset/' }, texts.forgotPassword));
  const element = h('main', { class: 'center' }, form);
  return { element, focus: () => username.focus() };
}
