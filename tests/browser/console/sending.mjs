// What admins are told about our numbers.
import assert from 'node:assert/strict';
import { accessible, becomes, newPage, signIn } from './desk.mjs';

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
