/** What admins are told about our own numbers. */

import { texts as everywhere } from './texts.js';

export const texts = {
  ...everywhere,
  ourNumbers: 'Our numbers',
  /** @param {string} name */
  paused: (name) => `${name} sends nothing. Messages wait.`,
  /** @param {string} name @param {string} moment */
  pausedUntil: (name, moment) => `${name} sends nothing until ${moment}. Messages wait.`,
  /** @param {string} name */
  sendsAgain: (name) => `${name} sends again.`,
  inAdmin: 'Open it in Django admin',
  whyInAdmin: 'Django admin says why',
  /** @param {string} name */
  closeLine: (name) => `Close the line about ${name}`,
};
