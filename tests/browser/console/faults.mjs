// What goes wrong around somebody who works: the connection, the session, the chat itself.
import assert from 'node:assert/strict';
import { accessible, becomes, chats, customerWrites, log, newPage, NIMAL, openChat, Rest, row, signIn, write } from './desk.mjs';

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

/** Dialogs about a chat go with it, those of the desk with the session: none lies over what comes next. */
export async function dialogs(browser, base) {
  const page = await newPage(browser);
  const open = page.getByRole('dialog');
  const rest = await Rest.signedIn(base, 'admin');
  const [id, team] = [await rest.customer(NIMAL.name), await rest.get('/api/team/')];
  const give = (name) => rest.post('/api/assignments/', { customer: id, salesperson: team.find((one) => one.name === name).id });
  await signIn(page, base, 'sam');
  for (const [button, kept] of [['More about this chat', 0], ['Hand over', 0], ['Templates', 0], ['New customer', 1]]) {
    await openChat(page, NIMAL.name);
    await page.getByRole('button', { name: button }).click();
    await open.waitFor();
    await give('Nadia Khan');
    await page.getByText(`${NIMAL.name} now belongs to somebody else.`).last().waitFor();
    await log(page).waitFor({ state: 'detached' });
    await becomes(() => open.count(), () => kept);
    await give('Sam Silva');
  }
  await page.getByLabel('Name').fill('Half written');
  await page.getByLabel('Phone').fill(NIMAL.phone);
  await open.getByRole('button', { name: 'Add' }).click();
  await open.locator('form').getByRole('alert').getByText(/already exists/).waitFor(); // beside what is to be mended
  await page.keyboard.press('Escape');

  await openChat(page, NIMAL.name);
  await page.getByRole('button', { name: 'Buttons, list or link' }).click();
  await open.waitFor();
  await page.goBack();
  await becomes(() => open.count(), () => 0);
  await page.getByRole('button', { name: 'Keyboard' }).click();
  await open.waitFor();
  const other = await page.context().newPage();
  await other.goto(base);
  await other.getByRole('button', { name: 'Sign out' }).click();
  await page.getByText('You are signed out.').waitFor();
  await becomes(() => open.count(), () => 0);
}

/** What the server does not take is said wherever one is by then, and the list shows where it waits. */
export async function refusedElsewhere(browser, base) {
  const page = await newPage(browser, { bypassCSP: true });
  const rest = await Rest.signedIn(base, 'admin');
  const [id, team] = [await rest.customer(NIMAL.name), await rest.get('/api/team/')];
  const give = (name) => rest.post('/api/assignments/', { customer: id, salesperson: team.find((one) => one.name === name).id });
  await signIn(page, base, 'sam');
  await openChat(page, NIMAL.name);
  await page.context().setOffline(true);
  await write(page, 'Yes, on Mondays.');
  await rest.post('/api/messages/', { customer: id, text: 'No, only on Fridays.' });
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await log(page).waitFor({ state: 'detached' });
  await page.context().setOffline(false);
  await page.getByRole('alert').getByText(/^What you wrote to Nimal Jayasuriya was not sent\. Ada Perera has answered meanwhile: “No, only on Fridays\.”/).waitFor();
  await chats(page).getByText('not sent').waitFor();
  await accessible(page, 'a message that was not sent');
  await openChat(page, NIMAL.name);
  await log(page).locator('.waiting').getByRole('button', { name: 'Send anyway' }).click();
  await log(page).locator('.bubble:not(.waiting)', { hasText: 'Yes, on Mondays.' }).last().waitFor();
  await chats(page).getByText('not sent').waitFor({ state: 'detached' });

  await page.context().setOffline(true);
  await write(page, 'Too late');
  await give('Nadia Khan');
  await page.context().setOffline(false);
  await page.getByRole('alert').getByText('A message was not sent, because its chat now belongs to somebody else.').waitFor();
}

/** Texts and names without an end leave every control on the screen. */
export async function longTexts(browser, base) {
  const page = await newPage(browser, { viewport: { width: 390, height: 800 } });
  const text = `https://shop.example/${'tables-and-chairs-'.repeat(30)} ${'and so on '.repeat(60)}`;
  await customerWrites(base, NIMAL.phone, text);
  await signIn(page, base, 'sam');
  await openChat(page, NIMAL.name);
  const asked = log(page).locator('.bubble', { hasText: 'tables-and-chairs' }).last();
  await asked.hover();
  await asked.getByRole('button', { name: 'Reply' }).click();
  await page.getByLabel('Attach files').setInputFiles({ name: `${'price list '.repeat(20)}.txt`, mimeType: 'text/plain', buffer: Buffer.from('x') });
  await page.locator('.chosen').waitFor();
  const outside = () => page.evaluate(() => [...document.querySelectorAll('.chat button, .chat textarea, .chat input')]
    .filter((one) => one.checkVisibility() && !one.closest('.actions'))
    .filter((one) => { const { left, right } = one.getBoundingClientRect(); return left < 0 || right > innerWidth; }).map((one) => one.outerHTML));
  assert.deepEqual(await outside(), []);
  await page.getByRole('button', { name: 'No reply' }).click();

  // Whatever is said of a chat in the list has its place, and the time that is left stands at the end.
  const admin = await Rest.signedIn(base, 'admin');
  const id = await admin.customer(NIMAL.name);
  for (const name of ['Wholesale customers of the north', 'Returns']) {
    await admin.post(`/api/v1/msg/customer/${id}/tags/${(await admin.post('/api/v1/msg/tags/', { name: `${name} ${id}` })).id}/`, {});
  }
  const wide = await newPage(browser);
  await signIn(wide, base, 'admin');
  const shown = chats(wide).getByRole('listitem').filter({ hasText: NIMAL.name });
  const fits = () => shown.locator('.marks').evaluate((marks) => marks.scrollWidth <= marks.clientWidth && marks.lastChild.matches('time-left'));
  await shown.getByText(/^waiting/).waitFor();
  assert.ok(await fits());
  await admin.post(`/api/customers/${id}/snooze/`, { until: new Date(Date.now() + 3_600_000).toISOString() });
  await shown.getByText('Snoozed').waitFor();
  assert.ok(await fits());
}
