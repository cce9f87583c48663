/** What the page with the response times says. */

export const texts = {
  title: 'Response times',
  desk: 'Back to the desk',
  from: 'From',
  to: 'To',
  by: 'By',
  ways: { owner: 'Salesperson', team: 'Team', number: 'Number', day: 'Day' },
  show: 'Show',
  spreadsheet: 'Download CSV',
  unit: 'In working time. Half of the customers waited no longer than the median, nine of ten no longer than p90.',
  first: 'Time to the first answer',
  every: 'Time to each answer',
  median: 'Median',
  p90: 'p90',
  noAnswers: 'no answers',
  nobody: 'Nobody',
  conversations: 'Conversations',
  answered: 'Answered',
  unanswered: 'Unanswered',
  nothing: 'Nobody wrote in this period.',
  loading: 'Loading…',
  /** @param {string} name @param {string} median @param {string} p90 */
  bar: (name, median, p90) => `${name}: median ${median}, p90 ${p90}`,
};
