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

/** A caption outlives the files that are refused, and what was refused with the last one can be written on. */
export async function refusedFiles(browser, base) {
  const page = await newPage(browser, { bypassCSP: true });
  const rest = await Rest.signedIn(base, 'sam');
  const nimal = await rest.customer(NIMAL.name);
  const sent = async () => (await rest.get(`/api/customers/${nimal}/messages/`)).results.filter((one) => one.direction === 'outbound').map((one) => [one.type, one.text]);
  const bad = (name) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from('\u0000\u0001 nothing that WhatsApp takes') });
  const refused = log(page).locator('.waiting').filter({ has: page.locator('.problem') });
  await signIn(page, base, 'sam');
  await openChat(page, NIMAL.name);
  const before = await sent();
  await log(page).locator('.bubble.theirs').last().hover();
  await log(page).locator('.bubble.theirs').last().getByRole('button', { name: 'Reply' }).click();
  await message(page).fill('Both rooms');
  await page.getByLabel('Attach files').setInputFiles([{ name: 'empty.pdf', mimeType: 'application/pdf', buffer: Buffer.alloc(0) }, bad('a.bin'), picture('b.png'), picture('c.png')]);
  await page.getByRole('alert').getByText('empty.pdf is empty and cannot be sent.').waitFor();
  assert.deepEqual(await page.locator('.chosen .cut').allTextContents(), ['a.bin', 'b.png', 'c.png']);
  await send(page).click();
  await becomes(sent, () => [['image', ''], ['image', 'Both rooms'], ...before]);
  const answers = (await rest.get(`/api/customers/${nimal}/messages/`)).results.slice(0, 2).map((one) => one.reply_to_preview !== null);
  assert.deepEqual(answers, [false, true]);
  await becomes(() => refused.count(), () => 1);
  assert.equal(await refused.getByRole('button', { name: 'Edit' }).count(), 0); // its text has gone on
  await refused.getByRole('button', { name: 'Discard' }).click();

  await message(page).fill('The price list');
  await page.getByLabel('Attach files').setInputFiles([bad('a.bin'), bad('b.bin')]);
  await send(page).click();
  await becomes(() => refused.count(), () => 2);
  await accessible(page, 'files that were refused');
  await message(page).fill('Wait.');
  await refused.getByRole('button', { name: 'Edit' }).click();
  assert.equal(await message(page).inputValue(), 'Wait.\nThe price list');
  assert.equal(await message(page).evaluate((field) => field === document.activeElement), true);
  await becomes(() => refused.count(), () => 1);
  await message(page).press('Enter');
  await becomes(sent, () => [['text', 'Wait.\nThe price list'], ['image', ''], ['image', 'Both rooms'], ...before]);
}
