// node docs.mjs BASE_URL CHROMIUM: use the pages for developers as people do, exit with 0 when they do what they should.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const [base, executablePath] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-proxy-server'],
});
const errors = [];
const left = new Set(); // requests to other hosts that nothing stopped

async function open(width, path, ready) {
  const context = await browser.newContext({ viewport: { width, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  page.on('pageerror', (error) => errors.push(`${path}: ${error}`));
  const elsewhere = (request) => /^https?:/.test(request.url()) && !request.url().startsWith(`${base}/`);
  page.on('request', (request) => { if (elsewhere(request)) left.add(request.url()); });
  page.on('requestfailed', (request) => { if (/csp/i.test(request.failure().errorText)) left.delete(request.url()); });
  await page.goto(base + path);
  await page.locator(ready).first().waitFor();
  return page;
}

const fits = async (page, what) => assert.equal(
  await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, `${what} is wider than the screen`);

async function execute(page, id) {
  const operation = page.locator(`#${id}`);
  await operation.locator('.execute').click();
  await operation.locator('.live-responses-table tbody .response-col_status').first().waitFor();
  return operation.locator('.live-responses-table').innerText();
}

try {
  for (const width of [1280, 390]) {
    for (const [path, ready] of [['/api/guide/', 'main h2'], ['/api/guide/realtime/', 'main h2'], ['/api/redoc/', 'h1']]) {
      const page = await open(width, path, ready);
      await fits(page, `${path} at ${width}`);
      await page.context().close();
    }
  }

  // The guide: its contents lead to headings, its code scrolls inside itself.
  const guide = await open(390, '/api/guide/', '.bar');
  await guide.locator('.contents summary').click();
  await guide.locator('.contents a', { hasText: 'Refusals' }).click();
  assert.match(guide.url(), /#refusals$/);
  const code = guide.locator('pre').first();
  assert.ok(await code.evaluate((pre) => pre.scrollWidth > pre.clientWidth));
  await guide.context().close();

  for (const width of [1280, 390]) {
    const page = await open(width, '/api/docs/', '.opblock-tag');
    await fits(page, `/api/docs/ at ${width}`);
    if (width === 390) { // what a group is about stands below its name
      const below = (groups) => groups.every((group) => group.querySelector('small').getBoundingClientRect().top
        >= group.querySelector('a').getBoundingClientRect().bottom - 1);
      assert.ok(await page.locator('.opblock-tag').evaluateAll(below));
    }

    // Signing in is one step, and says why it failed.
    await page.getByLabel('Username or email').fill('sam');
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('Wrong username or password.').waitFor();
    await page.getByLabel('Password').fill('patter-demo-sam-1');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('Signed in as sam (sales)').waitFor();

    // An operation, with the token; again when the token has ended, and after a reload.
    await page.locator('#operations-tag-Authentication').click();
    const me = 'operations-Authentication-auth_me_read';
    await page.locator(`#${me} .opblock-summary-control`).click();
    await fits(page, `an operation at ${width}`);
    await page.locator(`#${me}`).getByRole('button', { name: 'Try it out' }).click();
    assert.match(await execute(page, me), /"username": "sam"/);
    const token = () => page.evaluate(() => JSON.parse(localStorage.getItem('patter-docs-session')).access);
    const first = await token();
    await new Promise((resolve) => setTimeout(resolve, 7000)); // longer than a token of this server works
    assert.match(await execute(page, me), /"username": "sam"/); // which the answer before may still say
    await page.waitForFunction((was) => JSON.parse(localStorage.getItem('patter-docs-session')).access !== was, first);
    await page.reload();
    await page.getByText('Signed in as sam (sales)').waitFor();

    // A second tab shares the session, and neither uses a refresh token twice.
    const second = await page.context().newPage();
    await second.goto(`${base}/api/docs/`);
    await second.getByText('Signed in as sam (sales)').waitFor();
    await new Promise((resolve) => setTimeout(resolve, 7000));
    assert.ok(await second.getByText('Signed in as sam (sales)').isVisible());
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();
    await second.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
    assert.equal(await page.evaluate(() => localStorage.getItem('patter-docs-session')), null);
    await page.context().close();
  }
  assert.deepEqual(errors, []);
  assert.deepEqual([...left], [], 'nothing is asked of another host');
} finally {
  await browser.close();
}
console.log('the pages do what they should');
