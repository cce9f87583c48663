/** What was begun and not sent, kept in this browser for each user and chat. */

/** @param {number} user @param {number} customer */
const key = (user, customer) => `patter.draft.${user}.${customer}`;

/** @param {number} user @param {number} customer */
export function draftOf(user, customer) {
  return localStorage.getItem(key(user, customer)) ?? '';
}

/** @param {number} user @param {number} customer @param {string} text */
export function keepDraft(user, customer, text) {
  if (text.trim()) localStorage.setItem(key(user, customer), text);
  else localStorage.removeItem(key(user, customer));
}
