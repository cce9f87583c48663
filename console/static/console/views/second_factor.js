/** The second factor: the code after the password, and turning it on and off. */

/** @import { Api } from '../api.js' */
/** @import { Me } from '../types.js' */

import { ApiError, postAsNobody } from '../api.js';
import { ofDesk, openDialog } from '../dialog.js';
import { fill, h } from '../dom.js';
import { say } from '../feedback.js';
import { sending } from '../form.js';
import { second } from '../texts_second_factor.js';
import { texts } from '../texts.js';

/** @typedef {(path: string, body: Record<string, string>) => Promise<any>} Post */

const codeInput = () => h('input', { name: 'code', autocomplete: 'one-time-code', required: true, maxlength: 40, autocapitalize: 'none', spellcheck: 'false' });

/** @param {string} name @param {HTMLInputElement} input */
const labelled = (name, input) => h('label', null, h('span', null, name), input);

/**
 * A form that says why it was refused.
 *
 * @param {(Node | string | false)[]} content
 * @param {string} does
 * @param {() => Promise<void>} send
 * @param {Node[]} [after]
 */
function formOf(content, does, send, after = []) {
  const { problem, button, onsubmit } = sending(does, send);
  return h('form', { class: 'stack', onsubmit }, ...content, problem, button, ...after);
}

/**
 * What comes after the password, in place of the form that signs in.
 *
 * @param {Api} api
 * @param {{token: string, setup: boolean}} step
 * @param {(me: Me) => unknown} onSignedIn
 * @param {(why?: string) => void} again  back to the password
 */
export function secondStep(api, { token, setup }, onSignedIn, again) {
  const place = h('div', { class: 'sign-in stack' });
  const back = h('button', { type: 'button', onclick: () => again() }, second.otherLogin);
  if (setup) {
    fill(place, h('h1', null, texts.appName), h('p', null, second.required),
      setUp((path, body) => postAsNobody(path, { ...body, mfa_token: token }), () => again()), back);
    return place;
  }
  const code = codeInput();
  fill(place, h('h1', null, texts.appName), formOf([h('p', null, second.enterCode), labelled(second.code, code)], second.goOn, async () => {
    try {
      await onSignedIn(await api.signInWithCode(token, code.value));
    } catch (error) {
      if (error instanceof ApiError && error.code === 'session_over') return again(error.message);
      code.select();
      throw error;
    }
  }, [back]));
  queueMicrotask(() => code.focus());
  return place;
}

/**
 * The steps that turn it on.
 *
 * @param {Post} post
 * @param {() => void} done  called when the recovery codes are kept
 */
function setUp(post, done) {
  const place = h('div', { class: 'stack' });
  const begin = async () => {
    const { secret, qr_svg: svg } = await post('/api/auth/mfa/setup/', {});
    const code = codeInput();
    const picture = h('img', { class: 'qr', alt: second.qr, src: `data:image/svg+xml,${encodeURIComponent(svg)}`, width: 220, height: 220 });
    fill(place, formOf([h('p', null, second.scan), picture, h('p', null, second.orType, ' ', h('code', null, secret)), labelled(second.code, code)],
      second.turnOn, async () => {
        const { recovery_codes: codes } = await post('/api/auth/mfa/confirm/', { code: code.value });
        fill(place, ...keep(codes, done));
      }));
    code.focus();
  };
  fill(place, formOf([], second.begin, begin));
  return place;
}

/** @param {string[]} codes @param {() => void} done */
function keep(codes, done) {
  const copied = h('span', { role: 'status' });
  const copy = h('button', { type: 'button', onclick: async () => {
    await navigator.clipboard.writeText(codes.join('\n'));
    fill(copied, second.copied);
  } }, second.copy);
  return [h('p', { role: 'status' }, second.keep), h('ul', { class: 'codes' }, codes.map((code) => h('li', null, h('code', null, code)))),
    !!navigator.clipboard && h('div', { class: 'row' }, copy, copied), h('button', { type: 'button', class: 'main', onclick: done }, second.kept)];
}

/**
 * The dialog that turns it on and off.
 *
 * @param {Api} api
 */
export async function openSecondFactor(api) {
  /** @type {Me} */
  const me = await api.get('/api/auth/me/');
  ofDesk(openDialog(second.title, (close) => {
    if (!me.mfa_enabled) {
      return [h('div', { class: 'stack' }, h('p', null, second.isOff), setUp((path, body) => api.ask('POST', path, { body }), close))];
    }
    const password = h('input', { type: 'password', autocomplete: 'current-password', required: true });
    const code = codeInput();
    return [formOf([h('p', null, second.isOn), labelled(second.password, password), labelled(second.code, code)], second.turnOff, async () => {
      await api.delete('/api/auth/mfa/', { current_password: password.value, code: code.value });
      close();
      say(second.off);
    })];
  }));
}
