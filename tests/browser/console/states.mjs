// The states of chats in the console: closing, snoozing, waiting, counts, and who takes new chats.
import assert from 'node:assert/strict';
import { accessible, becomes, chats, customerWrites, log, message, newPage, NIMAL, openChat, Rest, row, sameAsRest, signIn, write } from './desk.mjs';

const counted = (page, name) => page.getByRole('group', { name: 'Which chats' }).getByRole('button', { name });
const names = (page) => chats(page).getByRole('link').allTextContents();

/** A salesperson answers who waits, snoozes and closes the chat, and goes away. */
export async function states(browser, base) {
  const page = await newPage(browser, { bypassCSP: true });
  const rest = await Rest.signedIn(base, 'sam');
  const nimal = await rest.customer(NIMAL.name);
  const state = async () => (await rest.get(`/api/customers/${nimal}/`)).state;
  await signIn(page, base, 'sam');
  await customerWrites(base, NIMAL.phone, 'Are you open today?');
  await counted(page, /^Waiting 1$/).click();
  await becomes(() => names(page), () => [NIMAL.name]);
  await chats(page).getByText(/^waiting \d+ (s|min)$/).waitFor();
  await accessible(page, 'waiting chats');

  // Who was answered waits no more, and leaves the list when another chat is opened.
  await openChat(page, NIMAL.name);
  await write(page, 'We are, until six.');
  await counted(page, /^Waiting 0$/).waitFor();
  await chats(page).getByText(/^waiting/).waitFor({ state: 'detached' });
  await counted(page, /^Waiting/).click();

  await page.getByRole('button', { name: 'More about this chat' }).click();
  await accessible(page, 'more about a chat');
  await page.getByRole('button', { name: 'Tomorrow morning' }).click();
  await counted(page, /^Snoozed 1$/).waitFor();
  await page.locator('.chat-head').getByText('Snoozed').waitFor();
  assert.equal(await state(), 'snoozed');
  await customerWrites(base, NIMAL.phone, 'See you at five.'); // wakes the chat
  await counted(page, /^Snoozed 0$/).waitFor();
  assert.equal(await state(), 'open');

  // What is marked as unread stays so, though it was open, and the keyboard goes on where it was in the list.
  await page.getByRole('button', { name: 'More about this chat' }).click();
  await page.getByRole('button', { name: 'Mark as unread' }).click();
  await log(page).waitFor({ state: 'detached' });
  await chats(page).getByText('1 unread').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), NIMAL.name);
  await page.keyboard.press('Enter');
  await chats(page).getByText('1 unread').waitFor({ state: 'detached' });

  await page.getByRole('button', { name: 'Close chat' }).click();
  await counted(page, /^Closed 1$/).click();
  await becomes(() => names(page), () => [NIMAL.name]);
  assert.equal(await state(), 'closed');
  await page.getByRole('button', { name: 'Reopen chat' }).click();
  await becomes(state, () => 'open');
  await counted(page, /^Closed/).click();

  // A question lies over what was said before, and has the place where a refusal would be said.
  await page.locator('.note').first().waitFor();
  await page.getByRole('button', { name: 'More about this chat' }).click();
  await page.getByRole('button', { name: 'Block this customer' }).click();
  await page.locator('dialog .feedback').waitFor({ state: 'attached' });
  await becomes(() => page.locator('dialog').count(), () => 1);
  assert.deepEqual([await page.locator('.note').count(), await page.locator('dialog .feedback').count()], [0, 1]);
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Your availability: Online' }).click();
  await page.getByRole('button', { name: 'Your availability: Away' }).waitFor();
  assert.equal((await rest.get('/api/auth/me/')).availability, 'away');
  await page.getByRole('button', { name: 'Your availability: Away' }).click();
  await becomes(async () => (await rest.get('/api/auth/me/')).availability, () => 'online');
  await handOverSaysWho(page);
}

/** The dialog says who would get the chat, and who is there. */
async function handOverSaysWho(page) {
  await row(page, NIMAL.name).click();
  await log(page).waitFor();
  await page.getByRole('button', { name: 'Hand over' }).click();
  await page.getByText('By the rules, this customer stays with Sam Silva.').waitFor();
  await page.getByText(/\d+ open chats?/).first().waitFor();
  await accessible(page, 'hand over');
  await page.keyboard.press('Escape');
}

/** Of two who take a chat that is nobody's, the first gets it; the other hears who did. */
export async function claim(browser, base) {
  const admin = await Rest.signedIn(base, 'admin');
  const made = await admin.post('/api/customers/', { name: 'Nobody Yet', phone: '+447700900177', source: 'whatsapp' });
  await customerWrites(base, '+447700900177', 'Hello?');
  if ((await admin.get(`/api/customers/${made.id}/`)).owner) throw new Error('the chat was given to somebody');
  const [sam, nadia] = [await newPage(browser), await newPage(browser)];
  // Who opens it first sees whose it is, the other who is here.
  for (const [page, name, said] of [[sam, 'sam', 'Unassigned · +447700900177'], [nadia, 'nadia', 'Sam Silva is here, too']]) {
    await signIn(page, base, name);
    await page.getByRole('button', { name: 'Unassigned' }).click();
    await chats(page).getByText('Unassigned').first().waitFor();
    await openChat(page, 'Nobody Yet');
    await page.locator('.chat-head').getByText(said).waitFor();
  }
  await sam.getByRole('button', { name: 'Take this chat' }).click();
  await sam.locator('.chat-head').getByText('Owner: Sam Silva').waitFor();
  await nadia.getByText('Nobody Yet now belongs to somebody else.').waitFor();
  assert.ok(!(await names(nadia)).includes('Nobody Yet'));
  await phoneShowsWhatIsNobodys(browser, base, admin);
}

