/** What the desk says about its chats as a whole: which there are, who waits, who is there. */

import { texts as everywhere } from './texts.js';

/** By the names of the server's counts. @type {Record<string, string>} */
const chatKinds = { open: 'Open', waiting: 'Waiting', closing_soon: 'Closing soon', snoozed: 'Snoozed', closed: 'Closed' };

export const texts = {
  ...everywhere,
  chatKinds,

  // The list
  whichChats: 'Which chats',
  snoozed: 'Snoozed',
  /** @param {string} moment */
  snoozedUntil: (moment) => `Snoozed until ${moment}`,
  waitingTitle: 'How long the customer has waited for an answer',
  waits: 'waiting',
  unsent: 'not sent',

  // The chat
  closeChat: 'Close chat',
  reopenChat: 'Reopen chat',
  snooze: 'Snooze',
  markUnread: 'Mark as unread',
  chatActions: 'More about this chat',
  chatClosed: 'The chat is closed. It opens again when the customer writes.',
  chatReopened: 'The chat is open again.',
  chatSnoozed: (/** @type {string} */ moment) => `The chat is snoozed until ${moment}, or until the customer writes.`,
  markedUnread: 'The chat is marked as unread.',
  snoozeWhy: 'The chat comes back at this time, or when the customer writes.',
  inAnHour: 'In an hour',
  inThreeHours: 'In three hours',
  tomorrow: 'Tomorrow morning',
  nextWeek: 'Next Monday morning',
  at: 'Another time',
  block: 'Block this customer',
  unblock: 'Unblock this customer',
  /** @param {string} name */
  blockQuestion: (name) => `Block ${name} on WhatsApp? Nothing is sent to them, and nothing comes from them.`,
  /** @param {string} name */
  unblockQuestion: (name) => `Unblock ${name}? They can write to you again.`,
  blocked: 'The customer is blocked.',
  unblocked: 'The customer is no longer blocked.',
  claim: 'Take this chat',
  claimed: 'The chat is yours.',
  nobodys: 'Nobody looks after this customer yet.',

  // Who is there
  availability: 'Your availability',
  online: 'Online',
  away: 'Away',
  nowAway: 'You are away: new chats go to others.',
  nowOnline: 'You are online: new chats can come to you.',
};
