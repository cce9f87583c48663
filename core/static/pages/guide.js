// Contents are open beside the text, and folded away above it where there is no room. Code can be copied.
'use strict';

const contents = document.querySelector('.contents');
const narrow = matchMedia('(max-width: 60rem)');
const fold = () => { contents.open = !narrow.matches; };
narrow.addEventListener('change', fold);
fold();
contents.addEventListener('click', (event) => {
  if (narrow.matches && event.target.closest('a')) contents.open = false;
});

for (const code of document.querySelectorAll('pre > code')) {
  const language = /language-(\w+)/.exec(code.className)?.[1];
  const frame = document.createElement('div');
  frame.className = 'code';
  const bar = document.createElement('div');
  bar.className = 'bar';
  bar.append({ bash: 'curl', js: 'JavaScript', python: 'Python' }[language] ?? language ?? '');
  if (navigator.clipboard) {
    const copy = document.createElement('button');
    copy.type = 'button';
    copy.textContent = 'Copy';
    copy.addEventListener('click', async () => {
      await navigator.clipboard.writeText(code.textContent);
      copy.textContent = 'Copied';
      setTimeout(() => { copy.textContent = 'Copy'; }, 1500);
    });
    bar.append(copy);
  }
  code.parentElement.replaceWith(frame);
  frame.append(bar, code.parentElement);
}
