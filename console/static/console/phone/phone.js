/** The customer's phone: whose it is on the left, their chat with the business on the right. */

import { h } from '../dom.js';
import { complain, feedback } from '../feedback.js';
import { ChatView } from './chat.js';
import { NumbersView } from './numbers.js';
import { words } from './words.js';

const PARAMETER = 'number';

const page = h('main', { class: 'phone' });
const chat = new ChatView(() => {
  chat.close();
  leave();
});
const choose = h('p', { class: 'choose soft' }, words.choose);
const numbers = new NumbersView(open);

/** @type {import('./numbers.js').Open} */
async function open(number, as) {
  await chat.open(number, as);
  page.classList.add('open');
  choose.hidden = true;
  numbers.mark(chat.phone);
  history.replaceState(null, '', `?${new URLSearchParams({ [PARAMETER]: chat.phone })}`);
}

function leave() {
  page.classList.remove('open');
  choose.hidden = false;
  history.replaceState(null, '', location.pathname);
  void numbers.load();
  numbers.number.focus();
}

page.append(h('h1', { class: 'sr' }, words.heading), numbers.element, h('div', { class: 'stage' }, choose, chat.element));
document.body.append(page, feedback);

await numbers.load();
const given = new URLSearchParams(location.search).get(PARAMETER);
if (given) await open(given, { name: '', business: undefined }).catch(complain);
else numbers.number.focus();
