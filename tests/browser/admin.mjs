// node admin.mjs BASE_URL CHROMIUM [FOLDER]: open every page of Django admin as an admin, wide and narrow, light and dark.
// Ends with 0 when each answers below 400, logs no error, runs nothing inline and is no wider than the screen. With
// FOLDER, a picture of each page is kept there.
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const [base, executablePath, folder] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-proxy-server'],
});
const wrong = [];
const seen = new Set();

async function signedIn(width, colorScheme) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => wrong.push(`${page.url()}: ${error}`));
  page.on('console', (said) => { if (said.type() === 'error') wrong.push(`${page.url()}: ${said.text()}`); });
  page.on('response', (answer) => {
    if (answer.status() >= 400) wrong.push(`${answer.url()}: ${answer.status()}`);
  });
  await page.goto(`${base}/admin/`);
  await page.locator('#id_username').fill('admin');
  await page.locator('#id_password').fill('patter-demo-admin-1');
  await page.locator('input[type=submit]').click();
  await page.locator('.patter-figures').waitFor();
  return page;
}

// The links of a page that stay within the admin, without their query.
const links = (page, selector) => page.evaluate(
  ([css, origin]) => [...document.querySelectorAll(css)].map((link) => link.href)
    .filter((href) => href.startsWith(`${origin}/admin/`)).map((href) => href.split('#')[0]), [selector, base]);

async function look(page, url, name) {
  await page.goto(url);
  const found = await page.evaluate(() => ({
    wider: document.documentElement.scrollWidth - innerWidth,
    inline: [...document.querySelectorAll('[style], script:not([src]):not([type="application/json"])')]
      .filter((one) => !one.closest('.selector, .select2, .calendarbox, .clockbox')).map((one) => one.outerHTML.slice(0, 80)),
    cut: [...document.querySelectorAll('#result_list')].some((table) => table.scrollWidth > table.closest('.results').clientWidth),
  }));
  const where = `${url.replace(base, '')} at ${page.viewportSize().width}`;
  if (found.wider > 0) wrong.push(`${where}: ${found.wider} px wider than the screen`);
  if (found.cut) wrong.push(`${where}: columns are cut off`);
  for (const html of found.inline.filter((one) => process.env.INLINE)) wrong.push(`${where}: inline ${html}`);
  seen.add(url.replace(base, '').split('?')[0]);
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

async function everything(width, scheme) {
  const page = await signedIn(width, scheme);
  const shot = (name) => `${name.replaceAll('/', '_')}-${width}-${scheme}`;
  await look(page, `${base}/admin/`, shot('index'));
  const lists = [...new Set(await links(page, '#content-main .module th a'))];
  assert.ok(lists.length > 20, 'the front page names the lists');
  await look(page, `${base}/admin/password_change/`, shot('password'));
  for (const list of lists) {
    const name = list.replace(`${base}/admin/`, '').replace(/\/$/, '');
    await look(page, list, shot(name));
    const rows = await links(page, '#result_list tbody a[href*="/change/"]');
    const add = await links(page, '.object-tools a.addlink');
    const tools = await links(page, '.object-tools a:not(.addlink)');
    for (const [number, url] of tools.entries()) await look(page, url, shot(`${name}-tool${number}`));
    for (const url of add) await look(page, url, shot(`${name}-add`));
    if (rows.length) {
      await look(page, rows[0], shot(`${name}-change`));
      const more = [...new Set([...await links(page, '.object-tools a.historylink'), ...await links(page, 'a.deletelink'),
        ...await links(page, '.customer-tabs a')])];
      for (const [number, url] of more.entries()) await look(page, url, shot(`${name}-more${number}`));
    }
  }
  await page.context().close();
}

try {
  await everything(1280, 'light');
  await everything(390, 'dark');
  if (folder) { await everything(1280, 'dark'); await everything(390, 'light'); }
  assert.deepEqual(wrong, []);
  process.stdout.write(`${[...seen].sort().join('\n')}\n`);
} finally {
  await browser.close();
}
