/** Everything the console says in its own words. What the server says is shown as it is. */

export const texts = {
  // Everywhere
  appName: 'Patter',
  cancel: 'Cancel',
  close: 'Close',
  save: 'Save',
  edit: 'Edit',
  delete: 'Delete',
  add: 'Add',
  back: 'Back',
  loading: 'Loading…',
  tryAgain: 'Try again',
  reference: 'Request',
  noAnswer: 'The server cannot be reached. Check your connection.',
  pageError: 'Something went wrong on this page. Reload it and try again.',
  /** @param {number} status */
  serverError: (status) => `The server answered with an error (${status}). Try again in a moment.`,
};
