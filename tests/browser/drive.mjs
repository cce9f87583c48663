// node drive.mjs BASE_URL TOKEN CUSTOMER CHROMIUM: build the page, drive it, exit with 0 when it did what it should.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';

const [base, token, customer, executablePath] = process.argv.slice(2);
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAD0lEQVR4nGP4z8AARFAKABvoAv5p2AMYAAAAAElFTkSuQmCC', 'base64');
const PDF = Buffer.from('%PDF-1.7\n%%EOF\n');
const SVG = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>document.title = "ran"</script></svg>');

const built = await build({
  entryPoints: [fileURLToPath(new URL('page/app.tsx', import.meta.url))],
  bundle: true, write: false, jsx: 'automatic', define: { 'process.env.NODE_ENV': '"production"' },
});
const script = built.outputFiles[0].text;

const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-proxy-server'],
});
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(15_000);
  const errors = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  // The page comes from the same origin as the API, as behind a proxy that serves both.
  await page.route(`${base}/app/**`, (route) => route.fulfill({
    contentType: 'text/html; charset=utf-8',
    body: `<!doctype html><title>Patter</title><div id="root"></div><script type="module">${script}</script>`,
  }));
  await page.addInitScript((value) => localStorage.setItem('token', value), token);
  await page.goto(`${base}/app/?customer=${customer}`);

  const row = (key) => page.locator(`li[data-key="${key}"]`);
  const fill = async (key, value, file) => {
    await page.getByLabel('Key (Field Name)').fill(key);
    await page.getByLabel('Value (Text)').fill(value);
    if (file) await page.getByLabel('File Attachment', { exact: true }).setInputFiles(file);
    await page.getByRole('button', { name: 'Save Data' }).click();
  };

  // The form: a text, a file, and the refusal of a second one with the same key.
  await fill('birthday', '1990-05-15');
  await row('birthday').getByText('1990-05-15').waitFor();
  await fill('id_card', 'National ID Card', { name: 'id card.png', mimeType: 'image/png', buffer: PNG });
  await row('id_card').getByRole('link', { name: 'id card.png' }).waitFor();
  assert.equal(await page.locator('li').first().getAttribute('data-key'), 'id_card', 'newest first');
  const picture = row('id_card').locator('img');
  await picture.evaluate((img) => img.decode());
  assert.deepEqual(await picture.evaluate((img) => [img.naturalWidth, img.naturalHeight]), [2, 3]);
  await page.locator('form').getByRole('button', { name: 'Save Data' }).waitFor();
  await fill('birthday', 'again');
  await page.getByText(
    "A data field with key 'birthday' already exists for this customer. Use PUT to update it.").waitFor();
  await page.reload();
  await row('id_card').waitFor();

  // The hook: replace the file, remove it, change a value, create with a file, delete.
  await page.getByLabel('replace id_card').setInputFiles({ name: 'new card.pdf', mimeType: 'application/pdf', buffer: PDF });
  const link = row('id_card').getByRole('link', { name: 'new card.pdf' });
  await link.waitFor();
  let download = page.waitForEvent('download');
  await link.click();
  assert.equal((await download).suggestedFilename(), 'new card.pdf');
  await row('id_card').getByRole('button', { name: 'Remove file' }).click();
  await link.waitFor({ state: 'detached' });
  await row('id_card').getByText('National ID Card').waitFor();

  const id = await page.evaluate(() => window.hook.data.find((item) => item.key === 'birthday').id);
  const updated = await page.evaluate((pk) => window.hook.updateData(pk, { value: '1991-05-15', key: 'born' }), id);
  assert.deepEqual([updated.key, updated.value, updated.file_url], ['born', '1991-05-15', null]);
  await row('born').getByText('1991-05-15').waitFor();
  await assert.rejects(
    page.evaluate(() => window.hook.createData('born', 'x')), /A data field with key 'born' already exists/);
  const made = await page.evaluate((svg) => window.hook.createData(
    'logo', undefined, new File([svg], 'logo.svg', { type: 'image/svg+xml' })), SVG.toString());
  assert.deepEqual([made.key, made.value, made.file_name], ['logo', '', 'logo.svg']);
  await row('logo').waitFor();

  // What could run a script is saved, not shown, whoever opens it.
  download = page.waitForEvent('download');
  await row('logo').getByRole('link').click();
  assert.equal((await download).suggestedFilename(), 'logo.svg');
  assert.equal(await page.title(), 'Patter');

  await row('born').getByRole('button', { name: 'Delete' }).click();
  await row('born').waitFor({ state: 'detached' });
  await page.reload();
  await row('logo').waitFor();
  assert.deepEqual(await page.locator('li').evaluateAll((items) => items.map((item) => item.dataset.key)), ['logo', 'id_card']);

  // A picture opened by itself is shown under the strict policy.
  await page.getByLabel('replace id_card').setInputFiles({ name: 'b.png', mimeType: 'image/png', buffer: PNG });
  const url = await row('id_card').getByRole('link', { name: 'b.png' }).getAttribute('href');
  const other = await browser.newPage();
  assert.equal((await other.goto(url)).headers()['content-type'], 'image/png');
  assert.deepEqual(await other.locator('img').evaluate((img) => [img.naturalWidth, img.naturalHeight]), [2, 3]);
  assert.deepEqual(errors, []);
} finally {
  await browser.close();
}
console.log('the page did what it should');
