// Scenarios of the console: what a salesperson does, and what must not go wrong when something else does.
import assert from 'node:assert/strict';
import {
  accessible, becomes, chats, customerWrites, log, message, newPage, NIMAL, openChat, please, Rest, row, sameAsRest, signIn, write,
} from './desk.mjs';

/** Sign in, read, answer, search, stay signed in, sign out. */
export async function tour(browser, base) {
  const page = await newPage(browser);
  await page.goto(base);
  await page.getByLabel('Username').fill('sam');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').getByText('username or password').waitFor();
  await signIn(page, base, 'sam');
  const rest = await Rest.signedIn(base, 'sam');
  const nimal = await rest.customer(NIMAL.name);
  await sameAsRest(page, rest);

  // A customer writes: the row says so, without a reload, and the title counts.
  await customerWrites(base, NIMAL.phone, 'Do you have matching chairs?');
  await chats(page).getByText('Do you have matching chairs?').waitFor();
  await becomes(() => page.title(), () => '(1) Patter');
  await openChat(page, NIMAL.name);
  await log(page).getByText('Do you have matching chairs?').waitFor();
  assert.equal(new URL(page.url()).search, `?chat=${nimal}`);
  await becomes(() => page.title(), () => 'Patter'); // it was read

  await write(page, 'We do, six of them.');
  await log(page).locator('.bubble', { hasText: 'six of them' }).getByRole('img', { name: 'read', exact: true }).waitFor();
  await sameAsRest(page, rest, nimal);
  await customerWrites(base, NIMAL.phone, 'I take all six.');
  await log(page).getByText('I take all six.').waitFor();
  await sameAsRest(page, rest, nimal);

  // A reload keeps the session, the chat and what was begun.
  await message(page).fill('Not finished');
  await page.waitForTimeout(500);
  await page.reload();
  await log(page).getByText('I take all six.').waitFor();
  assert.equal(await message(page).inputValue(), 'Not finished');
  await message(page).fill('');

  await page.getByLabel('Search', { exact: true }).fill('matching');
  await page.getByRole('button', { name: 'Messages', exact: true }).click();
  await page.getByRole('button', { name: /matching chairs/ }).click();
  await log(page).locator('.bubble:focus', { hasText: 'matching chairs' }).waitFor();
  await page.getByRole('button', { name: 'Customers', exact: true }).click();
  await page.getByLabel('Search', { exact: true }).fill('tom');
  await becomes(() => chats(page).getByRole('link').allTextContents(), () => ['Tom Weber']);
  await page.getByLabel('Search', { exact: true }).fill('');

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('Username').waitFor();
  await page.reload();
  await page.getByLabel('Username').waitFor();
}

/** A message crosses between the customer's phone and the desk, and the answer comes back. */
export async function crossing(browser, base) {
  const phone = await newPage(browser, { viewport: { width: 390, height: 800 } });
  const desk = await newPage(browser);
  await signIn(desk, base, 'sam');
  await phone.goto(`${base}/phone/`);
  await phone.getByLabel('Number').fill(NIMAL.phone);
  await phone.getByLabel('Number').press('Enter');
  await write(phone, 'Is it oak or ash?');
  await chats(desk).getByText('Is it oak or ash?').waitFor();
  await openChat(desk, NIMAL.name);
  await write(desk, 'Oak, from Galle.');
  await log(phone).getByText('Oak, from Galle.').waitFor();
  await log(desk).locator('.bubble', { hasText: 'Oak, from Galle.' }).getByRole('img', { name: 'read', exact: true }).waitFor();
  await log(phone).locator('.bubble', { hasText: 'Is it oak or ash?' }).getByRole('img', { name: 'read', exact: true }).waitFor();
}

