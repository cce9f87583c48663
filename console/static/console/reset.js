/** The page on which people ask for a new password, and choose it with the link that was mailed to them. */

import { postAsNobody } from './api.js';
import { fill, h } from './dom.js';
import { sending } from './form.js';
import { texts } from './texts.js';

const place = h('main', { class: 'center' });
document.body.append(place);

/**
 * A form that says why it was refused.
 *
 * @param {string} about
 * @param {HTMLElement[]} fields
 * @param {string} does
 * @param {() => Promise<void>} send
 */
function show(about, fields, does, send) {
  // A link that does not work is no field that people see: its text goes without a name.
  const { problem, button, onsubmit } = sending(does, send, (error) => (error.body?.token
    ? [String(error.body.token), h('a', { href: location.pathname }, ` ${texts.askAgain}`)]
    : [error.message]));
  fill(place, h('form', { class: 'sign-in stack', onsubmit },
    h('h1', null, texts.appName), h('p', { class: 'soft' }, about), fields, problem, button));
  place.querySelector('input')?.focus();
}

/** @param {string} text */
function done(text) {
  fill(place, h('div', { class: 'sign-in stack' },
    h('h1', null, texts.appName), h('p', { role: 'status' }, text), h('a', { href: '/' }, texts.toSignIn)));
}

/** @param {string} name @param {HTMLInputElement} input */
const labelled = (name, input) => h('label', null, h('span', null, name), input);

function askForLink() {
  const login = h('input', { name: 'username', autocomplete: 'username', required: true, autocapitalize: 'none', spellcheck: 'false' });
  show(texts.askForLink, [labelled(texts.login, login)], texts.sendLink, async () => {
    await postAsNobody('/api/auth/password/forgot/', { login: login.value });
    done(texts.linkSent);
  });
}

/** @param {string} token */
function choose(token) {
  const [password, again] = [1, 2].map(() => h('input', { type: 'password', autocomplete: 'new-password', required: true, minlength: 8 }));
  if (!password || !again) return;
  show(texts.chooseNew, [labelled(texts.newPassword, password), labelled(texts.repeatPassword, again)], texts.setPassword, async () => {
    again.setCustomValidity('');
    if (again.value !== password.value) {
      again.setCustomValidity(texts.notTheSame);
      again.reportValidity();
      again.addEventListener('input', () => again.setCustomValidity(''), { once: true });
      return;
    }
    await postAsNobody('/api/auth/password/reset/', { token, password: password.value });
    done(texts.passwordSet);
  });
}

function start() {
  const token = location.hash.slice(1);
  if (token) {
    // So that it is not kept in the history.
    history.replaceState(null, '', location.pathname);
    choose(token);
  } else askForLink();
}

addEventListener('hashchange', () => { if (location.hash.length > 1) start(); });
start();
