/** Everything the console says in its own words. What the server says is shown as it is. */

/** @type {Record<string, string>} */
const statuses = {
  queued: 'queued', cancelled: 'taken back', sending: 'sending', uncertain: 'uncertain', sent: 'sent', failed: 'failed', delivered: 'delivered', read: 'read',
  played: 'played',
};

/** What stands in for a text, by the type of a message. @type {Record<string, string>} */
const kinds = {
  image: 'Picture', sticker: 'Sticker', video: 'Video', audio: 'Voice message', voice: 'Voice message', document: 'Document',
  location: 'Location', contacts: 'Contact', order: 'Order', template: 'Template', interactive: 'Choice', reaction: 'Reaction',
  unsupported: 'Message that cannot be shown', unknown: 'Message that cannot be shown', ephemeral: 'Message that cannot be shown', call: 'Call',
  media_placeholder: 'File from before',
};

/** @type {Record<string, string>} */
const sources = { whatsapp: 'WhatsApp', instagram: 'Instagram', telegram: 'Telegram', website: 'Website', manual: 'Added by hand' };

/** Why a chat cannot be written to, or what to know before. @type {Record<string, string>} */
const reasons = {
  never_wrote: 'The customer has not written yet. Only templates can be sent.',
  outside_service_window: 'The customer last wrote more than 24 hours ago. Only templates can be sent now.',
  no_address: 'There is no WhatsApp address for this customer yet. Enter their phone number, or wait until they write.',
  blocked: 'This customer is blocked.',
  opted_out: 'This customer wants no marketing messages. Marketing templates will be refused.',
  number_paused: 'Our number is paused. Messages wait until it sends again.',
};

/** @param {number} count */
const number = (count) => new Intl.NumberFormat().format(count);

