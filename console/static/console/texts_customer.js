/** What the customer pane says in its own words. */

import { texts as everywhere } from './texts.js';

/** Why somebody, or nobody, gets a customer by the rules. @type {Record<string, string>} */
const ruled = {
  returned: 'they were theirs before.',
  timeout: 'their salesperson has been away for too long.',
  round_robin: 'it is their turn.',
  least_busy: 'they have the fewest open chats.',
  manual: 'customers are handed out by people only.',
  nobody_free: 'everybody is away or has as many open chats as they may.',
};

export const texts = {
  ...everywhere,
  none: 'None',
  yes: 'Yes',
  no: 'No',
  nobody: 'Nobody',
  by: 'by',
  /** @param {string} action @param {string} what */
  named: (action, what) => `${action}: ${what}`,

  // Head
  editName: 'Edit name',
  name: 'Name',
  notes: 'Notes',
  editNotes: 'Edit notes',
  noNotes: 'No notes yet.',
  changedMeanwhile: 'Somebody changed this meanwhile. It is now:',
  saveMine: 'Save mine',
  keepTheirs: 'Keep theirs',
  phone: 'Phone',
  email: 'Email',
  handle: 'Handle',
  writesTo: 'Writes to',
  since: 'Since',
  born: 'Born',
  nic: 'NIC',
  groups: 'Groups',
  vip: 'VIP',
  verified: 'Verified',
  inactive: 'Not active',
  tier: 'Tier',
  /** @param {string} phone */
  unconfirmedPhone: (phone) => `${phone} is not confirmed. Messages from it reach this chat only once you confirm it.`,
  confirmPhone: 'Confirm phone',
  phoneConfirmed: 'The phone is confirmed.',
  editDetails: 'Edit details',
  active: 'Active',

  // Owner
  owner: 'Owner',
  changeOwner: 'Change owner',
  /** @param {string} name */
  handOverWho: (name) => `Who looks after ${name} from now on?`,
  /** @param {string | undefined} name @param {string} reason @param {string} detail  the server's words, for reasons that are new here */
  byTheRules: (name, reason, detail) => (reason === 'owner' ? `By the rules, this customer stays with ${name}.`
    : `By the rules, ${name ?? 'nobody'} gets this customer: ${ruled[reason] ?? detail}`),
  isAway: 'away',
  /** @param {number} count */
  openChats: (count) => (count === 1 ? '1 open chat' : `${count} open chats`),
  findColleague: 'Find a colleague',
  colleagues: 'Salespeople',
  noColleague: 'There is nobody to hand this chat to: no other salesperson is active.',
  noteToColleague: 'Note for them',
  /** @param {string} who */
  handedOver: (who) => `Handed over to ${who}.`,
  endAssignment: 'End assignment',
  /** @param {string} who */
  endQuestion: (who) => `End the assignment of ${who}? The customer then has no owner.`,
  noHistory: 'Nobody has looked after this customer yet. Choose an owner above.',
  now: 'now',
  hasLeft: 'has left',

  // Tags
  tags: 'Tags',
  addTag: 'Add a tag',
  noTags: 'No tags yet. Type a name to add one.',
  /** @param {string} name */
  createTag: (name) => `Create “${name}”`,
  removeTag: 'Remove tag',
  /** @param {number} count */
  found: (count) => (count === 1 ? '1 found' : `${count} found`),

  // Contacts
  contacts: 'Contacts',
  addContact: 'Add contact',
  noContacts: 'No contacts yet. Add other numbers and addresses at which this customer can be reached.',
  whatsapp: 'WhatsApp',
  telephone: 'Telephone',
  primary: 'Primary',
  makePrimary: 'Make primary',
  off: 'Off',
  turnOff: 'Turn off',
  turnOn: 'Turn on',
  unconfirmed: 'Not confirmed',
  confirm: 'Confirm',
  /** @param {string} what */
  deleteQuestion: (what) => `Delete ${what}?`,

  // Identities
  identities: 'WhatsApp addresses',
  noIdentities: 'This customer has not written on WhatsApp yet.',
  hiddenPhone: 'Phone hidden',
  proved: 'Proved',
  detached: 'Detached',
  detach: 'Detach',
  /** @param {string} what */
  detachQuestion: (what) => `Detach ${what}? Whoever writes from there next is a new customer. The messages so far stay here.`,
  lastWrote: 'Last wrote',

  // Data
  data: 'Data',
  addData: 'Add data',
  noData: 'Nothing noted yet. Keep sizes, dates and papers of this customer here. Only you see your entries.',
  key: 'Key',
  value: 'Value',
  removeFile: 'Remove the file',
  uploading: 'Uploading',
  picture: 'Picture',

  // Shop
  addresses: 'Addresses',
  noAddresses: 'No addresses. Customers enter them in their account.',
  default: 'Default',
  orders: 'Orders',
  noOrders: 'No orders yet. The shop reports them.',
  wishlist: 'Wishlist',
  reviews: 'Reviews',
  /** @param {number} stars */
  stars: (stars) => `${stars} of 5`,
  loyalty: 'Loyalty',
  points: 'Points',
  spent: 'Spent',
  paidIn: 'Paid in',
  /** @param {string} amount */
  worth: (amount) => `counts as ${amount}`,
  benefits: 'Benefits',
  /** @param {string} percent */
  discount: (percent) => `${Number(percent)} % discount`,
  priority: 'priority support',
  shipping: 'free shipping',
  access: 'VIP access',
  addPoints: 'Add points',
  pointsHint: 'Points, negative to take some away',
  reason: 'Reason',
  /** @param {number} points */
  balance: (points) => `balance ${points}`,
  noLedger: 'No points yet.',

  // Duplicates
  duplicates: 'Duplicates',
  noDuplicates: 'No other customer seems to be this person.',
  findOther: 'Find another customer',
  same: { phone: 'Same phone', email: 'Same email', name: 'Same name', wa_id: 'Same WhatsApp' },
  openChat: 'Open chat',
  merge: 'Merge',
  /** @param {string} gone @param {string} into */
  mergeTitle: (gone, into) => `Merge ${gone} into ${into}`,
  /** @param {string} gone @param {string} into */
  mergeHow: (gone, into) => `${gone} becomes part of ${into}. Choose what to keep where they differ.`,
  noDifference: 'They differ in nothing that could be kept.',
  moves: 'What moves:',
  movesNothing: 'Nothing needs to move.',
  empty: 'empty',
  /** @param {string} gone */
  merged: (gone) => `${gone} is part of this customer now. You can undo it for 14 days.`,
  merges: 'Merges',
  noMerges: 'No merges.',
  proving: 'They proved the phone',
  undo: 'Undo',
  /** @param {string} gone */
  undoQuestion: (gone) => `Make ${gone} a customer of their own again? What came since the merge stays here.`,
  undone: 'Undone',
  /** @param {string} gone */
  separated: (gone) => `${gone} is a customer of their own again.`,
};
