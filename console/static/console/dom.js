/** Building elements. Texts are always text nodes, so nothing that a customer writes is ever markup. */

/**
 * @typedef {Node | string | number | false | null | undefined} Child
 * @typedef {{[K in keyof GlobalEventHandlersEventMap as `on${K}`]?: (event: GlobalEventHandlersEventMap[K]) => unknown}} Listeners
 * @typedef {Listeners & Record<string, unknown>} Props  true and false set and remove an attribute
 */

/**
 * Make an element: `h('button', { class: 'main', onclick: send }, 'Send')`.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Props | null} [props]
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) set(element, name, value);
  element.append(...nodes(children));
  return element;
}

/** @param {Element} element @param {string} name @param {unknown} value */
function set(element, name, value) {
  if (name.startsWith('on')) element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
  else if (value === true) element.setAttribute(name, '');
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
}

/** @param {(Child | Child[])[]} children @returns {(Node | string)[]} */
function nodes(children) {
  return children
    .flat()
    .filter((child) => child !== false && child !== null && child !== undefined)
    .map((child) => (child instanceof Node ? child : String(child)));
}

/**
 * Show these children instead of what an element holds.
 *
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
}

/**
 * Like `fill`, unless it shows the same already: that stays, and with it the focus.
 *
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function refill(element, ...children) {
  const now = element.cloneNode();
  if (now instanceof Element) fill(now, ...children);
  if (!now.isEqualNode(element)) element.replaceChildren(...now.childNodes);
}

/**
 * Put nodes in their order, and touch none that is in its place: the focus and what plays stay.
 *
 * @param {HTMLElement} parent
 * @param {HTMLElement[]} nodes
 */
export function reconcile(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(/** @type {HTMLElement} */ (child))) child.remove();
  nodes.forEach((node, place) => {
    const there = parent.children[place];
    if (there !== node) parent.insertBefore(node, there ?? null);
  });
}

/** Outlines on a grid of 24, drawn with the colour of the text. */
const ICONS = {
  attach: 'M21 11.5 12.5 20a5.5 5.5 0 0 1-8-8L13 3.5a3.7 3.7 0 0 1 5.2 5.2L9.8 17a1.8 1.8 0 0 1-2.6-2.6L15 6.7',
  back: 'M15 5l-7 7 7 7',
  bell: 'M6 16V11a6 6 0 0 1 12 0v5l2 2H4zM10 21h4',
  chart: 'M4 20h16M7 20v-7M12 20V5M17 20v-10',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  close: 'M6 6l12 12M18 6L6 18',
  down: 'M6 9l6 6 6-6',
  edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  file: 'M6 3h8l4 4v14H6zM14 3v4h4',
  forward: 'M4 12h15M13 6l6 6-6 6',
  help: 'M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.5',
  list: 'M8 7h12M8 12h12M8 17h12M4 7h.01M4 12h.01M4 17h.01',
  lock: 'M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3',
  mic: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5.5 11a6.5 6.5 0 0 0 13 0M12 17.5V21',
  more: 'M12 5a1 1 0 1 0 .01 0zM12 11a1 1 0 1 0 .01 0zM12 17a1 1 0 1 0 .01 0z',
  pin: 'M12 21s7-6.5 7-11a7 7 0 0 0-14 0c0 4.500 7 11 7 11zM12 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  plus: 'M12 5v14M5 12h14',
  reply: 'M9 6l-5 5 5 5M4 11h9a7 7 0 0 1 7 7',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5',
  send: 'M4 12l16-8-5 16-4-6z',
  smile: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8.500 14.500a4.500 4.500 0 0 0 7 0M9 9.500h.01M15 9.500h.01',
  stop: 'M7 7h10v10H7z',
  template: 'M4 5h16v14H4zM4 10h16M9 10v9',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0',
  warning: 'M12 4l9 16H3zM12 10v4M12 17h.01',
};

/**
 * An icon beside a text, or in a button that has a name: screen readers pass over it.
 *
 * @param {keyof typeof ICONS} name
 */
export function icon(name) {
  const space = 'http://www.w3.org/2000/svg';
  const picture = document.createElementNS(space, 'svg');
  picture.setAttribute('viewBox', '0 0 24 24');
  picture.setAttribute('class', 'icon');
  picture.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', ICONS[name]);
  picture.append(path);
  return picture;
}

/**
 * A button that shows only an icon. `name` is what it is called, and shown when the pointer rests on it.
 *
 * @param {keyof typeof ICONS} picture
 * @param {string} name
 * @param {(event: MouseEvent) => void} onclick
 * @param {Props} [more]
 */
export function iconButton(picture, name, onclick, more) {
  return h('button', { type: 'button', class: 'bare', 'aria-label': name, title: name, onclick, ...more }, icon(picture));
}

/**
 * Load styles that are seldom needed, once.
 *
 * @param {string} file  beside this one
 * @returns {Promise<unknown>}
 */
export function styles(file) {
  const href = new URL(file, import.meta.url).href;
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  return new Promise((done, failed) => {
    const link = h('link', { rel: 'stylesheet', href, onload: done, onerror: () => { link.remove(); failed(new TypeError(`not loaded, as a module: ${file}`)); } });
    document.head.append(link);
  });
}

/**
 * A file that a page of another origin cannot name, for `<img>` and links.
 *
 * @param {string | null | undefined} url
 */
export function safeUrl(url) {
  return url && /^(https?:|blob:|\/)/.test(url) ? url : undefined;
}
