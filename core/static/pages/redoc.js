'use strict';

const system = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
const mono = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace';

Redoc.init('/swagger.json', {
  expandResponses: '200,201',
  hideHostname: true,
  pathInMiddlePanel: true,
  requiredPropsFirst: true,
  theme: {
    colors: { primary: { main: '#0f766e' } },
    typography: { fontFamily: system, headings: { fontFamily: system }, code: { fontFamily: mono } },
  },
}, document.getElementById('redoc'));
