// node customer.mjs BASE_URL CHROMIUM [FOLDER]: drive every section of the customer pane, compare it with what REST says,
// and let axe-core look at it. With FOLDER, screenshots go there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const [base, executablePath, folder] = process.argv.slice(2);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAD0lEQVR4nGP4z8AARFAKABvoAv5p2AMYAAAAAElFTkSuQmCC', 'base64');
const tokens = {};
async function rest(as, method, path, body) {
  if (!tokens[as]) {
    const login = { username: as, password: `patter-demo-${as}-1` };
    const answer = await fetch(`${base}/api/auth/login/`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(login) });
    tokens[as] = (await answer.json()).access;
  }
  const headers = { Authorization: `Bearer ${tokens[as]}`, 'Content-Type': 'application/json' };
  const answer = await fetch(`${base}${path}`, { method, headers, body: body && JSON.stringify(body) });
  const said = answer.status === 204 ? null : await answer.json();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${JSON.stringify(said)}`);
  return said;
}
const get = (path, as = 'admin') => rest(as, 'GET', path);

const found = await get('/api/customers/?search=Nimal');
const { id } = found.results[0];
const CUSTOMER = `/api/customers/${id}/`;
const PROFILE = `/api/customers/customers/${id}/`;
const twin = await rest('admin', 'POST', '/api/customers/', {
  name: 'Nimal J', email: 'nimal@example.com', notes: 'Met at the fair.', username: 'nimalj', source: 'instagram', owner: (await get(CUSTOMER)).owner.id });
await rest('admin', 'PATCH', CUSTOMER, { email: 'nimal@example.com' }).catch(() => {});
await rest('admin', 'POST', `${PROFILE}orders/`, {
  number: 'A-1001', status: 'delivered', total: '1250.00', currency: 'USD', placed_at: '2026-01-15T10:30:00Z',
  lines: [{ name: 'Oak table', quantity: 1 }, { name: 'Chair', quantity: 6 }] });
await rest('admin', 'POST', `${PROFILE}orders/`, {
  number: 'A-1002', status: 'delivered', total: '30000.00', currency: 'LKR', exchange_rate: '0.0033', placed_at: '2026-01-16T10:30:00Z' });
await rest('admin', 'POST', `${PROFILE}wishlist/`, { product_id: 'p-7', name: 'Bench' });
await rest('admin', 'POST', `${PROFILE}reviews/`, { product_id: 'p-1', rating: 5, text: 'Solid.' });
await rest('admin', 'POST', '/api/customers/addresses/', {
  customer: id, address_type: 'shipping', first_name: 'Nimal', last_name: 'Jayasuriya', address_line1: '12 Temple Road', city: 'Kandy',
  state: 'Central', postal_code: '20000', country: 'LK' });
await rest('admin', 'POST', '/api/v1/msg/tags/', { names: ['Wholesale', 'Waits for stock'] });

const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--no-proxy-server'],
});
const errors = [];
let looking = false; // screenshots and axe-core add styles of their own

async function open(as, customer, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => { if (!looking && message.text().includes('Content Security Policy')) errors.push(message.text()); });
  await page.goto(`${base}/?chat=${customer}`);
  await page.getByLabel('Username').fill(as);
  await page.getByLabel('Password', { exact: true }).fill(`patter-demo-${as}-1`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'About the customer' }).click();
  const pane = page.getByRole('region', { name: 'Customer' });
  await pane.getByRole('heading', { level: 2 }).waitFor();
  const section = async (name) => {
    const heading = page.getByRole('heading', { level: 3, name, exact: true });
    const toggle = heading.getByRole('button');
    if ((await toggle.getAttribute('aria-expanded')) === 'false') await toggle.click();
    return pane.locator('section').filter({ has: heading });
  };
  return { page, pane, section };
}

/** What axe-core finds, and a picture. */
async function look(page, name) {
  looking = true;
  if (folder) await page.screenshot({ path: `${folder}/${name}.png` });
  // By evaluate, which the page's policy leaves alone.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  looking = false;
  const said = violations.map(({ id: rule, nodes }) => `${rule}: ${nodes.map((node) => `${node.html} ${node.failureSummary}`).join('\n')}`);
  assert.deepEqual(said, [], name);
}

const until = async (what, condition) => {
  for (const end = Date.now() + 15_000; Date.now() < end;) {
    if (await condition()) return;
    await new Promise((done) => { setTimeout(done, 50); });
  }
  assert.fail(`still waiting: ${what}`);
};
const SECTIONS = ['Tags', 'Owner', 'Data', 'Contacts', 'Orders', 'Loyalty', 'Addresses', 'WhatsApp addresses', 'Duplicates', 'Merges'];

/** What a salesperson does. Returns nothing: the database says what came of it. */
async function salesperson() {
  const { page, pane, section } = await open('sam', id);
  const heading = pane.getByRole('heading', { level: 2 });
  assert.equal(await pane.getByRole('button', { name: 'Edit details' }).count(), 0, 'only admins');

  // The name: by click and Enter, given up by Esc, and not lost when a message arrives meanwhile.
  await heading.click();
  await pane.getByRole('textbox', { name: 'Name' }).fill('Somebody else');
  await page.keyboard.press('Escape');
  assert.equal((await get(CUSTOMER)).name, 'Nimal Jayasuriya');
  await pane.getByRole('button', { name: 'Edit name' }).press('Enter');
  await pane.getByRole('textbox', { name: 'Name' }).fill('Nimal Perera');
  await rest('admin', 'POST', '/api/messages/', { customer: id, type: 'text', text: 'On our way.', client_id: 'pane-1' });
  await page.keyboard.press('Enter');
  await heading.getByText('Nimal Perera').waitFor();
  assert.equal((await get(CUSTOMER)).name, 'Nimal Perera');

  // The notes: somebody else changed them meanwhile.
  await pane.getByRole('button', { name: 'Edit notes' }).click();
  const notes = pane.getByRole('textbox', { name: 'Notes' });
  await notes.fill('Pays by card.');
  await rest('admin', 'PATCH', CUSTOMER, { notes: 'Pays in cash.' });
  await pane.getByRole('button', { name: 'Save', exact: true }).click();
  await pane.getByRole('alert').getByText('Pays in cash.').waitFor();
  assert.equal((await get(CUSTOMER)).notes, 'Pays in cash.');
  await look(page, 'notes changed meanwhile');
  await page.keyboard.press('Tab'); // the keyboard is at what was said
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Save mine');
  await page.keyboard.press('Enter');
  await notes.waitFor({ state: 'detached' });
  assert.equal((await get(CUSTOMER)).notes, 'Pays by card.');
  await rest('admin', 'PATCH', CUSTOMER, { notes: 'Pays by card.\nCall after six.' });
  await pane.getByText('Call after six.').waitFor(); // live

  // Tags: one that is there, by keyboard, and a new one.
  const tags = await section('Tags');
  assert.equal(await tags.getByRole('button', { name: 'Remove tag: Whatsapp' }).count(), 0, 'system tags stay');
  const picker = tags.getByRole('combobox', { name: 'Add a tag' });
  await picker.fill('wholes');
  await tags.getByRole('option', { name: 'Wholesale' }).waitFor();
  await picker.press('Enter');
  await tags.getByRole('listitem').filter({ hasText: 'Wholesale' }).waitFor();
  await picker.fill('Big spender');
  await tags.getByRole('option', { name: 'Create “Big spender”' }).click();
  await tags.getByRole('listitem').filter({ hasText: 'Big spender' }).waitFor();
  await tags.getByRole('button', { name: 'Remove tag: Wholesale' }).click();
  await tags.getByText('Wholesale').waitFor({ state: 'detached' });
  assert.deepEqual((await get(CUSTOMER)).tags.map((tag) => tag.name), ['Big spender', 'Whatsapp']);
  await picker.fill('w');
  await tags.getByRole('option').first().waitFor();
  await look(page, 'tags');
  await picker.press('Escape');

  // Contacts: what the server refuses is said beside the form, which stays.
  const contacts = await section('Contacts');
  await contacts.getByText('No contacts yet.').waitFor();
  await contacts.getByRole('button', { name: 'Add contact' }).click();
  await contacts.getByLabel('WhatsApp').fill('12');
  await contacts.getByLabel('Telephone').fill('+442079460000');
  await contacts.getByLabel('Email').fill('office@example.com');
  await contacts.getByRole('button', { name: 'Add', exact: true }).click();
  await contacts.getByRole('alert').getByText('WhatsApp number').waitFor();
  await look(page, 'a refused contact');
  await contacts.getByLabel('WhatsApp').fill('+447700900111');
  await contacts.getByRole('button', { name: 'Add', exact: true }).click();
  const contact = contacts.getByRole('listitem').filter({ hasText: '+447700900111' });
  await contact.waitFor();
  await contact.getByRole('button', { name: 'Make primary' }).click();
  await contact.getByText('Primary', { exact: true }).waitFor();
  await contact.getByRole('button', { name: 'Edit' }).click();
  await contacts.getByLabel('Telephone').fill('+442079460001');
  await contacts.getByRole('button', { name: 'Save', exact: true }).click();
  await contact.getByText('+442079460001').waitFor();
  await contact.getByRole('button', { name: 'Turn off' }).click();
  await contact.getByText('Off', { exact: true }).waitFor();
  const [kept] = (await get(`${CUSTOMER}contacts/`)).data.contacts;
  assert.deepEqual([kept.wa_number, kept.tp_number, kept.email, kept.is_primary, kept.is_active],
    ['+447700900111', '+442079460001', 'office@example.com', true, false]);
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Turn on', 'the focus stays');

  // Data with a file: the picture is shown, the file is downloaded under its name; replaced and removed.
  const data = await section('Data');
  await data.getByRole('button', { name: 'Add data' }).click();
  await data.getByLabel('Key').fill('Table');
  await data.getByLabel('Value').fill('Oak, 180 cm');
  await data.getByLabel('File').setInputFiles({ name: 'oak table.png', mimeType: 'image/png', buffer: PNG });
  await data.getByRole('button', { name: 'Add', exact: true }).click();
  const entry = data.getByRole('listitem').filter({ hasText: 'Table' });
  await entry.getByRole('img').scrollIntoViewIfNeeded();
  await entry.getByRole('img').evaluate((img) => img.decode());
  const download = page.waitForEvent('download');
  await entry.getByRole('link', { name: 'oak table.png', exact: true }).click();
  assert.equal((await download).suggestedFilename(), 'oak table.png');
  await entry.getByRole('button', { name: 'Edit' }).click();
  await data.getByLabel('Value').fill('Oak, 200 cm');
  await data.getByRole('button', { name: 'Save', exact: true }).click();
  await entry.getByText('Oak, 200 cm').waitFor();
  let [noted] = await get(`/api/message/customer/${id}/data/`, 'sam');
  assert.deepEqual([noted.key, noted.value, noted.file_name], ['Table', 'Oak, 200 cm', 'oak table.png']);
  await entry.getByRole('button', { name: 'Edit' }).click();
  await data.getByLabel('Remove the file').check();
  await data.getByRole('button', { name: 'Save', exact: true }).click();
  await entry.getByRole('img').waitFor({ state: 'detached' });
  [noted] = await get(`/api/message/customer/${id}/data/`, 'sam');
  assert.deepEqual([noted.value, noted.file], ['Oak, 200 cm', null]);
  await entry.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await data.getByText('Nothing noted yet.').waitFor();
  assert.deepEqual(await get(`/api/message/customer/${id}/data/`, 'sam'), []);

  // What the shop knows, read only.
  const orders = await section('Orders');
  await orders.getByText('A-1001').waitFor();
  for (const text of ['US$1,250.00', '6 × Chair', 'LKR 30,000.00', 'counts as US$99.00', 'Bench', '5 of 5']) await orders.getByText(text).waitFor();
  assert.equal(await orders.getByText('delivered').count(), 2);
  const loyalty = await section('Loyalty');
  await loyalty.getByText('bronze → silver').waitFor();
  for (const text of ['US$1,349.00', 'US$1,250.00 + LKR 30,000.00']) await loyalty.getByText(text, { exact: true }).waitFor();
  assert.equal(await loyalty.getByRole('button', { name: 'Add points' }).count(), 0, 'only admins');
  await (await section('Addresses')).getByText('12 Temple Road').waitFor();
  await look(page, 'orders');

  await merge(page, pane, section);
  await detach(page, pane, section);
  await handOver(page, pane, section);
}

/** Merge with preview, keep another value than proposed, and undo it. */
async function merge(page, pane, section) {
  const duplicates = await section('Duplicates');
  const other = duplicates.getByRole('listitem').filter({ hasText: 'Nimal J' });
  await other.getByText('Same email').waitFor();
  await other.getByRole('button', { name: 'Merge: Nimal J', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Merge Nimal J into Nimal Perera' });
  const notes = dialog.getByRole('group', { name: 'notes' });
  assert.equal(await notes.getByRole('radio', { name: 'Call after six.' }).isChecked(), true);
  await look(page, 'merge');
  assert.equal((await get(`/api/customers/${twin.id}/`)).name, 'Nimal J', 'a preview changes nothing');
  await notes.getByRole('radio', { name: 'Met at the fair.' }).check();
  await dialog.getByRole('button', { name: 'Merge' }).click();
  await page.getByRole('status').getByText('You can undo it').waitFor();
  await pane.getByText('Met at the fair.').waitFor();
  const merged = await get(CUSTOMER);
  assert.deepEqual([merged.name, merged.notes, merged.username], ['Nimal Perera', 'Met at the fair.', 'nimalj']);
  await duplicates.getByText('No other customer').waitFor();

  const merges = await section('Merges');
  await merges.getByRole('button', { name: 'Undo: Nimal J' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Undo' }).click();
  await merges.getByText('Undone').waitFor();
  await pane.getByText('Call after six.').waitFor();
  assert.deepEqual([(await get(CUSTOMER)).username, (await get(`/api/customers/${twin.id}/`)).notes], ['', 'Met at the fair.']);
}

/** Detach the address they wrote from, and confirm the phone that thereby is not trusted any more. */
async function detach(page, pane, section) {
  const identities = await section('WhatsApp addresses');
  await identities.getByRole('button', { name: 'Detach: +447700900101' }).click();
  const dialog = page.getByRole('dialog');
  await look(page, 'detach');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await get(`${CUSTOMER}identities/`))[0].detached_at, null);
  await identities.getByRole('button', { name: 'Detach: +447700900101' }).click();
  await dialog.getByRole('button', { name: 'Detach' }).click();
  await identities.getByText('Detached').waitFor();
  assert.notEqual((await get(`${CUSTOMER}identities/`))[0].detached_at, null);
  await pane.getByText('+447700900101 is not confirmed.').waitFor();
  assert.equal((await get(PROFILE)).phone_to_confirm, '+447700900101');
  await pane.getByRole('button', { name: 'Confirm phone' }).click();
  await pane.getByRole('button', { name: 'Confirm phone' }).waitFor({ state: 'detached' });
  assert.equal((await get(PROFILE)).phone_to_confirm, null);
}

async function handOver(page, pane, section) {
  const owner = await section('Owner');
  await owner.getByRole('listitem').filter({ hasText: 'Sam Silva' }).waitFor();
  await owner.getByRole('button', { name: 'Change owner' }).click();
  const dialog = page.getByRole('dialog', { name: 'Hand over' });
  await dialog.getByRole('radio', { name: 'Nadia Khan' }).check();
  await dialog.getByLabel('Note for them').fill('Wants the table by Friday.');
  await look(page, 'hand over');
  await dialog.getByRole('button', { name: 'Hand over' }).click();
  await pane.waitFor({ state: 'detached' });
  const [assignment] = (await get(`${CUSTOMER}assignments/`)).results;
  assert.deepEqual([assignment.salesperson.name, assignment.assigned_by.name, assignment.note],
    ['Nadia Khan', 'Sam Silva', 'Wants the table by Friday.']);
  await page.context().close();
}

/** What only admins do; every section open, on a screen and a phone, light and dark. */
async function admin() {
  const { page, pane, section } = await open('admin', id);
  await pane.getByRole('button', { name: 'Edit details' }).click();
  const dialog = page.getByRole('dialog', { name: 'Edit details' });
  await dialog.getByLabel('VIP').check();
  await dialog.getByLabel('Tier').selectOption('gold');
  await look(page, 'details');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await pane.getByText('VIP', { exact: true }).waitFor();
  const row = await get(CUSTOMER);
  assert.deepEqual([row.is_vip, row.loyalty_tier, row.phone], [true, 'gold', '+447700900101']);

  const loyalty = await section('Loyalty');
  await loyalty.getByRole('button', { name: 'Add points' }).click();
  await loyalty.getByLabel('Points, negative').fill('120');
  await loyalty.getByLabel('Reason').fill('First order');
  await loyalty.locator('form').getByRole('button', { name: 'Add points' }).click();
  await loyalty.getByRole('listitem').filter({ hasText: '+120' }).waitFor();
  assert.equal((await get(PROFILE)).loyalty_points, 120);

  const owner = await section('Owner');
  await owner.getByRole('listitem').filter({ hasText: 'Wants the table by Friday.' }).waitFor();
  await owner.getByRole('button', { name: 'End assignment' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End assignment' }).click();
  await owner.getByText('Nobody').waitFor();
  assert.equal((await get(CUSTOMER)).owner, null);
  await rest('admin', 'POST', '/api/assignments/', { customer: id, salesperson: (await get('/api/team/')).find((one) => one.name === 'Sam Silva').id });
  await owner.locator('strong').getByText('Sam Silva').waitFor(); // live

  // An error says what the server said, and can be tried again.
  await page.route('**/duplicates/', (route) => route.fulfill({
    status: 400, headers: { 'X-Request-ID': 'seen-in-the-log' }, contentType: 'application/json', body: '{"detail": "Not today."}' }));
  const duplicates = await section('Duplicates');
  await duplicates.getByText('Not today. Request seen-in-the-log').waitFor();
  await look(page, 'an error');
  await page.unroute('**/duplicates/');
  await duplicates.getByRole('button', { name: 'Try again' }).click();
  await duplicates.getByText('Same email').waitFor();

  // Esc closes the pane alone; the chat of a duplicate opens with the pane beside it.
  await page.keyboard.press('Escape');
  await pane.waitFor({ state: 'detached' });
  const opener = page.getByRole('button', { name: 'About the customer' });
  assert.equal(await opener.evaluate((button) => button === document.activeElement), true, 'the focus goes back');
  await opener.click();
  await (await section('Duplicates')).getByRole('button', { name: 'Open chat' }).click();
  await pane.getByRole('heading', { level: 2, name: 'Nimal J', exact: true }).waitFor();
  assert.equal(new URL(page.url()).search, `?chat=${twin.id}`);
  await page.context().close();
}

async function looks() {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 390]) {
      const { page, pane, section } = await open('admin', id, { colorScheme, viewport: { width, height: 900 } });
      await look(page, `first ${colorScheme} ${width}`);
      for (const name of SECTIONS) await section(name);
      await until('everything is loaded', () => pane.locator('[aria-busy]').count().then((count) => count === 0));
      await look(page, `all ${colorScheme} ${width}`);
      if (folder) {
        await page.setViewportSize({ width, height: 3600 });
        await page.screenshot({ path: `${folder}/whole ${colorScheme} ${width}.png` });
      }
      assert.equal(await pane.evaluate((aside) => aside.scrollWidth <= aside.parentElement.clientWidth), true, 'nothing is cut off');
      if (width === 390) await pane.getByRole('button', { name: 'Back' }).click();
      else await pane.getByRole('button', { name: 'Close' }).click();
      await pane.waitFor({ state: 'detached' });
      await page.getByRole('log', { name: 'Messages' }).waitFor();
      await page.context().close();
    }
  }
}

try {
  await salesperson();
  await admin();
  await looks();
  assert.deepEqual(errors, []);
} catch (error) {
  for (const page of browser.contexts().flatMap((context) => context.pages())) {
    console.error('alerts:', await page.getByRole('alert').allInnerTexts(), 'errors:', errors);
    if (folder) await page.screenshot({ path: `${folder}/failed.png` });
  }
  throw error;
} finally {
  await browser.close();
}
console.log('the pane did what it should');
