// A sign-in that all tabs of this browser share, and whose tokens are renewed before they end.
'use strict';

const Session = (() => {
  const KEY = 'patter-docs-session';
  const headers = { 'Content-Type': 'application/json' };
  const listeners = [];

  const read = () => JSON.parse(localStorage.getItem(KEY) ?? 'null');

  function write(session) {
    if (session) localStorage.setItem(KEY, JSON.stringify(session));
    else localStorage.removeItem(KEY);
    tell();
  }

  function tell() {
    for (const listener of listeners) listener(read());
  }

  const post = (path, body, more = {}) => fetch(path, { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) });

  // When a quarter of the token's time is left. Only its length counts: the clocks of browsers are wrong at times.
  function withTimes(tokens) {
    const { iat, exp } = JSON.parse(atob(tokens.access.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
    return { ...tokens, renewAt: Date.now() + (exp - iat) * 750 };
  }

  async function refusal(answer) {
    const body = await answer.json().catch(() => ({}));
    const text = body.detail ?? Object.values(body).flat().join(' ') ?? `The server answered ${answer.status}.`;
    return Object.assign(new Error(text), { code: body.code });
  }

  // Null: signed in. Otherwise what signInWithCode takes, with a code.
  async function signIn(username, password) {
    const answer = await post('/api/auth/login/', { username, password });
    if (!answer.ok) throw await refusal(answer);
    const said = await answer.json();
    if (said.mfa_setup_required) throw new Error('This login needs a second factor. Set it up at / first.');
    if (said.mfa_required) return said.mfa_token;
    write(withTimes(said));
    return null;
  }

  // The step after the password.
  async function signInWithCode(token, code) {
    const answer = await post('/api/auth/login/mfa/', { mfa_token: token, code });
    if (!answer.ok) throw await refusal(answer);
    write(withTimes(await answer.json()));
  }

  async function signOut() {
    const session = read();
    write(null);
    if (session) await post('/api/auth/logout/', { refresh: session.refresh });
  }

  // Each refresh token works once, so tabs take turns, and who waited finds that it is done.
  const inTurn = (act) => (navigator.locks ? navigator.locks.request(KEY, act) : act());

  const renew = () => inTurn(async () => {
    const session = read();
    if (!session || Date.now() < session.renewAt) return;
    const answer = await post('/api/auth/refresh/', { refresh: session.refresh });
    if (answer.ok) write(withTimes({ ...session, ...(await answer.json()) }));
    else if (answer.status === 401) write(null);
  });

  // The session, renewed if it is time to, or null.
  async function current() {
    if (read() && Date.now() >= read().renewAt) await renew().catch(() => {}); // the server is away: as it is
    return read();
  }

  addEventListener('storage', ({ key }) => { if (key === KEY || key === null) tell(); });
  setInterval(current, 5000);

  return { signIn, signInWithCode, signOut, current, onChange: (listener) => { listeners.push(listener); tell(); } };
})();
