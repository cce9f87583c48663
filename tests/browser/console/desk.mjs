// What all scenarios of the console share: a browser, signing in, and whether the screen says what REST says.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

export const NIMAL = { name: 'Nimal Jayasuriya', phone: '+447700900101' };

export function launch(executablePath) {
  return chromium.launch({
    executablePath,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--no-proxy-server', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream'],
  });
}

/** What the pages of one test may not do: throw, or be refused something by their own policy. */
const errors = [];

export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  page.on('pageerror', (error) => errors.push(String(error.stack)));
  page.on('console', (message) => { if (/Content Security Policy|TrustedHTML/.test(message.text())) errors.push(message.text()); });
  return page;
}

export function noErrors() {
  assert.deepEqual(errors, []);
}

export async function signIn(page, base, username) {
  await page.goto(base);
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(`patter-demo-${username}-1`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

export const chats = (page) => page.getByRole('list', { name: 'Chats' });
export const row = (page, name) => chats(page).getByRole('link', { name, exact: true });
export const log = (page) => page.getByRole('log', { name: 'Messages' });
export const message = (page) => page.getByLabel('Message', { exact: true });

export async function openChat(page, name) {
  await row(page, name).click();
  await log(page).waitFor();
}

export async function write(page, text) {
  await message(page).fill(text);
  await page.getByRole('button', { name: 'Send', exact: true }).click();
}

/** The customer writes: through the sandbox, which signs it and hands it to the webhook. */
export async function customerWrites(base, phone, text) {
  const answer = await fetch(`${base}/sandbox/chats/${encodeURIComponent(phone)}/`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ type: 'text', text }),
  });
  assert.equal(answer.status, 201, await answer.text());
}

export class Rest {
  constructor(base, access) {
    Object.assign(this, { base, access });
  }

  static async signedIn(base, username) {
    const answer = await fetch(`${base}/api/auth/login/`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ username, password: `patter-demo-${username}-1` }),
    });
    assert.equal(answer.status, 200);
    return new Rest(base, (await answer.json()).access);
  }

  async get(path) {
    const answer = await fetch(`${this.base}${path}`, { headers: { Authorization: `Bearer ${this.access}` } });
    assert.equal(answer.status, 200, path);
    return answer.json();
  }

  post(path, body) {
    return this.#write('POST', path, body);
  }

  put(path, body) {
    return this.#write('PUT', path, body);
  }

  async #write(method, path, body) {
    const answer = await fetch(`${this.base}${path}`, {
      method, headers: { Authorization: `Bearer ${this.access}`, 'Content-Type': 'application/json' }, body: JSON.stringify(body),
    });
    assert.ok(answer.ok, `${path}: ${answer.status}`);
    return answer.json();
  }

  async customer(name) {
    return (await this.get(`/api/customers/?search=${encodeURIComponent(name)}`)).results[0].id;
  }
}

/** Wait until what a function returns equals what another one does. */
export async function becomes(actual, expected, ms = 60_000) {
  const until = Date.now() + ms;
  for (;;) {
    const [left, right] = [await actual(), await expected()];
    try {
      assert.deepEqual(left, right);
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
    }
    await new Promise((done) => { setTimeout(done, 200); });
  }
}

const listShown = (page) => page.evaluate(() => [...document.querySelectorAll('virtual-list li:not(.blank)')]
  .sort((left, right) => Number(left.ariaPosInSet) - Number(right.ariaPosInSet))
  .map((item) => [item.querySelector('a').textContent, Number(item.querySelector('.count')?.firstChild.data ?? 0)]));

const chatShown = (page) => page.evaluate(() => [...document.querySelectorAll('.log .bubble')].map((bubble) => [
  Number(bubble.dataset.id), bubble.querySelector('.text')?.textContent ?? '', bubble.querySelector('.tick')?.getAttribute('aria-label') ?? null]));

/** The list and the open chat show what REST says: names in order with their unread counts, messages with their ticks. */
export async function sameAsRest(page, rest, customer) {
  await becomes(() => listShown(page), async () => (await rest.get('/api/customers/')).results.map((one) => [one.name, one.unread_count]));
  if (!customer) return;
  await becomes(() => chatShown(page), async () => (await rest.get(`/api/customers/${customer}/messages/?page_size=50`)).results.reverse()
    .map((one) => [one.id, one.text, one.direction === 'outbound' ? one.status : null]));
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** axe-core finds nothing on the page as it is now. The page must have been opened with `bypassCSP`. */
export async function accessible(page, where) {
  await page.evaluate(`${AXE};0`);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  assert.deepEqual(violations.map((one) => [one.id, one.nodes.map((node) => node.target.join(' '))]), [], where);
}

/** Ask the test that started this script to do something, such as killing the server. */
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

export async function please(what) {
  console.log(`please ${what}`);
  const { value } = await answers.next();
  assert.equal(value, 'done', what);
}
