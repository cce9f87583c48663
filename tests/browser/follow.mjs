// node follow.mjs CHROMIUM: read {"base", "desk", "customer", "lastSeq", "client"} from the first line of the input, follow
// the chat with the client's code in a page of Patter, and print all that it was told, a JSON line whenever that
// changes, until the input ends.
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const { base, desk, customer, lastSeq, client } = JSON.parse((await lines.next()).value);

const browser = await chromium.launch({
  executablePath: process.argv[2],
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-proxy-server'],
});
try {
  const page = await browser.newPage();
  await page.exposeFunction('told', (said) => console.log(JSON.stringify(said)));
  page.on('pageerror', (error) => console.error(String(error)));
  const start = `
    const said = { seqs: [], synced: 0, ended: null };
    follow(${JSON.stringify(desk)}, ${customer}, {
      lastSeq: ${JSON.stringify(lastSeq)},
      onFrame: async (frame) => { if ('seq' in frame) { said.seqs.push(frame.seq); await told(said); } },
      onSync: async () => { said.synced += 1; await told(said); },
      onEnd: (code, reason) => { said.ended = [code, reason]; told(said); },
    });`;
  await page.goto(`${base}/livez`); // any page of Patter: browsers keep others from talking to this machine
  await page.addScriptTag({ content: client + start });
  await lines.next();
} finally {
  await browser.close();
}
