/** A customer's picture, or the letters of the name. */

import { fill, h, safeUrl } from '../dom.js';
import { initials } from '../format.js';

/** @param {string} name @param {string | null} url */
export function avatar(name, url) {
  const letters = h('span', { class: 'avatar', 'aria-hidden': 'true' }, initials(name));
  const source = safeUrl(url);
  if (source) {
    const picture = h('img', { src: source, alt: '', loading: 'lazy', onerror: () => fill(letters, initials(name)) });
    fill(letters, picture);
  }
  return letters;
}