/** Where the buttons above a chat have no room, what to do with one that is nobody's stands there all the same. */
async function phoneShowsWhatIsNobodys(browser, base, admin) {
  await admin.post('/api/customers/', { name: 'Another One', phone: '+447700900178', source: 'whatsapp' });
  await customerWrites(base, '+447700900178', 'Anybody?');
  const page = await newPage(browser, { viewport: { width: 390, height: 800 }, bypassCSP: true });
  await signIn(page, base, 'nadia');
  await openChat(page, 'Another One');
  await page.getByText('Nobody looks after this customer yet.').waitFor();
  await accessible(page, 'a chat that is nobody’s');
  await page.getByRole('button', { name: 'Take this chat' }).click();
  await page.locator('.chat-head').getByText('Owner: Nadia Khan').waitFor();
  await page.getByText('Nobody looks after this customer yet.').waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'More about this chat' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Hand over' }).waitFor();
}

/** A manager sees whose the chats of the team are, and can look at their own alone. */
export async function manager(browser, base) {
  const admin = await Rest.signedIn(base, 'admin');
  const [sam, nadia] = ['Sam Silva', 'Nadia Khan'].map((name) => async () => (await admin.get('/api/team/')).find((one) => one.name === name).id);
  const page = await newPage(browser);
  await signIn(page, base, 'sam');
  await row(page, NIMAL.name).waitFor();
  const mine = page.getByRole('button', { name: 'Mine', exact: true });
  assert.equal(await mine.count(), 0); // all chats are
  await admin.post('/api/teams/', { name: 'Showroom', members: [await nadia()], managers: [await sam()] });
  const theirs = chats(page).getByRole('listitem').filter({ hasText: 'Ishara Fernando' });
  await theirs.getByText('Nadia Khan').waitFor();
  await mine.click();
  // The list is empty for a moment.
  const shown = async () => { const all = await names(page); return ['Ishara Fernando', NIMAL.name].map((name) => all.includes(name)); };
  await becomes(shown, () => [false, true]);
}

/** The page with the response times shows what the report says, and hands out the CSV. */
export async function reports(browser, base) {
  const page = await newPage(browser, { bypassCSP: true });
  await signIn(page, base, 'admin');
  await customerWrites(base, NIMAL.phone, 'What does the table cost?');
  await openChat(page, NIMAL.name);
  await write(page, 'It is 300 pounds.');
  await log(page).locator('.bubble', { hasText: '300 pounds' }).getByRole('img', { name: 'read', exact: true }).waitFor();
  await page.getByRole('link', { name: 'Response times' }).click();
  await page.getByRole('heading', { name: 'Response times' }).waitFor();
  await page.getByRole('listitem', { name: /^Sam Silva: median \d+ (s|min), p90 \d+ (s|min)$/ }).first().waitFor();
  await accessible(page, 'response times');
  const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download CSV' }).click()]);
  assert.match(file.suggestedFilename(), /^response-times-.*\.csv$/);
  await page.getByRole('combobox').selectOption('day');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('rowheader', { name: new Date().toISOString().slice(0, 10) }).waitFor();
  await longTimes(page);
  await page.getByLabel('From').fill('');
  await page.getByRole('button', { name: 'Download CSV' }).click();
  assert.equal(await page.evaluate(() => document.activeElement.name), 'from'); // it is asked for, as by Show
  await page.getByLabel('From').fill('2030-01-01');
  await page.getByRole('button', { name: 'Show' }).click();
  await page.getByRole('alert').filter({ hasText: /\S/ }).first().waitFor(); // begins after its end
}

/** Times of more than an hour are shown in two units. */
async function longTimes(page) {
  const answer = '**/api/reports/response-times/?*';
  await page.route(answer, async (route) => {
    const response = await route.fetch();
    const report = await response.json();
    const [row] = report.rows;
    row.first_response = { median: 3599.9, p90: 12_059.5 };
    row.response = { median: 86_400, p90: 190_859.5 };
    await route.fulfill({ response, json: report });
  });
  await page.getByRole('button', { name: 'Show' }).click();
  for (const took of ['median 59 min, p90 3 h 20 min', 'median 1 day, p90 2 days 5 h']) {
    await page.getByRole('listitem', { name: took }).waitFor();
  }
  await page.getByRole('cell', { name: '2 days 5 h' }).waitFor();
  await page.unroute(answer);
}

