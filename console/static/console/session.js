/**
 * Who is signed in. The access token is in memory, the refresh token in localStorage, where all tabs find it.
 *
 * Each refresh token works once, so tabs take turns to use it: whoever holds the lock reads the newest one.
 */

/** @import { SignedIn } from './types.js' */

const KEY = 'patter.refresh';
const LOCK = 'patter.refresh';
// Renewed so long before it ends that no request meets an ended one, in ms; a short-lived one in its last third.
const EARLY = 60_000;

export class SignedOut extends Error {}

/**
 * Run while no other tab does. Pages on plain HTTP have no locks; there only the requests of one tab wait for each other.
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export function alone(name, work) {
  return navigator.locks ? /** @type {Promise<T>} */ (navigator.locks.request(name, work)) : work();
}

/** Emits `end` when the session is over, here or in another tab, and `other` when somebody else has signed in there. */
export class Session extends EventTarget {
  /** @type {string | null} */
  access = null;
  /** From then on the token is renewed before it is used. */
  #renewAt = 0;
  #user = '';
  /** @type {Promise<string> | null} */
  #renewing = null;

  constructor() {
    super();
    addEventListener('storage', (event) => {
      if ((event.key === KEY || event.key === null) && localStorage.getItem(KEY) === null) this.end();
    });
  }

  get known() {
    return localStorage.getItem(KEY) !== null;
  }

  /** @param {Pick<SignedIn, 'access' | 'refresh'>} tokens */
  begin(tokens) {
    const { user, renewAt } = claimsOf(tokens.access);
    this.access = tokens.access;
    this.#renewAt = renewAt;
    this.#user = user;
    localStorage.setItem(KEY, tokens.refresh);
  }

  /**
   * An access token that is good for a moment at least. Raises SignedOut if the session is over, and TypeError without
   * a network.
   *
   * @param {string | null} [refused]  a token that the server did not take
   */
  async token(refused = null) {
    if (this.access && this.access !== refused && Date.now() < this.#renewAt) return this.access;
    this.#renewing ??= alone(LOCK, () => this.#renew()).finally(() => { this.#renewing = null; });
    return this.#renewing;
  }

  async #renew() {
    const refresh = localStorage.getItem(KEY);
    if (refresh === null) throw new SignedOut();
    const answer = await fetch('/api/auth/refresh/', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ refresh }),
    });
    if (answer.status === 401) {
      this.end();
      throw new SignedOut();
    }
    if (!answer.ok) throw new TypeError(`refresh: ${answer.status}`); // the server is busy, so try again later
    const tokens = /** @type {SignedIn} */ (await answer.json());
    const before = this.#user;
    this.begin(tokens);
    if (before && before !== this.#user) this.dispatchEvent(new Event('other'));
    return tokens.access;
  }

  /** Forget the tokens in all tabs, and tell whoever listens. */
  end() {
    const known = this.access !== null || this.known;
    this.access = null;
    this.#user = '';
    localStorage.removeItem(KEY);
    if (known) this.dispatchEvent(new Event('end'));
  }
}

/**
 * Whose token it is, and when to renew it by the clock of this computer, which may differ from the server's.
 *
 * @param {string} token
 */
function claimsOf(token) {
  const body = token.split('.')[1] ?? '';
  const claims = JSON.parse(atob(body.replaceAll('-', '+').replaceAll('_', '/')));
  const life = (claims.exp - claims.iat) * 1000;
  return { user: String(claims.user_id), renewAt: Date.now() + life - Math.min(EARLY, life / 3) };
}
