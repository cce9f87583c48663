/** The client of the sandbox's customer's side. Every call raises ApiError if it is refused, or not answered. */

/** @import { Chat, Numbers, Said } from './types.js' */

import { ApiError } from '../api.js';

const BASE = '/sandbox';

/** @returns {Promise<Numbers>} */
export function numbers() {
  return call('/numbers/');
}

/**
 * A chat, or null if it is still as in `after`, its version.
 *
 * @param {string} phone  in any spelling
 * @param {{ business?: string, after?: string, signal?: AbortSignal }} [options]
 * @returns {Promise<Chat | null>}
 */
export function chat(phone, { business, after, signal } = {}) {
  const query = new URLSearchParams();
  if (business) query.set('number', business);
  if (after) query.set('after', after);
  return call(`/chats/${encodeURIComponent(phone)}/?${query}`, { signal });
}

/**
 * Write as the customer; the id of the new message. A `File` in what is said makes it a form.
 *
 * @param {string} phone
 * @param {string} business
 * @param {Said} said
 * @returns {Promise<{ id: string }>}
 */
export function write(phone, business, said) {
  const path = `/chats/${encodeURIComponent(phone)}/?${new URLSearchParams({ number: business })}`;
  if (said.file instanceof File) {
    const form = new FormData();
    for (const [name, value] of Object.entries(said)) if (value !== undefined) form.set(name, value instanceof File ? value : String(value));
    return call(path, { method: 'POST', body: form });
  }
  return call(path, { method: 'POST', body: JSON.stringify(said), headers: { 'Content-Type': 'application/json' } });
}

/**
 * Where a file is, by the id it has in a message.
 *
 * @param {string} id
 */
export function mediaUrl(id) {
  return `${BASE}/media/${encodeURIComponent(id)}/`;
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
async function call(path, options) {
  let answer;
  try {
    answer = await fetch(BASE + path, { ...options, cache: 'no-store' });
  } catch (error) {
    if (error instanceof TypeError) throw new ApiError(0, null);
    throw error;
  }
  const body = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new ApiError(answer.status, body, answer.headers.get('X-Request-ID') ?? '');
  return body;
}
