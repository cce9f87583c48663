/** The console: signs in, and shows the desk until the session ends. */

/** @import { Me } from './types.js' */

import { Api, ApiError, pause } from './api.js';
import { fill, h } from './dom.js';
import { feedback } from './feedback.js';
import { SignedOut } from './session.js';
import { texts } from './texts.js';
import { Desk } from './views/desk.js';
import { signInView } from './views/sign_in.js';

const api = new Api();
const place = h('div', { class: 'app' });
/** @type {Desk | null} */
let desk = null;
document.body.append(place, feedback);

/** The chat that the address names; 0: none. */
const chatInAddress = () => Number(new URLSearchParams(location.search).get('chat')) || 0;

/** @param {Me} me */
function showDesk(me) {
  desk?.close();
  desk = new Desk(api, me);
  fill(place, desk.element);
  void desk.show(chatInAddress());
}

/** @param {string} [why] */
function showSignIn(why) {
  desk?.close();
  desk = null;
  const view = signInView(api, showDesk, why);
  fill(place, view.element);
  view.focus();
}

async function start() {
  if (!api.session.known) return showSignIn();
  fill(place, h('main', { class: 'center' }, h('p', { class: 'soft', role: 'status' }, texts.loading)));
  for (let tries = 0; ; tries++) {
    try {
      return showDesk(await api.get('/api/auth/me/'));
    } catch (error) {
      if (error instanceof SignedOut) return showSignIn();
      if (error instanceof ApiError && error.status === 401) return undefined; // the session has told so
      if (!(error instanceof ApiError || error instanceof TypeError)) throw error;
      fill(place, h('main', { class: 'center' }, h('p', { class: 'notice warn', role: 'status' }, texts.reconnecting)));
      await pause(Math.min(10_000, 500 * 2 ** tries));
    }
  }
}

api.session.addEventListener('other', () => location.reload());
api.session.addEventListener('end', () => showSignIn(texts.signedOut));
addEventListener('popstate', () => void desk?.show(chatInAddress()));
void start();
