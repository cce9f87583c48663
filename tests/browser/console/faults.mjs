// What goes wrong around somebody who works: the connection, the session, the chat itself.
import assert from 'node:assert/strict';
import { becomes, log, newPage, NIMAL, row, signIn } from './desk.mjs';

/** What is loaded only when it is opened cannot be opened without a network: that is said, and it opens later. */
export async function unloaded(browser, base) {
  const page = await newPage(browser);
  await signIn(page, base, 'sam');
  await row(page, NIMAL.name).waitFor();
  const said = page.getByRole('alert').getByText('The server cannot be reached. Check your connection.');
  await page.context().setOffline(true);
  await page.getByRole('button', { name: 'Second factor' }).click();
  await said.waitFor();
  await page.getByRole('button', { name: 'Keyboard' }).click();
  await becomes(() => said.count(), () => 1); // once, although it was asked for twice
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await row(page, NIMAL.name).click();
  await page.locator('.chat-place').getByText('The server cannot be reached.').waitFor();
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Try again' }).click();
  await log(page).waitFor();

  await page.context().setOffline(true);
  await page.getByRole('button', { name: 'About the customer' }).click();
  await said.waitFor();
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'About the customer' }).click();
  await page.locator('.customer').waitFor();
  assert.equal(await page.locator('.customer > header').evaluate((head) => getComputedStyle(head).position), 'sticky'); // styles and all
}
