/** The dialogs for what is not typed: a location, a contact, an address, a form. */

/** @import { Said } from './types.js' */

import { openDialog } from '../dialog.js';
import { h } from '../dom.js';
import { say } from '../feedback.js';
import { texts } from '../texts.js';
import { words } from './words.js';

// Colombo, Fort.
const SOMEWHERE = { latitude: '6.9344', longitude: '79.8428', name: 'Colombo Fort' };

/** @param {(said: Said) => void} onSaid */
export function locationForm(onSaid) {
  const latitude = field(words.latitude, 'latitude', { inputmode: 'decimal', required: true, value: SOMEWHERE.latitude });
  const longitude = field(words.longitude, 'longitude', { inputmode: 'decimal', required: true, value: SOMEWHERE.longitude });
  const name = field(words.place, 'name', { value: SOMEWHERE.name });
  const here = () => navigator.geolocation.getCurrentPosition(({ coords }) => {
    inputOf(latitude).value = coords.latitude.toFixed(5);
    inputOf(longitude).value = coords.longitude.toFixed(5);
    inputOf(name).value = '';
  }, () => say(words.noPosition));
  openForm(words.location, [
    h('div', { class: 'row' }, latitude, longitude), name, field(words.address, 'address'),
    'geolocation' in navigator && h('button', { type: 'button', onclick: here }, words.here),
  ], ({ latitude: north = '', longitude: east = '', ...about }) => {
    const named = Object.fromEntries(Object.entries(about).filter(([, value]) => value));
    onSaid({ type: 'location', latitude: Number(north), longitude: Number(east), ...named });
  });
}

/** @param {(said: Said) => void} onSaid */
export function contactForm(onSaid) {
  openForm(words.contact, [
    field(words.contactName, 'name', { required: true }), field(words.contactPhone, 'phone', { required: true, inputmode: 'tel' }),
  ], ({ name = '', phone = '' }) => {
    const wa_id = phone.replace(/\D/g, '');
    onSaid({ type: 'contacts', contacts: [{ name: { formatted_name: name }, phones: [{ phone, wa_id, type: 'CELL' }] }] });
  });
}

/**
 * A flow: the sandbox does not know its screens, so it asks for one answer.
 *
 * @param {string} title
 * @param {string | undefined} token
 * @param {(said: Said) => void} onSaid
 */
export function flowForm(title, token, onSaid) {
  openForm(title, [field(words.answer, 'answer', { required: true })], ({ answer = '' }) => {
    onSaid({ type: 'nfm_reply', name: 'flow', answers: { ...(token && { flow_token: token }), answer } });
  });
}

/** @param {(said: Said) => void} onSaid */
export function addressForm(onSaid) {
  openForm(words.giveAddress, [
    field(words.contactName, 'name', { required: true }), field(words.address, 'address', { required: true }),
    field(words.city, 'city', { required: true }), field(words.pin, 'in_pin_code', { required: true, pattern: '[0-9]{6}', inputmode: 'numeric' }),
  ], (values) => onSaid({ type: 'nfm_reply', name: 'address_message', answers: { values } }));
}

/**
 * @param {string} title
 * @param {import('../dom.js').Child[]} fields
 * @param {(values: Record<string, string>) => void} onDone
 */
function openForm(title, fields, onDone) {
  openDialog(title, (close) => [h('form', {
    class: 'stack',
    onsubmit: (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const given = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
      const values = Object.fromEntries([...given].map(([key, value]) => [key, String(value).trim()]));
      close();
      onDone(values);
    },
  }, fields, h('footer', null,
    h('button', { type: 'button', onclick: close }, texts.cancel),
    h('button', { type: 'submit', class: 'main' }, words.send)))]);
}

/**
 * @param {string} label
 * @param {string} name
 * @param {import('../dom.js').Props} [more]
 */
function field(label, name, more) {
  return h('label', { class: 'grow' }, h('span', null, label), h('input', { name, autocomplete: 'off', ...more }));
}

/** @param {HTMLElement} label */
function inputOf(label) {
  return /** @type {HTMLInputElement} */ (label.querySelector('input'));
}
