/** Times, sizes and money as people read them, in the language of the browser. */

const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });
const WEEKDAY = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const DATE = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const MOMENT = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const DAY_MS = 86_400_000;

/** @param {string} iso */
export const time = (iso) => TIME.format(new Date(iso));

/** @param {string} iso */
export const date = (iso) => DATE.format(new Date(iso));

/** @param {string} iso */
export const moment = (iso) => MOMENT.format(new Date(iso));

/**
 * The days between a time and today, by the calendar.
 *
 * @param {Date} then
 */
function daysAgo(then) {
  return Math.round((new Date().setHours(0, 0, 0, 0) - new Date(then).setHours(0, 0, 0, 0)) / DAY_MS);
}

/**
 * What a row of a list says: the time today, `Yesterday`, a weekday, or a date.
 *
 * @param {string} iso
 */
export function briefly(iso) {
  const then = new Date(iso);
  const days = daysAgo(then);
  if (days <= 0) return TIME.format(then);
  if (days === 1) return 'Yesterday';
  return days < 7 ? WEEKDAY.format(then) : DATE.format(then);
}

/**
 * What a line between the days of a chat says.
 *
 * @param {string} iso
 */
export function dayLine(iso) {
  const then = new Date(iso);
  const days = daysAgo(then);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return days < 300 && days > 0 ? DAY.format(then) : DATE.format(then);
}

/**
 * How long until a time; empty if it is over.
 *
 * @param {string} iso
 */
export function timeLeft(iso) {
  const seconds = Math.floor((Date.parse(iso) - Date.now()) / 1000);
  return seconds <= 0 ? '' : span(seconds);
}

/**
 * How long ago a time was: `12 min`, `3 h`, `2 d`. What is to come counts as now.
 *
 * @param {string} iso
 */
export function timeSince(iso) {
  return span(Math.max(0, (Date.now() - Date.parse(iso)) / 1000));
}

/**
 * A length of time in its largest unit: `40 s`, `12 min`, `3 h`, `2 d`.
 *
 * @param {number} seconds
 */
export function span(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

/**
 * A length of time, from an hour on in two units: `40 s`, `12 min`, `3 h 20 min`, `1 day`, `2 days 5 h`.
 *
 * @param {number} seconds
 */
export function spanInFull(seconds) {
  if (seconds < 3600) return span(seconds);
  const [minutes, hours, days] = [60, 3600, 86_400].map((unit) => Math.floor(seconds / unit));
  const most = days ? `${days} ${days === 1 ? 'day' : 'days'}` : `${hours} h`;
  const [rest, unit] = days ? [hours % 24, 'h'] : [minutes % 60, 'min'];
  return rest ? `${most} ${rest} ${unit}` : most;
}

/** @param {number} seconds */
export function duration(seconds) {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds) % 60).padStart(2, '0')}`;
}

/** @param {number | null} bytes */
export function fileSize(bytes) {
  if (bytes === null) return '';
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  return bytes < 1_000_000 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/**
 * @param {string} amount  as the API writes it: "1250.00"
 * @param {string} currency  ISO 4217
 */
export function money(amount, currency) {
  // As text: a number has no more than 15 digits.
  return new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(/** @type {`${number}`} */ (amount));
}

/** @param {string} name */
export function initials(name) {
  const words = name.trim().split(/\s+/);
  return [words[0], words.length > 1 ? words[words.length - 1] : ''].map((word) => [...word][0] ?? '').join('').toUpperCase();
}
