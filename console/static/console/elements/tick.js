/** How far a message has come, as a sign with a name. */

import { texts } from '../texts.js';

const SIGNS = {
  queued: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4l3 2',
  sent: 'M6 12.500l4 4L18 8',
  delivered: 'M2 12.500l4 4L14 8M11 15.500l1 1L20 8',
  failed: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v5M12 16v.2',
  cancelled: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM6.500 6.500l11 11',
  uncertain: 'M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM10 10a2 2 0 1 1 2.800 1.900c-.6.3-.8.7-.8 1.400M12 16v.2',
};

/** @type {Record<string, keyof typeof SIGNS>} */
const SIGN_OF = { sending: 'queued', read: 'delivered', played: 'delivered' };

/** @param {string} status */
export function tick(status) {
  const space = 'http://www.w3.org/2000/svg';
  const picture = document.createElementNS(space, 'svg');
  const path = document.createElementNS(space, 'path');
  const sign = SIGN_OF[status] ?? /** @type {keyof typeof SIGNS} */ (status);
  path.setAttribute('d', SIGNS[sign] ?? SIGNS.queued);
  picture.append(path);
  picture.setAttribute('viewBox', '0 0 24 24');
  picture.setAttribute('class', `icon tick ${status}`);
  picture.setAttribute('role', 'img');
  picture.setAttribute('aria-label', texts.statuses[status] ?? status);
  return picture;
}
