/** What the dialog says in which messages with buttons, lists and links are written. */

/** @type {Record<'button' | 'list' | 'cta_url', string>} */
const kinds = { button: 'Buttons', list: 'List', cta_url: 'Link' };

export const texts = {
  kinds,
  kind: 'Kind of message',
  header: 'Header (optional)',
  text: 'Text',
  footer: 'Footer (optional)',
  buttons: 'Buttons',
  rows: 'Choices in the list',
  /** @param {number} place */
  button: (place) => `Button ${place}`,
  /** @param {number} place */
  row: (place) => `Choice ${place}`,
  /** @param {number} place */
  description: (place) => `Description of choice ${place} (optional)`,
  descriptionHint: 'Description (optional)',
  addButton: 'Add a button',
  addRow: 'Add a choice',
  /** @param {string} what */
  remove: (what) => `Remove ${what}`,
  opens: 'Button that opens the list',
  opensFirst: 'Choose',
  label: 'Label of the button',
  url: 'Address',
  urlHint: 'https://shop.example/',
  urlWrong: 'Give an address that begins with https:// or http://.',
  /** @param {number} longest */
  tooLong: (longest) => `WhatsApp takes ${new Intl.NumberFormat().format(longest)} characters here.`,
  blank: 'Write something here.',
  twice: 'Two buttons cannot say the same.',
  /** @param {number} used @param {number} most */
  used: (used, most) => `${new Intl.NumberFormat().format(used)} of ${new Intl.NumberFormat().format(most)}`,
  preview: 'Preview',
  emptyText: 'Your text',
  send: 'Send',
};