/** What was written without a network is not sent over what a colleague answered meanwhile, unless one says so. */
export async function overtaken(browser, base) {
  const page = await newPage(browser);
  const admin = await Rest.signedIn(base, 'admin');
  const nimal = await admin.customer(NIMAL.name);
  await customerWrites(base, NIMAL.phone, 'Do you deliver on Mondays?');
  await signIn(page, base, 'sam');
  await openChat(page, NIMAL.name);
  await log(page).getByText('Do you deliver on Mondays?').waitFor();
  await page.context().setOffline(true);
  await write(page, 'Yes, on Mondays.');
  await admin.post('/api/messages/', { customer: nimal, text: 'No, only on Fridays.' });
  await page.context().setOffline(false);
  const mine = log(page).locator('.bubble.waiting', { hasText: 'Yes, on Mondays.' });
  await mine.getByText(/^Ada Perera has answered meanwhile/).waitFor();
  const sent = async () => (await admin.get(`/api/customers/${nimal}/messages/`)).results.filter((one) => one.text === 'Yes, on Mondays.').length;
  assert.equal(await sent(), 0);
  await mine.getByRole('button', { name: 'Send anyway' }).click();
  await log(page).locator('.bubble', { hasText: 'Yes, on Mondays.' }).getByRole('img', { name: 'read', exact: true }).waitFor();
  assert.equal(await sent(), 1);
  await answeredWhileTyping(page, base, admin, nimal);
}

/** Nor is what somebody types while the answer of a colleague appears; what the customer writes is no reason to ask. */
async function answeredWhileTyping(page, base, admin, customer) {
  await customerWrites(base, NIMAL.phone, 'Which colours?');
  await log(page).getByText('Which colours?').waitFor();
  await message(page).pressSequentially('Green and');
  await customerWrites(base, NIMAL.phone, 'I like green');
  await log(page).getByText('I like green').waitFor();
  await message(page).pressSequentially(' blue');
  await message(page).press('Enter');
  await log(page).locator('.bubble', { hasText: 'Green and blue' }).getByRole('img', { name: 'read', exact: true }).waitFor();
  await message(page).pressSequentially('Also re');
  await admin.post('/api/messages/', { customer, text: 'Only green.' });
  await log(page).getByText('Only green.').waitFor();
  await message(page).pressSequentially('d');
  await message(page).press('Enter');
  const mine = log(page).locator('.bubble.waiting', { hasText: 'Also red' });
  await mine.getByText(/^Ada Perera has answered meanwhile: “Only green.”/).waitFor();
  await mine.getByRole('button', { name: 'Discard' }).click();
  await mine.waitFor({ state: 'detached' });
}

/** Sam is about to answer when an admin hands the chat to Nadia. */
export async function handOver(browser, base) {
  const sam = await newPage(browser);
  const nadia = await newPage(browser);
  const ada = await newPage(browser);
  await Promise.all([signIn(sam, base, 'sam'), signIn(nadia, base, 'nadia'), signIn(ada, base, 'admin')]);
  const rest = { sam: await Rest.signedIn(base, 'sam'), nadia: await Rest.signedIn(base, 'nadia'), ada: await Rest.signedIn(base, 'admin') };
  const nimal = await rest.sam.customer(NIMAL.name);
  await openChat(ada, NIMAL.name);
  await openChat(sam, NIMAL.name);
  await ada.getByText('Sam Silva is here, too').waitFor();
  await message(sam).pressSequentially('Let me just che');
  await ada.getByText('Sam Silva is typing…').waitFor();

  const team = await rest.ada.get('/api/team/');
  await rest.ada.post('/api/assignments/', { customer: nimal, salesperson: team.find((one) => one.name === 'Nadia Khan').id });
  await sam.getByText('Nimal Jayasuriya now belongs to somebody else. What you had begun to write is kept.').waitFor();
  await log(sam).waitFor({ state: 'detached' });
  await sameAsRest(sam, rest.sam);
  await openChat(nadia, NIMAL.name);
  await write(nadia, 'Nadia here. How can I help?');
  await log(nadia).locator('.bubble', { hasText: 'Nadia here' }).getByRole('img', { name: 'read', exact: true }).waitFor();
  await sameAsRest(nadia, rest.nadia, nimal);
  await sameAsRest(ada, rest.ada, nimal);

  // And back: what Sam had begun is still there.
  await rest.ada.post('/api/assignments/', { customer: nimal, salesperson: team.find((one) => one.name === 'Sam Silva').id });
  await openChat(sam, NIMAL.name);
  assert.equal(await message(sam).inputValue(), 'Let me just che');
  await log(nadia).waitFor({ state: 'detached' });

  // A row that the keyboard is on goes like any other.
  await sam.keyboard.press('Escape');
  await sam.keyboard.press('Escape');
  assert.equal(await sam.evaluate(() => document.activeElement.textContent), NIMAL.name);
  await rest.ada.post('/api/assignments/', { customer: nimal, salesperson: team.find((one) => one.name === 'Nadia Khan').id });
  await sameAsRest(sam, rest.sam);
}
