// What admins are told about our numbers, and messages with buttons, lists and links.
import assert from 'node:assert/strict';
import { accessible, becomes, customerWrites, log, message, newPage, NIMAL, openChat, Rest, signIn } from './desk.mjs';

const lines = (page) => page.getByRole('status', { name: 'Our numbers' });
/** With a folder, the screen as it is now is kept there. */
const look = (page, name) => (process.env.PICTURES ? page.screenshot({ path: `${process.env.PICTURES}/${name}.png` }) : undefined);

/** An admin hears that a number pauses, why, and that it is back; who comes later sees it, salespeople hear nothing. */
export async function numbers(browser, base) {
  const desk = await newPage(browser, { bypassCSP: true });
  const later = await newPage(browser, { bypassCSP: true, viewport: { width: 390, height: 800 }, colorScheme: 'dark' });
  const sales = await newPage(browser);
  await signIn(desk, base, 'admin');
  await signIn(sales, base, 'sam');
  assert.equal(await lines(desk).isVisible(), false);

  const office = await newPage(browser);
  await inAdmin(office, base, 'Pause sending', 'The office moves today.');
  const line = lines(desk).getByText(/ sends nothing\. Messages wait\. The office moves today\./);
  await line.waitFor();
  await accessible(desk, 'a paused number');
  await look(desk, 'numbers-1280-light');
  assert.equal(await lines(sales).count(), 0);

  await signIn(later, base, 'admin');
  await lines(later).getByRole('link', { name: 'Django admin says why' }).waitFor();
  await accessible(later, 'a paused number, narrow');
  await look(later, 'numbers-390-dark');
  await later.getByRole('button', { name: /^Close the line about / }).click();
  await lines(later).waitFor({ state: 'hidden' });

  await inAdmin(office, base, 'Resume sending');
  await lines(desk).waitFor({ state: 'hidden' });
  await desk.getByText(/ sends again\.$/).waitFor();
  await becomes(() => later.getByText(/ sends again\.$/).count(), () => 1);
}

/** An admin does something to the one number in Django admin. */
async function inAdmin(page, base, does, reason) {
  await page.goto(`${base}/admin/messaging/businessnumber/`);
  if (await page.locator('#id_username').count()) {
    await page.locator('#id_username').fill('admin');
    await page.locator('#id_password').fill('patter-demo-admin-1');
    await page.locator('input[type=submit]').click();
  }
  await page.locator('#result_list tbody th a').first().click();
  await page.getByRole('button', { name: does }).click();
  if (reason) await page.locator('#id_given-reason').fill(reason);
  await page.getByRole('button', { name: does }).click();
  await page.getByText(/^1 (paused|sends again)\.$/).waitFor();
}