/** What the composer sends: files, voice notes, replies, reactions, templates. */
export async function composer(browser, base) {
  const page = await newPage(browser);
  await signIn(page, base, 'sam');
  const rest = await Rest.signedIn(base, 'sam');
  const nimal = await rest.customer(NIMAL.name);
  await openChat(page, NIMAL.name);
  await message(page).fill('Like this?');
  const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAD0lEQVR4nGP4z8AARFAKABvoAv5p2AMYAAAAAElFTkSuQmCC', 'base64');
  await page.getByLabel('Attach files').setInputFiles({ name: 'room.png', mimeType: 'image/png', buffer: png });
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await log(page).getByRole('link', { name: 'Open the picture' }).waitFor();

  await page.getByRole('button', { name: 'Record voice' }).click();
  await page.waitForTimeout(1500);
  await page.getByRole('button', { name: 'Send recording' }).click();
  const voice = log(page).locator('audio');
  await voice.waitFor();
  await becomes(() => voice.evaluate((audio) => audio.duration > 0.5 && audio.duration < 10), () => true);

  const asked = log(page).locator('.bubble.theirs', { hasText: 'And do you deliver?' });
  await asked.hover();
  await asked.getByRole('button', { name: 'Reply' }).click();
  await write(page, 'Every Friday.');
  await log(page).locator('.bubble.ours', { hasText: 'Every Friday.' }).locator('.quote', { hasText: 'And do you deliver?' }).waitFor();
  await asked.hover();
  await asked.getByRole('button', { name: 'React', exact: true }).click();
  await asked.getByRole('button', { name: 'React 👍' }).click();
  await asked.locator('.reactions').waitFor();

  await page.getByRole('button', { name: 'Templates' }).click();
  await page.getByRole('button', { name: /order_update/ }).click();
  for (const [name, value] of [['order', '4711'], ['name', 'Nimal'], ['day', 'Monday']]) await page.getByLabel(`Value for ${name}`).fill(value);
  await page.getByRole('button', { name: 'Send template' }).click();
  await log(page).getByText('Hello Nimal, your order 4711 arrives on Monday.').waitFor();

  const { results } = await rest.get(`/api/customers/${nimal}/messages/`);
  const types = results.filter((one) => one.direction === 'outbound').map((one) => one.type);
  assert.deepEqual(types.slice(0, 4), ['template', 'text', 'audio', 'image']);
  assert.equal(results.find((one) => one.type === 'audio').media.mime_type, 'audio/ogg');
  assert.equal(results.find((one) => one.type === 'image').text, 'Like this?');
  await becomes(async () => (await rest.get(`/api/customers/${nimal}/messages/`)).results.every((one) => one.direction === 'inbound' || one.status === 'read'), () => true);
  await sameIds(page, rest, nimal);
}

async function sameIds(page, rest, customer) {
  const shown = () => page.evaluate(() => [...document.querySelectorAll('.log .bubble')].map((bubble) => Number(bubble.dataset.id)));
  await becomes(shown, async () => (await rest.get(`/api/customers/${customer}/messages/?page_size=50`)).results.reverse().map((one) => one.id));
}

/** The server dies, the network goes away, the laptop sleeps: afterwards nothing is missing, and nothing is there twice. */
export async function faults(browser, base) {
  const page = await newPage(browser);
  await page.clock.install();
  await signIn(page, base, 'sam');
  const rest = await Rest.signedIn(base, 'sam');
  const nimal = await rest.customer(NIMAL.name);
  await openChat(page, NIMAL.name);
  await write(page, 'Before anything');
  await sameAsRest(page, rest, nimal);

  await please('kill');
  await write(page, 'While the server is dead');
  await log(page).locator('.waiting', { hasText: 'While the server is dead' }).waitFor();
  await page.getByText('Connecting to the server again…').waitFor();
  await page.reload().catch(() => {}); // the page itself comes from the server, too
  await please('start');
  await page.goto(`${base}/?chat=${nimal}`);
  await log(page).locator('.bubble:not(.waiting)', { hasText: 'While the server is dead' }).waitFor();
  await customerWrites(base, NIMAL.phone, 'Are you there?');
  await sameAsRest(page, rest, nimal);

  await please('kill');
  await please('start');
  await customerWrites(base, NIMAL.phone, 'While the page did not listen');
  await log(page).getByText('While the page did not listen').waitFor();
  await sameAsRest(page, rest, nimal);

  await page.context().setOffline(true);
  await write(page, 'Written offline');
  await customerWrites(base, NIMAL.phone, 'While the laptop slept');
  await page.clock.fastForward('10:00');
  await page.clock.fastForward('10:00');
  await page.context().setOffline(false);
  await log(page).getByText('While the laptop slept').waitFor();
  await log(page).locator('.bubble:not(.waiting)', { hasText: 'Written offline' }).waitFor();
  await sameAsRest(page, rest, nimal);

  const { results } = await rest.get(`/api/customers/${nimal}/messages/?page_size=50`);
  const texts = results.map((one) => one.text);
  for (const text of ['Before anything', 'While the server is dead', 'Written offline']) assert.equal(texts.filter((one) => one === text).length, 1, text);
}

