/** What dialogs and other things say that are loaded when they are opened. */

/** @type {Record<string, string>} */
const keys = {
  j: 'Next chat', k: 'Previous chat', Enter: 'Open the chat, or send the message', 'Shift + Enter': 'New line', '/': 'Search',
  '↑ ↓': 'Move between messages', Esc: 'Leave the field, or go back', '?': 'Show these keys',
};

export const more = {
  keys,
  name: 'Name',
  phone: 'Phone',
  sendRecording: 'Send recording',
  noMicrophone: 'The browser gives no access to a microphone.',
  searchTemplates: 'Search templates',
  noTemplates: 'No approved templates. An admin can fetch them from Meta in Django admin.',
  sendTemplate: 'Send template',
  preview: 'Preview',
  headerFile: 'File for the header',
  latitude: 'Latitude',
  longitude: 'Longitude',
  address: 'Address',
  catalogId: 'Catalog',
  productId: 'Product',
  products: 'Products',
  productLines: 'Ids of products, one a line. # begins a section: # New chairs',
  flowData: 'Data for the form, as JSON (optional)',
  offerEnds: 'The offer ends',
  /** @param {number} place */
  card: (place) => `Card ${place}`,
  /** @type {Record<string, string>} */
  headers: {
    image: 'Link to the picture', video: 'Link to the video', gif: 'Link to the moving picture', document: 'Link to the document',
    location: 'Location', product: 'Product above the text',
  },
  /** @param {string} name */
  headerValue: (name) => `Header: ${name}`,
  /** @param {string} name */
  bodyValue: (name) => `Value for ${/^\d+$/.test(name) ? `{{${name}}}` : name}`,
  /** @param {string} button */
  buttonValue: (button) => `Value for the button “${button}”`,
  notifyMe: 'Notify me of new messages while I look elsewhere',
  playSound: 'Play a sound for new messages',
  notificationsDenied: 'Your browser blocks notifications of this page. Allow them in its settings.',
};
