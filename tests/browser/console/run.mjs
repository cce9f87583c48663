// node run.mjs BASE_URL CHROMIUM SCENARIO: play one scenario of the console in a browser; exit with 0 when all was right.
import { launch, noErrors } from './desk.mjs';
import * as composing from './composing.mjs';
import * as faults from './faults.mjs';
import * as focus from './focus.mjs';
import * as said from './scenarios.mjs';
import * as sending from './sending.mjs';
import * as states from './states.mjs';

const [base, chromium, name] = process.argv.slice(2);
const browser = await launch(chromium);
try {
  await { ...composing, ...faults, ...focus, ...said, ...sending, ...states }[name](browser, base);
  noErrors();
} finally {
  await browser.close();
}
process.exit(0);
