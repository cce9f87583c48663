// node phone.mjs BASE_URL TOKEN CHROMIUM [FOLDER]: write on the phone as a customer, answer over the API as an admin, and
// exit with 0 when both saw what they should. With a folder, screenshots of the way go there.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [base, token, executablePath, folder] = process.argv.slice(2);
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAD0lEQVR4nGP4z8AARFAKABvoAv5p2AMYAAAAAElFTkSuQmCC', 'base64');
const PHONE = '+447700900555';

async function api(path, body) {
  const answer = await fetch(`${base}/api/${path}`, {
    method: body ? 'POST' : 'GET', body: body && JSON.stringify(body),
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
  });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

async function until(look, what) {
  for (const end = Date.now() + 15_000; ;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < end, `never: ${what}`);
    await new Promise((go) => setTimeout(go, 100));
  }
}

const browser = await chromium.launch({
  executablePath,
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-proxy-server',
    '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
});
try {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const wrong = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (said) => { if (said.type() === 'error' && !said.text().includes('400 (Bad Request)')) wrong.push(said.text()); });
  page.on('request', (asked) => { if (!asked.url().startsWith(base) && !/^(blob|data):/.test(asked.url())) wrong.push(asked.url()); });
  const shoot = async (name) => { if (folder) await page.screenshot({ path: join(folder, `${name}.png`) }); };

  // A number that is none, and one that nobody has written from.
  await page.goto(`${base}/phone/`);
  const number = page.getByLabel('Number', { exact: true });
  await shoot('numbers');
  await number.fill('nonsense');
  await number.press('Enter');
  await page.getByRole('alert').getByText('Enter a phone number').waitFor();
  await number.fill(PHONE);
  await page.getByLabel('Name on WhatsApp').fill('Maya Perera');
  await number.press('Enter');
  const log = page.getByRole('log', { name: 'Messages' });
  const message = page.getByLabel('Message', { exact: true });
  const bubble = (text) => log.getByRole('article').filter({ hasText: text }).last();
  const theirs = (text) => log.getByRole('article', { name: 'Business' }).filter({ hasText: text }); // and not what quotes it
  const open = async (of) => { await of.hover(); await of.getByRole('button', { name: 'More' }).click(); };

  // It arrives, and the answer comes.
  await message.fill('Is the oak table bleu?');
  await message.press('Enter');
  await bubble('bleu').getByRole('img', { name: 'delivered' }).waitFor();
  const customer = await until(async () => (await api(`customers/?search=${encodeURIComponent(PHONE)}`)).results[0], 'the customer');
  assert.equal(customer.name, 'Maya Perera');
  const history = async () => (await api(`customers/${customer.id}/messages/`)).results;
  // The bubble is there before the message is.
  const arrived = (type, text) => until(async () => {
    const [first] = await history();
    return first.direction === 'inbound' && first.type === type && first.text === text && first;
  }, `${type} ${text}`);
  const send = (said) => api('messages/', { customer: customer.id, ...said });
  await send({ text: 'Hello Maya! It is, and there are chairs to match: https://shop.example/chairs' });
  await theirs('Hello Maya!').getByRole('link', { name: 'https://shop.example/chairs' }).waitFor();

  // Marked as read at the desk, once an answer went out.
  await bubble('bleu').getByRole('img', { name: 'read' }).waitFor();

  // Edit, reply, react.
  await open(bubble('bleu'));
  await page.getByRole('button', { name: 'Edit' }).click();
  assert.equal(await message.inputValue(), 'Is the oak table bleu?');
  await message.fill('Is the oak table blue?');
  await page.getByRole('button', { name: 'Send', exact: true }).click();
  await bubble('blue?').getByText('edited').waitFor();
  assert.equal((await history()).at(-1).text, 'Is the oak table blue?');
  await open(theirs('Hello Maya!'));
  await page.getByRole('button', { name: 'Reply' }).click();
  await message.fill('Lovely');
  await message.press('Enter');
  await bubble('Lovely').getByText('there are chairs to match').waitFor();
  assert.equal((await arrived('text', 'Lovely')).reply_to, (await history())[1].id);
  await theirs('Hello Maya!').getByRole('button', { name: 'More' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await theirs('Hello Maya!').getByLabel(/Reactions: ❤️/).waitFor();
  assert.deepEqual((await history())[1].reactions.map(({ emoji }) => emoji), ['❤️']);

  // A picture with its words, a location, a contact.
  await page.getByRole('button', { name: 'Attach' }).click();
  const choosing = page.waitForEvent('filechooser');
  await page.getByRole('button', { name: 'Photo or video' }).click();
  await (await choosing).setFiles({ name: 'room.png', mimeType: 'image/png', buffer: PNG });
  await message.fill('For this room');
  await message.press('Enter');
  const picture = bubble('For this room').getByRole('img', { name: 'For this room' });
  await until(() => picture.evaluate((img) => img.src.includes('/sandbox/media/') && img.naturalWidth === 2), 'the picture');
  await arrived('image', 'For this room');
  await page.getByRole('button', { name: 'Attach' }).click();
  await page.getByRole('button', { name: 'Location' }).click();
  await page.getByLabel('Name of the place').fill('Galle Face');
  await page.getByRole('dialog').getByRole('button', { name: 'Send' }).click();
  assert.deepEqual((await arrived('location', 'Galle Face')).payload, { latitude: 6.9344, longitude: 79.8428, name: 'Galle Face' });
  await page.getByRole('button', { name: 'Attach' }).click();
  await page.getByRole('button', { name: 'Contact' }).click();
  await page.getByLabel('Their name').fill('Ruwan');
  await page.getByLabel('Their number').fill('+44 7700 900777');
  await page.keyboard.press('Enter');
  await arrived('contacts', 'Ruwan');

  // A voice note.
  await page.getByRole('button', { name: 'Record voice' }).click();
  await page.getByRole('timer').getByText('0:01').waitFor();
  await page.getByRole('button', { name: 'Send recording' }).click();
  assert.equal((await arrived('audio', '')).payload.voice, true);
  const sound = log.getByLabel('Voice message').last();
  await until(() => sound.evaluate((audio) => audio.src.includes('/sandbox/media/') && audio.readyState > 0), 'the sound');

  // Buttons, a list, a template.
  const buttons = [['yes', 'Yes, please'], ['no', 'Not now']].map(([id, title]) => ({ type: 'reply', reply: { id, title } }));
  await send({ type: 'interactive', payload: { type: 'button', body: { text: 'Deliver on Friday?' }, footer: { text: 'Free of charge' }, action: { buttons } } });
  await page.getByRole('button', { name: 'Yes, please' }).click();
  assert.deepEqual((await arrived('interactive', 'Yes, please')).payload, { type: 'button_reply', button_reply: { id: 'yes', title: 'Yes, please' } });
  await until(() => page.getByRole('button', { name: 'Yes, please' }).isDisabled(), 'tapped once');
  const rows = [{ id: 'am', title: 'Morning', description: '8 to 12' }, { id: 'pm', title: 'Afternoon' }];
  await send({ type: 'interactive', payload: { type: 'list', body: { text: 'When may we come?' }, action: { button: 'Times', sections: [{ rows }] } } });
  await page.getByRole('button', { name: 'Times' }).click();
  await shoot('list');
  await page.getByRole('button', { name: 'Morning' }).click();
  await arrived('interactive', 'Morning');
  await send({ type: 'interactive', payload: { type: 'request_contact_info', body: { text: 'May we call you?' } } });
  await page.getByRole('button', { name: 'Share my number' }).click();
  await arrived('contacts', PHONE);
  if ((await api('templates/')).results.some(({ name }) => name === 'order_update')) {
    await send({ type: 'template', template: { name: 'order_update', language: 'en', parameters: { order: 'A-7', name: 'Maya', day: 'Friday' } } });
    await theirs('Hello Maya, your order A-7 arrives on Friday.').getByText('Patter demo').waitFor();
    await page.getByRole('button', { name: 'Thanks' }).click();
    await arrived('button', 'Thanks');
  }

  // Deleted at last; and after a reload everything is as it was.
  await open(bubble('Lovely'));
  await page.getByRole('button', { name: 'Delete' }).click();
  await bubble('You deleted this message').waitFor();
  await until(async () => (await history()).some(({ deleted_at }) => deleted_at), 'deleted at the desk');
  const before = await log.getByRole('article').count();
  await page.reload();
  await until(async () => (await log.getByRole('article').count()) === before, 'the same after a reload');
  await shoot('chat');

  // As narrow as a phone.
  await page.setViewportSize({ width: 390, height: 844 });
  await shoot('narrow');
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  await page.getByRole('button', { name: 'Back' }).click();
  await page.getByRole('button', { name: PHONE }).waitFor();
  await shoot('narrow-numbers');
  if (folder) {
    await page.emulateMedia({ colorScheme: 'dark' });
    await shoot('narrow-numbers-dark');
    await page.getByRole('button', { name: PHONE }).click();
    await bubble('Morning').waitFor();
    await shoot('narrow-dark');
    await page.setViewportSize({ width: 1280, height: 900 });
    await open(bubble('Morning'));
    await shoot('chat-dark');
  }
  assert.deepEqual(wrong, []);
} finally {
  await browser.close();
}
console.log('the phone did what it should');
