/** The one client of the REST API: tokens, renewal, retries, and errors as the server says them. */

/** @import { Me, SignedIn, SignedInOrStep } from './types.js' */

import { Session, SignedOut } from './session.js';
import { texts } from './texts.js';

// Answers after which the request may or may not have been carried out; 0: there was none. After 503 it was not.
const UNSURE = [0, 502, 504];
const TRIES = 4;

/**
 * @typedef {object} Asking
 * @property {unknown} [body]  sent as JSON, or as it is if it is FormData
 * @property {Record<string, unknown>} [query]
 * @property {AbortSignal} [signal]
 * @property {Record<string, string>} [headers]
 * @property {(answer: Response) => Promise<any>} [read]  what is made of an answer; without it, its JSON
 */

/** A refusal in the words of the server, or what can be said without any. */
export class ApiError extends Error {
  /**
   * @param {number} status  0: there was no answer
   * @param {any} body
   * @param {string} requestId
   * @param {number} [retryAfter]  seconds
   */
  constructor(status, body, requestId = '', retryAfter = 0) {
    super(wording(status, body));
    this.status = status;
    this.body = body;
    this.code = typeof body?.code === 'string' ? body.code : '';
    this.requestId = requestId;
    this.retryAfter = retryAfter;
  }
}

/** @param {number} status @param {any} body @returns {string} */
function wording(status, body) {
  if (status === 0) return texts.noAnswer;
  if (typeof body?.detail === 'string') return body.detail;
  if (typeof body?.error === 'string') return body.error;
  const errors = body?.errors ?? body;
  if (errors && typeof errors === 'object') {
    const said = Object.entries(errors).map(([field, what]) => sentence(field, what)).filter(Boolean);
    if (said.length) return said.join(' ');
  }
  return typeof body?.message === 'string' ? body.message : texts.serverError(status);
}

/**
 * @param {string} field
 * @param {any} what  texts, or texts by field
 * @returns {string}
 */
function sentence(field, what) {
  if (typeof what === 'string') return what;
  if (Array.isArray(what)) {
    const said = what.map((one) => sentence(field, one)).join(' ');
    return ['non_field_errors', 'detail'].includes(field) ? said : `${field.replaceAll('_', ' ')}: ${said}`;
  }
  return what && typeof what === 'object' ? Object.entries(what).map(([name, one]) => sentence(name, one)).join(' ') : '';
}

/** An id that nobody else has. crypto.randomUUID is missing on plain HTTP. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {number} ms */
export const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** @type {WeakMap<object, string>} */
const etags = new WeakMap();

/**
 * The version of a row, for If-Match: of what `get` of one answered, or of the body of a refusal with 412.
 *
 * @param {object} body
 */
export const etagOf = (body) => etags.get(body);

/**
 * Ask something for which nobody has to be signed in. Raises ApiError.
 *
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<any>}
 */
export async function postAsNobody(path, body) {
  return read(await attempt(path, 'POST', { body }));
}

export class Api {
  session = new Session();

  /**
   * Who is signed in now, or the step that is missing: a code, or setting up a second factor. Raises ApiError: 401 for a
   * wrong name or password, 429 after too many failures.
   *
   * @param {string} username
   * @param {string} password
   * @returns {Promise<{me: Me} | {token: string, setup: boolean}>}
   */
  async signIn(username, password) {
    /** @type {SignedInOrStep} */
    const answer = await postAsNobody('/api/auth/login/', { username, password });
    if (answer.mfa_token) return { token: answer.mfa_token, setup: answer.mfa_setup_required === true };
    return { me: this.#begin(/** @type {SignedIn} */ (answer)) };
  }

  /**
   * The step after the password. Raises ApiError: 401 `wrong_code`, or `session_over` if it took too long.
   *
   * @param {string} token
   * @param {string} code
   * @returns {Promise<Me>}
   */
  async signInWithCode(token, code) {
    return this.#begin(await postAsNobody('/api/auth/login/mfa/', { mfa_token: token, code }));
  }

  /** @param {SignedIn} signedIn @returns {Me} */
  #begin(signedIn) {
    this.session.begin(signedIn);
    return signedIn.user;
  }