export const texts = {
  statuses, kinds, sources, reasons,

  // Everywhere
  appName: 'Patter',
  cancel: 'Cancel',
  close: 'Close',
  save: 'Save',
  edit: 'Edit',
  delete: 'Delete',
  discard: 'Discard',
  add: 'Add',
  back: 'Back',
  more: 'Show more',
  loading: 'Loading…',
  tryAgain: 'Try again',
  you: 'You',
  customer: 'Customer',
  colleague: 'A colleague',
  agent: 'Meta’s agent',
  automatic: 'Automatic',
  reference: 'Request',
  noAnswer: 'The server cannot be reached. Check your connection.',
  pageError: 'Something went wrong on this page. Reload it and try again.',
  /** @param {number} status */
  serverError: (status) => `The server answered with an error (${status}). Try again in a moment.`,

  // Signing in
  welcome: 'Sign in to your sales desk.',
  username: 'Username',
  password: 'Password',
  signIn: 'Sign in',
  signOut: 'Sign out',
  signedOut: 'You are signed out.',
  secondFactor: 'Second factor',
  forgotPassword: 'Forgot your password?',

  // A new password
  login: 'Username or email',
  askForLink: 'We mail you a link with which you can choose a new password.',
  sendLink: 'Mail me the link',
  linkSent: 'If there is such a login, a mail with a link is on its way. The link works once, for 30 minutes.',
  chooseNew: 'Choose a new password. You will be signed out everywhere.',
  newPassword: 'New password',
  repeatPassword: 'The new password again',
  notTheSame: 'The two passwords are not the same.',
  setPassword: 'Set the password',
  passwordSet: 'Your password was changed.',
  toSignIn: 'Sign in',
  askAgain: 'Ask for a new link',
  notForCustomers: 'This desk is for staff. Your login is a customer’s.',

  // Connection
  offline: 'You are offline. What you write is sent when the connection is back.',
  reconnecting: 'Connecting to the server again…',
  catchingUp: 'Catching up…',

  // Inbox
  inbox: 'Inbox',
  chats: 'Chats',
  search: 'Search',
  searchHint: 'Search customers and messages',
  searchIn: 'Show',
  customers: 'Customers',
  messages: 'Messages',
  foundMessages: 'Messages found',
  filters: 'Filters',
  mine: 'Mine',
  unread: 'unread',
  unreadFilter: 'Unread',
  unassigned: 'Unassigned',
  source: 'Source',
  anySource: 'Source',
  tag: 'Tag',
  anyTag: 'Tag',
  nobody: 'Unassigned',
  noMessages: 'No messages yet',
  noChats: 'No chats yet. When a customer writes to your number, the chat appears here.',
  nothingFound: 'Nothing found. Try fewer or other words.',
  nobodyFound: 'No customer found. Press “Messages” to search in what was written.',
  nothingFiltered: 'No chat fits these filters.',
  newCustomer: 'New customer',
  windowTitle: 'Time left to write freely. After that, only templates can be sent.',
  pickChat: 'Pick a chat on the left.',
  noSuchChat: 'There is no such chat, or it is not yours.',
  /** @param {string} name @param {boolean} begun  something was being written */
  chatGone: (name, begun) => `${name} now belongs to somebody else.${begun ? ' What you had begun to write is kept.' : ''}`,
  chatMerged: 'This customer became part of another one. Here is their chat.',

  // Chat
  aboutCustomer: 'About the customer',
  handOver: 'Hand over',
  /** @param {string} name */
  ownedBy: (name) => `Owner: ${name}`,
  /** @param {string} names @param {number} count */
  alsoHere: (names, count) => `${names} ${count > 1 ? 'are' : 'is'} here, too`,
  /** @param {string} names @param {number} count */
  typing: (names, count) => `${names} ${count > 1 ? 'are' : 'is'} typing…`,
  chatBegins: 'The chat begins here.',
  emptyChat: 'No messages yet.',
  newMessages: 'New messages',
  /** @param {number} count */
  newBelow: (count) => `${count} new. Go to the end`,
  toEnd: 'Go to the end',
  edited: 'Edited',
  deleted: 'This message was deleted',
  inReplyTo: 'In reply to ',
  reply: 'Reply',
  react: 'React',
  noReaction: 'Take the reaction back',
  reactions: 'Reactions',
  retry: 'Retry',
  sendAnyway: 'Send anyway',
  /** @param {string} who @param {string} text */
  overtaken: (who, text) => `${who} has answered meanwhile${text ? `: “${text}”` : '.'} Send this, too?`,
  /** @param {string} [name]  nothing: the chat is no longer one's own @param {string} [why] */
  notSent: (name, why) => (name ? `What you wrote to ${name} was not sent. ${why}` : 'A message was not sent, because its chat now belongs to somebody else.'),
  takeBack: 'Take back',
  held: {
    held_for_quality_assessment: 'WhatsApp checks the quality of the template first. The message is not delivered yet.',
    paused: 'WhatsApp has paused the template. The message is not delivered for now.',
  },
  uncertain: 'WhatsApp gave no answer. The customer may have got this message.',
  unsupported: 'This message cannot be shown here. Ask the customer to send it in another form.',
  /** @param {string} type */
  unknownKind: (type) => `A message of a kind that is new here: ${type}`,
  file: 'File',
  noFile: 'The file cannot be shown.',
  fetchAgain: 'Get the file again',
  /** @param {string} kind */
  fetching: (kind) => `${kind} is on its way…`,
  /** @param {string} kind */
  converting: (kind) => `${kind} is being prepared for WhatsApp…`,
  original: 'Original',
  openPicture: 'Open the picture',
  contact: 'Contact',
  order: 'Order',
  article: 'article',
  form: 'Form',
  template: 'Template',

  // Composer
  message: 'Message',
  messageHint: 'Write a message',
  send: 'Send',
  attach: 'Attach files',
  chosenFiles: 'Files to send',
  dropHere: 'Drop files to send them',
  /** @param {string} name */
  withoutFile: (name) => `Do not send ${name}`,
  /** @param {number} used @param {number} most */
  tooLong: (used, most) => `${number(used)} of ${number(most)} characters`,
  /** @param {number} used @param {number} most */
  captionTooLong: (used, most) => `${number(used)} of ${number(most)} characters with a file`,
  /** @param {string} name */
  emptyFile: (name) => `${name} is empty and cannot be sent.`,
  uploading: 'Sending the file',
  noReply: 'No reply',
  record: 'Record voice',
  templates: 'Templates',
  choices: 'Buttons, list or link',

  // Notices and keys
  responseTimes: 'Response times',
  notices: 'Notifications',
  keysTitle: 'Keyboard',
};
