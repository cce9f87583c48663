/** Sending files, alone or with a message. Only XMLHttpRequest says how much of one has left. */

/** @import { Api } from './api.js' */
/** @import { Message } from './types.js' */

import { ApiError } from './api.js';

/**
 * Raises ApiError, also with status 0 if no answer came, and SignedOut.
 *
 * @param {Api} api
 * @param {{client_id: string, customer: number, body: Record<string, unknown>, file: File}} written
 * @param {AbortSignal} signal
 * @param {(part: number) => void} onProgress
 * @returns {Promise<Message>}
 */
export async function upload(api, { client_id, customer, body, file }, signal, onProgress) {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...body, customer, client_id })) {
    form.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  form.set('media', file, file.name);
  return sendForm(api, 'POST', '/api/messages/', form, signal, onProgress);
}

/**
 * Send a form with a file. Raises as `upload` does.
 *
 * @param {Api} api
 * @param {'POST' | 'PATCH'} method
 * @param {string} path
 * @param {FormData} form
 * @param {AbortSignal} signal
 * @param {(part: number) => void} onProgress
 * @returns {Promise<any>}
 */
export async function sendForm(api, method, path, form, signal, onProgress) {
  const send = (/** @type {string} */ token) => transfer(method, path, form, token, signal, onProgress);
  const token = await api.session.token();
  try {
    return await send(token);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401) throw error;
    return send(await api.session.token(token));
  }
}

/**
 * @param {string} method @param {string} path @param {FormData} form @param {string} token
 * @param {AbortSignal} signal @param {(part: number) => void} onProgress
 * @returns {Promise<any>}
 */
function transfer(method, path, form, token, signal, onProgress) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    request.open(method, path);
    request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.setRequestHeader('Accept', 'application/json');
    request.responseType = 'json';
    request.upload.onprogress = ({ loaded, total }) => { if (total) onProgress(loaded / total); };
    request.onload = () => {
      const id = request.getResponseHeader('X-Request-ID') ?? '';
      if (request.status < 300) done(request.response);
      else failed(new ApiError(request.status, request.response, id));
    };
    request.onerror = () => failed(new ApiError(0, null));
    request.onabort = request.onerror;
    request.onloadend = () => signal.removeEventListener('abort', stop);
    signal.addEventListener('abort', stop);
    request.send(form);
  });
}