  /** Ends the session on the server if it can be reached, and here in any case. */
  async signOut() {
    try {
      await this.post('/api/auth/logout/');
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof SignedOut)) throw error;
    }
    this.session.end();
  }

  /**
   * @param {string} path
   * @param {Record<string, unknown>} [query]
   * @param {AbortSignal} [signal]
   * @returns {Promise<any>}
   */
  get(path, query, signal) {
    return this.ask('GET', path, { query, signal });
  }

  /**
   * A file that the API makes, such as a CSV.
   *
   * @param {string} path
   * @param {Record<string, unknown>} query
   * @returns {Promise<Blob>}
   */
  async file(path, query) {
    return this.ask('GET', path, { query, read: async (answer) => (answer.ok ? answer.blob() : read(answer)) });
  }

  /**
   * Create or do something. It is done once, even if the answer is lost and the request sent again.
   *
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  post(path, body) {
    return this.ask('POST', path, { body, headers: { 'Idempotency-Key': newId() } });
  }

  /** @param {string} path @param {unknown} body @returns {Promise<any>} */
  patch(path, body) {
    return this.ask('PATCH', path, { body });
  }

  /** @param {string} path @param {unknown} [body] @returns {Promise<any>} */
  delete(path, body) {
    return this.ask('DELETE', path, { body });
  }

  /**
   * Ask, and renew the token if the server does not take it. What was not carried out, or is carried out once, is asked
   * again after a moment.
   *
   * @param {string} method
   * @param {string} path  or a full URL that the API gave
   * @param {Asking} [asking]
   * @returns {Promise<any>} the JSON of the answer; null if it has none
   */
  async ask(method, path, asking = {}) {
    /** @type {string | null} */
    let refused = null;
    for (let tries = 1; ; tries++) {
      try {
        /** @type {string} */
        const token = await this.session.token(refused).catch(unreachable);
        const answer = await attempt(path, method, asking, token);
        if (answer.status === 401 && refused === null) refused = token;
        else if (answer.status === 401) this.session.end();
        else return await (asking.read ?? read)(answer);
        if (!this.session.known) throw new SignedOut();
      } catch (error) {
        if (!(error instanceof ApiError) || tries >= TRIES || asking.signal?.aborted || !again(error, method, asking)) throw error;
        await pause(Math.max(error.retryAfter * 1000, 300 * 2 ** tries) * (0.5 + Math.random()));
      }
    }
  }
}

/** @param {ApiError} error @param {string} method @param {Asking} asking */
function again({ status, code }, method, { headers, body }) {
  const once = method === 'GET' || headers?.['Idempotency-Key'] || /** @type {any} */ (body)?.client_id;
  return status === 503 || code === 'in_progress' || (once && UNSURE.includes(status));
}

/**
 * A renewal that found no server.
 *
 * @param {unknown} error
 * @returns {never}
 */
function unreachable(error) {
  throw error instanceof TypeError ? new ApiError(0, null) : error;
}

/** @param {string} path @param {string} method @param {Asking} asking @param {string} [token] */
async function attempt(path, method, { body, query, signal, headers = {} }, token) {
  const url = new URL(path, location.origin);
  url.host = location.host; // links of pages lead through the same server
  url.protocol = location.protocol;
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== '') url.searchParams.set(name, String(value));
  }
  const form = body instanceof FormData ? body : null;
  /** @type {Record<string, string>} */
  const all = { Accept: 'application/json', ...headers };
  if (token) all.Authorization = `Bearer ${token}`;
  if (body !== undefined && !form) all['Content-Type'] = 'application/json';
  try {
    return await fetch(url, { method, signal, headers: all, body: form ?? (body === undefined ? null : JSON.stringify(body)) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, null);
  }
}

/** @param {Response} answer */
async function read(answer) {
  const json = answer.headers.get('Content-Type')?.includes('json');
  const body = json ? await answer.json().catch(unreachable) : null;
  const { headers } = answer;
  const etag = headers.get('ETag');
  if (etag && body) etags.set(body, etag);
  if (answer.ok) return body;
  throw new ApiError(answer.status, body, headers.get('X-Request-ID') ?? '', Number(headers.get('Retry-After') ?? 0));
}
