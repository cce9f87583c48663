/** Whether new chats come to whoever is signed in. */

/** @import { Store } from '../store.js' */

import { fill, h } from '../dom.js';
import { busy, say } from '../feedback.js';
import { texts } from '../texts_desk.js';

/**
 * A button that says whether one is online or away, and changes it.
 *
 * @param {Store} store
 */
export function availabilitySwitch(store) {
  const { me } = store;
  /** @type {HTMLButtonElement} */
  const button = h('button', { type: 'button', class: 'availability', onclick: () => void busy(button, change) });
  const draw = () => {
    const away = me.availability === 'away';
    const state = away ? texts.away : texts.online;
    button.title = `${texts.availability}: ${state}`;
    fill(button, h('span', { class: `dot${away ? ' away' : ''}`, 'aria-hidden': 'true' }),
      h('span', { class: 'sr' }, button.title), h('span', { 'aria-hidden': 'true' }, state));
  };
  const change = async () => {
    const wanted = me.availability === 'away' ? 'online' : 'away';
    ({ availability: me.availability } = await store.api.patch('/api/auth/me/', { availability: wanted }));
    draw();
    say(wanted === 'away' ? texts.nowAway : texts.nowOnline);
  };
  store.on('team', draw);
  draw();
  return button;
}
