// The screen changes while somebody works on it: they stay where they are.
import assert from 'node:assert/strict';
import { becomes, chats, customerWrites, log, newPage, NIMAL, openChat, Rest, row, signIn, write } from './desk.mjs';

/** What has the focus: its name, or its text. */
const focused = (page) => page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent);

/** Ticks and reactions that come keep the place of the keyboard, an open menu, and a text that is marked. */
export async function bubbles(browser, base) {
  const page = await newPage(browser);
  const letGo = await holdTicks(page);
  await signIn(page, base, 'sam');
  await openChat(page, NIMAL.name);
  await write(page, 'Do you like it?');
  const mine = log(page).locator('.bubble', { hasText: 'Do you like it?' }).last();
  await mine.getByRole('img', { name: 'sent', exact: true }).waitFor();
  await log(page).focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.equal(await focused(page), 'React 👍');
  await mine.locator('.text').evaluate((text) => document.getSelection().selectAllChildren(text));
  letGo();
  await mine.getByRole('img', { name: 'read', exact: true }).waitFor();
  assert.equal(await focused(page), 'React 👍');
  assert.equal(await page.evaluate(() => String(document.getSelection())), 'Do you like it?');

  // The menu goes, not the chat; and after something was chosen in it.
  await page.keyboard.press('Escape');
  assert.deepEqual([await focused(page), await mine.locator('.picker').isVisible()], ['React', false]);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Enter');
  await mine.locator('.reactions').waitFor();
  assert.deepEqual([await focused(page), await mine.locator('.picker').isVisible()], ['React', false]);
  await sentMeanwhile(page);
}

/** What waits to be sent becomes another bubble when it is: the focus goes on to that. */
async function sentMeanwhile(page) {
  await page.context().setOffline(true);
  await write(page, 'Written offline');
  await log(page).locator('.waiting', { hasText: 'Written offline' }).focus();
  await page.context().setOffline(false);
  await log(page).locator('.bubble:not(.waiting)', { hasText: 'Written offline' }).last().waitFor();
  await becomes(() => page.evaluate(() => document.activeElement.querySelector('.text')?.textContent), () => 'Written offline');
}

