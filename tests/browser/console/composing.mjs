// What the composer holds back, and what it gives back: texts that are too long, files that are refused.
import assert from 'node:assert/strict';
import { accessible, becomes, customerWrites, log, message, newPage, NIMAL, openChat, Rest, signIn, write } from './desk.mjs';

const send = (page) => page.getByRole('button', { name: 'Send', exact: true });
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAD0lEQVR4nGP4z8AARFAKABvoAv5p2AMYAAAAAElFTkSuQmCC', 'base64');
const picture = (name) => ({ name, mimeType: 'image/png', buffer: PNG });

/** A text that is too long stays whole, says so while it is, and goes out once it fits; so does a caption. */
export async function tooLong(browser, base) {
  const page = await newPage(browser, { bypassCSP: true });
  const rest = await Rest.signedIn(base, 'sam');
  const nimal = await rest.customer(NIMAL.name);
  const sent = async () => (await rest.get(`/api/customers/${nimal}/messages/`)).results.filter((one) => one.direction === 'outbound').map((one) => one.text);
  await signIn(page, base, 'sam');
  await openChat(page, NIMAL.name);
  const before = await sent();
  const whole = 'word '.repeat(826) + 'end'; // 4,133 characters
  await message(page).focus();
  await page.keyboard.insertText(whole);
  await page.getByText('4,133 of 4,096 characters', { exact: true }).waitFor();
  await accessible(page, 'a text that is too long');
  await message(page).press('Enter');
  await send(page).click();
  assert.equal(await message(page).inputValue(), whole);
  assert.equal(await log(page).locator('.waiting').count(), 0);
  await page.reload();
  await page.getByText('4,133 of 4,096 characters', { exact: true }).waitFor();
  assert.equal(await message(page).inputValue(), whole);
  assert.deepEqual(await sent(), before);
  const fits = '\u{1F642}'.repeat(4096); // characters, not units of UTF-16
  await message(page).fill(fits);
  await page.getByText(/of 4,096 characters/).waitFor({ state: 'detached' });
  await message(page).press('Enter');
  await becomes(sent, () => [fits, ...before]);

  const caption = 'c'.repeat(1025);
  await message(page).fill(caption);
  await page.getByLabel('Attach files').setInputFiles(picture('room.png'));
  await page.getByText('1,025 of 1,024 characters with a file', { exact: true }).waitFor();
  await send(page).click();
  assert.deepEqual([await message(page).inputValue(), await log(page).locator('.waiting').count()], [caption, 0]);
  const lines = `${'c'.repeat(1000)}\n\n${'d'.repeat(20)}`; // a form carries each line's end as two
  await message(page).fill(lines);
  await page.getByText(/of 1,024 characters/).waitFor({ state: 'detached' });
  await send(page).click();
  await becomes(async () => (await sent()).map((one) => one.replaceAll('\r', '')), () => [lines, fits, ...before]);
}

/** What Patter sends by itself is nobody's: it says so above its bubble, and where a customer answers it. */
export async function automatic(browser, base) {
  const admin = await Rest.signedIn(base, 'admin');
  const page = await newPage(browser, { bypassCSP: true });
  await signIn(page, base, 'sam');
  await openChat(page, NIMAL.name);
  await admin.put('/api/working-hours/', { time_zone: 'UTC', week: {}, holidays: [], away_message: 'We are closed.' });
  await customerWrites(base, NIMAL.phone, 'Anybody there?');
  const away = log(page).locator('.bubble.ours', { hasText: 'We are closed.' });
  await away.waitFor();
  assert.equal(await away.locator('.sender').textContent(), 'Automatic');
  assert.equal(await away.getAttribute('aria-label'), 'Automatic');
  await accessible(page, 'a message that Patter sent');
  await becomes(() => away.getByRole('button', { name: 'Reply' }).count(), () => 1);
  await away.hover();
  await away.getByRole('button', { name: 'Reply' }).click();
  await write(page, 'I am here all the same.');
  const mine = log(page).locator('.bubble.ours:not(.waiting)', { hasText: 'I am here all the same.' });
  await mine.waitFor();
  assert.deepEqual([await mine.locator('.sender').count(), await mine.locator('.quote strong').textContent()], [0, 'Automatic']);
}
