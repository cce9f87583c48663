/** Dialogs that are seldom opened: the keys, and what notifications are wanted. */

import { h } from '../dom.js';
import { ofDesk, openDialog } from '../dialog.js';
import { noticesWanted, wantNotices } from '../settings.js';
import { texts } from '../texts.js';
import { more } from '../texts_dialogs.js';

export function openKeys() {
  ofDesk(openDialog(texts.keysTitle, () => [h('dl', { class: 'keys' }, Object.entries(more.keys).flatMap(([key, what]) => [
    h('dt', null, h('kbd', null, key)), h('dd', null, what)]))]));
}

/** @param {() => void} play  the sound, to hear what was chosen */
export function openNotices(play) {
  const known = 'Notification' in window;
  const now = noticesWanted();
  const show = h('input', { type: 'checkbox', onchange: async () => {
    if (show.checked) show.checked = (await Notification.requestPermission()) === 'granted';
    wantNotices({ show: show.checked });
  } });
  const sound = h('input', { type: 'checkbox', onchange: () => {
    wantNotices({ sound: sound.checked });
    if (sound.checked) play();
  } });
  show.checked = known && now.show && Notification.permission === 'granted';
  sound.checked = now.sound;
  ofDesk(openDialog(texts.notices, () => [
    known && h('label', { class: 'check' }, h('span', null, show), more.notifyMe),
    h('label', { class: 'check' }, h('span', null, sound), more.playSound),
    known && Notification.permission === 'denied' && h('p', { class: 'notice warn' }, more.notificationsDenied)]));
}
