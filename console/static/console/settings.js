/** What somebody chose in this browser. */

const NOTICES = 'patter.notices';

/** @returns {{show: boolean, sound: boolean}} */
export function noticesWanted() {
  return { show: false, sound: false, ...JSON.parse(localStorage.getItem(NOTICES) ?? '{}') };
}

/** @param {Partial<ReturnType<typeof noticesWanted>>} wanted */
export function wantNotices(wanted) {
  localStorage.setItem(NOTICES, JSON.stringify({ ...noticesWanted(), ...wanted }));
}