/** Reply buttons, a list and a link are written, seen before they are sent, and answered on the customer's phone. */
export async function choices(browser, base) {
  const page = await newPage(browser, { bypassCSP: true });
  const phone = await newPage(browser, { viewport: { width: 390, height: 800 } });
  const rest = await Rest.signedIn(base, 'sam');
  const nimal = await rest.customer(NIMAL.name);
  await customerWrites(base, NIMAL.phone, 'When can you deliver?');
  await phone.goto(`${base}/phone/`);
  await phone.getByLabel('Number').fill(NIMAL.phone);
  await phone.getByLabel('Number').press('Enter');
  await signIn(page, base, 'sam');
  await openChat(page, NIMAL.name);

  // With the keyboard alone; what was begun in the chat is the text.
  await message(page).fill('Which day suits you?');
  await page.getByRole('button', { name: 'Buttons, list or link' }).press('Enter');
  await page.getByLabel('Text', { exact: true }).waitFor();
  assert.equal(await page.getByLabel('Text', { exact: true }).inputValue(), 'Which day suits you?');
  await page.keyboard.press('Tab');
  for (const day of ['Monday', 'Tuesday']) {
    await page.keyboard.type(day);
    await page.keyboard.press('Enter');
  }
  await page.keyboard.type('Monday');
  await page.getByRole('group', { name: 'Preview' }).getByText('Tuesday').waitFor();
  await page.getByRole('button', { name: 'Send', exact: true }).last().click();
  assert.match(await page.getByRole('textbox', { name: 'Button 3' }).evaluate((field) => field.validationMessage), /cannot say the same/);
  await page.getByRole('textbox', { name: 'Button 3' }).fill('Any other day is fine');
  await page.getByText('21 of 20').waitFor();
  assert.match(await page.getByRole('textbox', { name: 'Button 3' }).evaluate((field) => field.validationMessage), /takes 20 characters/);
  await page.getByRole('textbox', { name: 'Button 3' }).fill('Another day');
  assert.equal(await page.getByRole('button', { name: 'Add a button' }).isVisible(), false);
  await page.getByLabel('Header (optional)').fill('Delivery');
  await accessible(page, 'reply buttons');
  await look(page, 'buttons-1280-light');
  await page.getByRole('button', { name: 'Send', exact: true }).last().press('Enter');
  await log(page).locator('.bubble.ours', { hasText: 'Which day suits you?' }).getByText('Tuesday').last().waitFor();
  assert.equal(await message(page).inputValue(), '');
  await log(phone).getByRole('button', { name: 'Tuesday' }).last().click();
  await log(page).locator('.bubble.theirs', { hasText: 'Tuesday' }).last().waitFor();

  await dialog(page, 'List');
  await page.getByLabel('Text', { exact: true }).fill('At what time?');
  await page.getByLabel('Choice 1', { exact: true }).fill('Morning');
  await page.getByLabel('Description of choice 1').fill('8 to 12');
  await page.getByLabel('Choice 2', { exact: true }).fill('Evening');
  await page.getByRole('button', { name: 'Add a choice' }).click();
  await page.keyboard.type('At night');
  await page.getByRole('button', { name: 'Remove Choice 3' }).click();
  await page.getByRole('button', { name: 'Send', exact: true }).last().click();
  await log(page).locator('.bubble.ours', { hasText: 'At what time?' }).getByText('8 to 12').last().waitFor();

  await dialog(page, 'Link');
  await page.getByLabel('Text', { exact: true }).fill('Here is our catalogue.');
  await page.getByLabel('Label of the button').fill('Look');
  await page.getByRole('textbox', { name: 'Address' }).fill('ftp://shop.example/');
  await page.getByRole('button', { name: 'Send', exact: true }).last().click();
  assert.equal(await page.getByRole('textbox', { name: 'Address' }).evaluate((field) => field.validity.patternMismatch), true);
  await page.getByRole('textbox', { name: 'Address' }).fill('https://shop.example/');
  await page.getByRole('button', { name: 'Send', exact: true }).last().click();
  await log(page).getByRole('link', { name: 'Look' }).last().waitFor();
  await asStored(rest, nimal);
  await narrow(browser, base);
}

/** Open the dialog at one of its kinds. */
async function dialog(page, kind) {
  await page.getByRole('button', { name: 'Buttons, list or link' }).click();
  await page.getByRole('radio', { name: kind, exact: true }).check({ force: true });
}

/** What went out is what Meta takes, and nothing of it was refused. */
async function asStored(rest, nimal) {
  const sent = async () => (await rest.get(`/api/customers/${nimal}/messages/`)).results.filter((one) => one.type === 'interactive' && one.direction === 'outbound').slice(0, 3).reverse();
  await becomes(async () => (await sent()).map((one) => one.status), () => ['read', 'read', 'read']);
  const [buttons, list, link] = (await sent()).map((one) => one.payload);
  assert.deepEqual(buttons.header, { type: 'text', text: 'Delivery' });
  assert.deepEqual(buttons.action.buttons.map((one) => one.reply.title), ['Monday', 'Tuesday', 'Another day']);
  assert.deepEqual(list.action.sections, [{ rows: [{ id: 'choice-1', title: 'Morning', description: '8 to 12' }, { id: 'choice-2', title: 'Evening' }] }]);
  assert.deepEqual(link.action.parameters, { display_text: 'Look', url: 'https://shop.example/' });
}

/** On a phone, in the dark, nothing is wider than the screen. */
async function narrow(browser, base) {
  const page = await newPage(browser, { bypassCSP: true, viewport: { width: 390, height: 800 }, colorScheme: 'dark' });
  await signIn(page, base, 'sam');
  await openChat(page, NIMAL.name);
  await look(page, 'composer-390-dark');
  for (const kind of ['Buttons', 'List', 'Link']) {
    await dialog(page, kind);
    await page.getByLabel('Text', { exact: true }).fill('At what time may we come? '.repeat(20));
    await accessible(page, `${kind}, narrow`);
    await look(page, `${kind.toLowerCase()}-390-dark`);
    assert.equal(await page.evaluate(() => Math.max(document.documentElement.scrollWidth, document.querySelector('dialog').scrollWidth) <= innerWidth), true);
    await page.keyboard.press('Escape');
  }
}