/** Tokens of a minute: the page renews them, and two tabs share one session. */
export async function expiry(browser, base) {
  const page = await newPage(browser);
  await signIn(page, base, 'sam');
  const second = await page.context().newPage();
  await second.goto(base);
  const rest = await Rest.signedIn(base, 'sam');
  const nimal = await rest.customer(NIMAL.name);
  await openChat(page, NIMAL.name);
  await openChat(second, NIMAL.name);
  await page.waitForTimeout(75_000);
  const fresh = await Rest.signedIn(base, 'sam');
  await customerWrites(base, NIMAL.phone, 'Still with me?');
  for (const one of [page, second]) {
    await log(one).getByText('Still with me?').waitFor();
    await sameAsRest(one, fresh, nimal);
  }
  await page.getByRole('button', { name: 'Sign out' }).click();
  await second.getByLabel('Username').waitFor();
}

/** Redis goes away and comes back: what happened meanwhile is on the screen. */
export async function redisAway(browser, base) {
  const page = await newPage(browser);
  await signIn(page, base, 'sam');
  const rest = await Rest.signedIn(base, 'sam');
  const nimal = await rest.customer(NIMAL.name);
  await openChat(page, NIMAL.name);
  await please('stop redis');
  await customerWrites(base, NIMAL.phone, 'Can you hear me?');
  await please('start redis');
  await log(page).getByText('Can you hear me?').waitFor({ timeout: 60_000 });
  await write(page, 'Loud and clear');
  await sameAsRest(page, rest, nimal);
}

/** Every screen, light and dark, wide and narrow, is as accessible as axe-core can tell, and nothing sticks out. */
export async function screens(browser, base) {
  for (const colorScheme of ['light', 'dark']) {
    for (const width of [1280, 390]) {
      const page = await newPage(browser, { viewport: { width, height: 800 }, colorScheme, bypassCSP: true });
      const look = async (what) => {
        const where = `${what}, ${colorScheme}, ${width} px`;
        await accessible(page, where);
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), where);
      };
      await page.goto(base);
      await page.getByLabel('Username').waitFor();
      await look('sign-in');
      await signIn(page, base, 'admin');
      await row(page, NIMAL.name).waitFor();
      await look('list');
      await page.getByRole('button', { name: 'Notifications' }).click();
      await look('notifications');
      await page.keyboard.press('Escape');
      await page.keyboard.press('?');
      await page.getByRole('dialog').getByText('Next chat').waitFor();
      await look('keys');
      await page.keyboard.press('Escape');
      await openChat(page, NIMAL.name);
      await log(page).getByText('And do you deliver?').waitFor();
      await look('chat');
      await page.getByRole('button', { name: 'Templates' }).click();
      await page.getByRole('button', { name: /order_update/ }).click();
      await look('template');
      await page.context().close();
    }
  }
}

/** All by keyboard: down the list, into a chat, an answer, to a message above, and back. */
export async function keyboard(browser, base) {
  const page = await newPage(browser);
  await signIn(page, base, 'sam');
  await row(page, NIMAL.name).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), NIMAL.name);
  await page.keyboard.press('Enter');
  await message(page).waitFor();
  await becomes(() => page.evaluate(() => document.activeElement.getAttribute('aria-label')), () => 'Message');
  await page.keyboard.type('By keyboard');
  await page.keyboard.press('Enter');
  // A message whose ticks change is drawn anew.
  await log(page).locator('.bubble', { hasText: 'By keyboard' }).getByRole('img', { name: 'read', exact: true }).waitFor();
  await log(page).focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Reply');
  await page.keyboard.press('Enter');
  await page.keyboard.type('As I said');
  await page.keyboard.press('Enter');
  await log(page).locator('.bubble.ours', { hasText: 'As I said' }).locator('.quote').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await log(page).waitFor({ state: 'detached' });
  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Search');
}
