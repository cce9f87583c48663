// node second_factor.mjs BASE_URL CHROMIUM [FOLDER]: turn a second factor on, sign in with it in the console and in Swagger UI, and turn it
// off; ask for a new password. Leaves screenshots in FOLDER. Exits with 0 when all of it does what it should.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { chromium } from 'playwright-core';

const [base, executablePath, folder] = process.argv.slice(2);
const NAME = 'sam', PASSWORD = 'patter-demo-sam-1';
const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-proxy-server'],
});
const errors = [];

/** The code that an app shows, so many steps of 30 seconds from now. */
function codeOf(secret, steps = 0) {
  const bits = [...secret].map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const hash = createHmac('sha1', key).update(counter).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

async function open(path, width = 1280, colorScheme = 'light') {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => errors.push(`${path}: ${error}`));
  page.on('console', (message) => { if (/Content Security|Trusted/i.test(message.text())) errors.push(message.text()); });
  await page.goto(base + path);
  return page;
}

async function password(page) {
  await page.getByLabel('Username').fill(NAME);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

async function look(page, name) {
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0, `${name} is wider than the screen`);
  if (!folder) return;
  for (const [width, height] of [[1280, 900], [390, 844]]) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png` });
    }
  }
}

try {
  // Turn it on.
  const desk = await open('/');
  await password(desk);
  await desk.getByRole('button', { name: 'Second factor' }).click();
  await desk.getByRole('button', { name: 'Set it up' }).click();
  const secret = await desk.locator('dialog code').innerText();
  await look(desk, 'setup');
  await desk.getByLabel('Code').fill('000000');
  await desk.getByRole('button', { name: 'Turn it on' }).click();
  await desk.getByText('Wrong code').waitFor();
  await desk.getByLabel('Code').fill(codeOf(secret, -1));
  await desk.getByRole('button', { name: 'Turn it on' }).click();
  await desk.getByText('recovery codes').waitFor();
  const codes = await desk.locator('.codes code').allInnerTexts();
  assert.equal(new Set(codes).size, 10);
  await look(desk, 'recovery');
  await desk.getByRole('button', { name: 'I have kept them' }).click();

  // Sign in with it.
  for (const colorScheme of ['light', 'dark']) {
    const page = await open('/', 390, colorScheme);
    await password(page);
    await page.getByText('Enter the code').waitFor();
    if (colorScheme === 'light') await look(page, 'code');
    await page.getByLabel('Code').fill('000000');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByText('Wrong code').waitFor();
    await page.getByLabel('Code').fill(codes.pop());
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.context().close();
  }

  // Swagger UI.
  const docs = await open('/api/docs/');
  await docs.getByLabel('Username or email').fill(NAME);
  await docs.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await docs.getByRole('button', { name: 'Sign in', exact: true }).click();
  const code = docs.getByLabel('Code of your second factor');
  await code.fill('000000');
  if (folder) await docs.screenshot({ path: `${folder}/swagger.png` });
  await docs.getByRole('button', { name: 'Sign in', exact: true }).click();
  await docs.getByText('Wrong code').waitFor();
  await code.fill(codes.pop());
  await docs.getByRole('button', { name: 'Sign in', exact: true }).click();
  await docs.getByText('Signed in as').waitFor();

  // Turn it off.
  await desk.setViewportSize({ width: 1280, height: 900 });
  await desk.getByRole('button', { name: 'Second factor' }).click();
  await desk.getByLabel('Current password').fill(PASSWORD);
  await look(desk, 'off');
  await desk.getByLabel('Code').fill(codes.pop());
  await desk.getByRole('button', { name: 'Turn it off' }).click();
  await desk.getByText('The second factor is off.').waitFor();

  // A new password.
  const reset = await open('/');
  await reset.getByRole('link', { name: 'Forgot your password?' }).click();
  await reset.getByLabel('Username or email').fill('nobody');
  await look(reset, 'forgot');
  await reset.getByRole('button', { name: 'Mail me the link' }).click();
  await reset.getByText('a mail with a link is on its way').waitFor();
  const link = await open('/reset/#made-up-token');
  await link.getByLabel('New password', { exact: true }).fill('mango-river-88');
  await link.getByLabel('The new password again').fill('mango-river-88');
  await look(link, 'choose');
  assert.equal(new URL(link.url()).hash, '', 'the token leaves the address bar');
  await link.getByRole('button', { name: 'Set the password' }).click();
  await link.getByText('does not work any more').waitFor();
  assert.deepEqual(errors, []);
} catch (error) {
  console.error(error, errors);
  process.exitCode = 1;
} finally {
  await browser.close();
}