/** A button that waits for the server keeps the focus, and does its work once. */
export async function buttons(browser, base) {
  const page = await newPage(browser);
  const asked = [];
  page.on('request', (request) => { if (request.method() === 'POST' && /\/(close|reopen)\//.test(request.url())) asked.push(request.url().split('/').at(-2)); });
  await signIn(page, base, 'sam');
  await openChat(page, NIMAL.name);
  await page.getByRole('button', { name: 'Close chat' }).focus();
  for (const [key, name] of [['Enter', 'Reopen chat'], ['Space', 'Close chat']]) {
    await page.keyboard.press(key);
    await page.keyboard.press(key);
    await page.getByRole('button', { name }).waitFor();
    await page.locator('.chat-head [aria-busy]').waitFor({ state: 'detached' });
    assert.equal(await focused(page), name);
  }
  assert.deepEqual(asked, ['close', 'reopen']);
}

/** What happens to a customer draws nothing anew that stays the same; who goes back in the browser is where they were. */
export async function news(browser, base) {
  const page = await newPage(browser);
  const rest = await Rest.signedIn(base, 'admin');
  await signIn(page, base, 'sam');
  await openChat(page, NIMAL.name);
  await page.getByRole('button', { name: 'About the customer' }).click();
  await page.locator('.customer').getByRole('link', { name: NIMAL.phone }).focus();
  await customerWrites(base, NIMAL.phone, 'Is it still there?');
  await chats(page).getByText('Is it still there?').waitFor();
  assert.equal(await focused(page), NIMAL.phone);

  // One who has not written yet can be sent templates alone.
  const [{ id: sam }, { id }] = [(await rest.get('/api/team/')).find((one) => one.name === 'Sam Silva'),
    await rest.post('/api/customers/', { name: 'Silent Sue', phone: '+447700900188', source: 'manual' })];
  await rest.post('/api/assignments/', { customer: id, salesperson: sam });
  await page.getByLabel('Search', { exact: true }).fill('Silent Sue');
  await openChat(page, 'Silent Sue');
  await page.locator('.composer .notice').getByRole('button', { name: 'Templates' }).focus();
  await rest.post(`/api/v1/msg/customer/${id}/tags/${(await rest.post('/api/v1/msg/tags/', { name: `Quiet ${id}` })).id}/`, {});
  await chats(page).getByText(`Quiet ${id}`).waitFor();
  assert.equal(await focused(page), 'Templates');

  await page.goBack();
  await page.locator('.chat-head').getByText(NIMAL.name).waitFor();
  await page.getByLabel('Search', { exact: true }).fill('');
  await row(page, NIMAL.name).waitFor();
  await log(page).focus();
  await page.goBack();
  await log(page).waitFor({ state: 'detached' });
  assert.equal(await focused(page), NIMAL.name);
}

/** Keep back that messages were delivered and read, until the function that is returned is called. */
async function holdTicks(page) {
  let held = [];
  await page.routeWebSocket(/\/ws\/chat\//, (socket) => {
    socket.connectToServer().onMessage((frame) => {
      const { type, data } = JSON.parse(frame);
      if (held && type === 'message_status' && data.status !== 'sent') held.push(() => socket.send(frame));
      else socket.send(frame);
    });
  });
  return () => {
    for (const send of held) send();
    held = null;
  };
}

/** Who reads further up sees how many messages have come; what is written from right to left is shown so. */
export async function arriving(browser, base) {
  const page = await newPage(browser, { viewport: { width: 1280, height: 400 } });
  await signIn(page, base, 'sam');
  await openChat(page, NIMAL.name);
  for (let number = 1; number < 5; number += 1) await write(page, `Line ${number}\n\n\n`);
  await log(page).locator('.bubble', { hasText: 'Line 4' }).last().getByRole('img', { name: 'read', exact: true }).waitFor();
  await log(page).hover();
  await page.mouse.wheel(0, -500);
  const down = page.locator('.to-end');
  await down.waitFor();
  await page.getByRole('button', { name: 'Go to the end', exact: true }).waitFor();
  await customerWrites(base, NIMAL.phone, 'مرحبا!');
  await page.getByRole('button', { name: '1 new. Go to the end' }).click();
  await down.waitFor({ state: 'hidden' });
  for (const shown of [log(page).locator('.text', { hasText: 'مرحبا!' }).last(), chats(page).locator('.last', { hasText: 'مرحبا!' })]) {
    const [first, last] = await shown.evaluate((element) => {
      const text = document.createTreeWalker(element, NodeFilter.SHOW_TEXT).nextNode();
      const at = (place) => { const range = new Range(); range.setStart(text, place); range.setEnd(text, place + 1); return range.getBoundingClientRect().left; };
      return [at(0), at(text.length - 1)];
    });
    assert.ok(last < first, 'the sign at the end stands on the left');
  }

  // A filter that is pressed is as wide as before: what stands beside it does not move.
  const places = () => page.locator('.filter').evaluateAll((all) => all.map((one) => [one.offsetLeft, one.offsetTop, one.offsetWidth]));
  await page.getByRole('button', { name: /^Closing soon 0/ }).waitFor();
  const before = await places();
  await page.getByRole('button', { name: /^Closing soon/ }).click();
  assert.deepEqual(await places(), before);
}

/** What is found in a chat that fits on the screen has nothing below it to go to; once it no longer fits, it has. */
export async function foundShort(browser, base) {
  const page = await newPage(browser, { viewport: { width: 1280, height: 2400 } });
  for (const text of ['Where is my walnut sideboard?', 'Hello?', 'Is anybody there?', 'Please answer.']) await customerWrites(base, NIMAL.phone, text);
  await signIn(page, base, 'sam');
  await page.getByLabel('Search', { exact: true }).fill('walnut');
  await page.getByRole('button', { name: 'Messages', exact: true }).click();
  await page.getByRole('button', { name: /walnut sideboard/ }).click();
  await log(page).locator('.bubble:focus', { hasText: 'walnut sideboard' }).waitFor();
  const toEnd = page.getByRole('button', { name: 'Go to the end' });
  const fits = () => log(page).evaluate((one) => one.scrollHeight <= one.clientHeight);
  assert.equal(await fits(), true);
  await becomes(() => toEnd.count(), () => 0, 5_000);
  await page.setViewportSize({ width: 1280, height: 500 });
  await becomes(fits, () => false);
  await log(page).evaluate((one) => { one.scrollTop = 0; });
  await toEnd.click();
  await becomes(() => toEnd.count(), () => 0, 5_000);
}
