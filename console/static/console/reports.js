/** The page with the response times: how long customers waited for an answer, as charts and as a table. */

/** @import { ResponseTimes, ResponseTimesReport } from './types.js' */

import { Api } from './api.js';
import { fill, h } from './dom.js';
import { complain, feedback } from './feedback.js';
import { sending } from './form.js';
import { spanInFull } from './format.js';
import { texts } from './texts_reports.js';

const DAYS = 30;
const api = new Api();
const shown = h('div', { class: 'stack', 'aria-live': 'polite' });

/** @param {Date} day  its date here, as the API writes dates */
const isoDay = (day) => new Date(day.getTime() - day.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);

/** @param {'first_response' | 'response'} what @param {string} title @param {ResponseTimes[]} rows */
function chart(what, title, rows) {
  const longest = Math.max(1, ...rows.map((row) => row[what].p90 ?? 0));
  return h('figure', null, h('figcaption', null, title),
    h('ul', { class: 'bars' }, rows.map((row) => {
      const { median, p90 } = row[what];
      const [half, most] = [took(median), took(p90)];
      return h('li', { 'aria-label': texts.bar(nameOf(row), half, most) },
        h('span', { class: 'bar-name cut', 'aria-hidden': 'true' }, nameOf(row)),
        h('span', { class: 'bar-track', 'aria-hidden': 'true' }, bar('p90', p90, longest), bar('median', median, longest)),
        h('span', { class: 'bar-value soft small', 'aria-hidden': 'true' }, median === null ? half : `${half} / ${most}`));
    })));
}

/** @param {string} name @param {number | null} seconds @param {number} longest */
function bar(name, seconds, longest) {
  const element = h('span', { class: `filled ${name}` });
  element.style.width = `${((seconds ?? 0) / longest) * 100}%`;
  return element;
}

/** @param {number | null} seconds */
function took(seconds) {
  return seconds === null ? texts.noAnswers : spanInFull(seconds);
}

/** @param {ResponseTimes} row */
function nameOf({ key }) {
  return key.name || texts.nobody;
}

/** @param {ResponseTimesReport} report */
function table({ by, rows }) {
  const head = [texts.ways[by], texts.conversations, texts.answered, texts.unanswered].map((one) => h('th', { scope: 'col', rowspan: 2 }, one));
  return h('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': texts.title }, h('table', null,
    h('thead', null,
      h('tr', null, head, [texts.first, texts.every].map((one) => h('th', { scope: 'colgroup', colspan: 2 }, one))),
      h('tr', null, [texts.median, texts.p90, texts.median, texts.p90].map((one) => h('th', { scope: 'col' }, one)))),
    h('tbody', null, rows.map((row) => h('tr', null,
      h('th', { scope: 'row' }, nameOf(row)),
      [row.conversations, row.answered, row.unanswered].map((one) => h('td', null, one)),
      [row.first_response, row.response].flatMap(({ median, p90 }) => [median, p90]).map((one) => h('td', null, took(one))))))));
}

/** @param {ResponseTimesReport} report */
function draw(report) {
  if (!report.rows.length) return fill(shown, h('p', { class: 'notice' }, texts.nothing));
  return fill(shown, h('div', { class: 'charts' },
    chart('first_response', texts.first, report.rows), chart('response', texts.every, report.rows)),
  h('p', { class: 'legend soft small' }, h('span', { class: 'filled median' }), texts.median, h('span', { class: 'filled p90' }), texts.p90),
  h('p', { class: 'soft' }, texts.unit), table(report));
}

/** @param {Record<string, FormDataEntryValue>} query */
async function save(query) {
  const csv = await api.file('/api/reports/response-times.csv', query);
  const link = h('a', { href: URL.createObjectURL(csv), download: `response-times-${query.from}-${query.to}.csv` });
  link.click();
  URL.revokeObjectURL(link.href);
}

function page() {
  const today = new Date();
  /** @param {string} label @param {HTMLElement} field */
  const labelled = (label, field) => h('label', null, h('span', null, label), field);
  const asked = () => Object.fromEntries(new FormData(form));
  const { problem, button, onsubmit } = sending(texts.show, async () => draw(await api.get('/api/reports/response-times/', asked())));
  const form = h('form', { class: 'row wrap asking', onsubmit },
    labelled(texts.from, h('input', { type: 'date', name: 'from', required: true, value: isoDay(new Date(today.getTime() - (DAYS - 1) * 86_400_000)) })),
    labelled(texts.to, h('input', { type: 'date', name: 'to', required: true, value: isoDay(today) })),
    labelled(texts.by, h('select', { name: 'by' }, Object.entries(texts.ways).map(([way, name]) => h('option', { value: way }, name)))),
    button,
    h('button', { type: 'button', onclick: () => { if (form.reportValidity()) void save(asked()).catch(complain); } }, texts.spreadsheet));
  fill(shown, h('p', { class: 'soft', role: 'status' }, texts.loading));
  document.body.append(h('main', { class: 'report stack' },
    h('p', null, h('a', { href: '/' }, texts.desk)), h('h1', null, texts.title), form, problem, shown), feedback);
  form.requestSubmit();
}

/** The desk signs people in, and shows them where they wanted to go. */
const toDesk = () => location.replace('/');

if (api.session.known) {
  api.session.addEventListener('end', toDesk);
  page();
} else toDesk();
