/** What stands on buttons that WhatsApp labels itself, and around what was sent. */

export const sent = {
  location: 'Send location',
  contact: 'Share contact info',
  address: 'Provide address',
  calls: 'Allow calls',
  call: 'Call',
  catalog: 'View catalog',
  products: 'View items',
  pay: 'Review and pay',
  /** @param {string} id */
  product: (id) => `Product ${id}`,
  /** @param {string} at */
  until: (at) => `until ${at}`,
  cards: 'Cards',
};
