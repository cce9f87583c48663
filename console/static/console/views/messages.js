/** The log of a chat: what was loaded, what waits to be sent, and scrolling that never jumps. */

/** @import { Message } from '../types.js' */
/** @import { Thread } from '../thread.js' */
/** @import { Entry } from '../outbox.js' */
/** @import { BubbleHandlers } from './bubble.js' */

import { fill, h, icon, reconcile } from '../dom.js';
import { complain } from '../feedback.js';
import { dayLine } from '../format.js';
import { texts } from '../texts.js';
import { bubble, line, reach, renew } from './bubble.js';
import { missingFor } from './content.js';
import { waitingBubble } from './waiting_bubble.js';

// So near to an end the next page is loaded, and the end counts as reached; in px.
const NEAR = 600;
const AT_END = 60;

export class Messages {
  /** What is drawn for a message, and of which state of it. @type {Map<number, {of: Message, node: HTMLElement}>} */
  #drawn = new Map();
  /** Whether the end is followed when something is added. */
  #atEnd = true;
  #before = 0;
  /** The first unread message when the chat was opened: a line stands above it. */
  #firstUnread = 0;
  #target = 0;

  /** @param {Thread} thread @param {BubbleHandlers} handlers */
  constructor(thread, handlers) {
    this.thread = thread;
    this.handlers = handlers;
    this.log = h('div', {
      class: 'log', role: 'log', 'aria-label': texts.messages, tabindex: 0,
      onscroll: () => this.#scrolled(), onkeydown: (event) => this.#keys(event),
      onfocusin: (event) => this.#focus(event.target),
    });
    this.toEnd = h('button', { type: 'button', class: 'to-end', hidden: true, onclick: () => this.goToEnd() }, icon('down'));
    this.element = h('div', { class: 'log-frame' }, this.log, this.toEnd);
    fill(this.log, skeleton());
    this.log.setAttribute('aria-busy', 'true');
    const follow = () => { if (this.atEnd) this.#follow(); };
    this.log.addEventListener('load', follow, true);
    new ResizeObserver(follow).observe(this.log);
  }

  get atEnd() {
    return this.#atEnd && this.thread.newer === null;
  }

  /** @param {'all' | 'older' | 'newer' | 'live'} part */
  draw(part) {
    const { log, thread } = this;
    if (!thread.loaded) return;
    const missing = missingFor(thread.messages);
    if (missing) return void missing.then(() => this.draw(part), complain);
    if (part === 'all') this.#begin();
    const fromBottom = log.scrollHeight - log.scrollTop;
    log.setAttribute('aria-busy', String(part !== 'live')); // history is not read out
    this.#put(this.#nodes());
    log.setAttribute('aria-busy', 'false');
    if (part === 'older') log.scrollTop = log.scrollHeight - fromBottom;
    else if (part === 'all' && this.#target) this.#show(this.#target);
    else if (part === 'all' && this.#firstUnread) this.#toUnread();
    else if (this.#atEnd && thread.newer === null) this.#follow();
    else if (part === 'newer') this.#unscrolled();
    this.drawToEnd();
  }

  /** What had the focus may have gone, such as what waited and was sent: what stands in its place now has it. @param {HTMLElement[]} nodes */
  #put(nodes) {
    const { log } = this;
    const place = [...log.children].findIndex((one) => one.contains(document.activeElement));
    reconcile(log, nodes);
    if (place < 0 || log.contains(document.activeElement)) return;
    const next = log.children[Math.min(place, log.children.length - 1)];
    (next instanceof HTMLElement && next.matches('.bubble') ? next : log).focus({ preventScroll: true });
  }

  #begin() {
    const unread = this.thread.messages.find((one) => one.direction === 'inbound' && one.status === 'received');
    this.#firstUnread = unread?.id ?? 0;
    this.#atEnd = this.thread.newer === null && !this.#target;
  }

  #nodes() {
    const { thread } = this;
    /** @type {HTMLElement[]} */
    const nodes = [];
    const known = new Set();
    let day = '';
    for (const message of thread.messages) {
      const today = dayLine(message.created_at);
      if (today !== day) nodes.push(this.#line(`day ${today}`, today));
      day = today;
      if (message.id === this.#firstUnread) nodes.push(this.#line('new', texts.newMessages, 'new'));
      known.add(message.id);
      nodes.push(this.#bubble(message));
    }
    if (thread.older === null) nodes.unshift(this.#line('start', thread.messages.length ? texts.chatBegins : texts.emptyChat));
    for (const id of this.#drawn.keys()) if (!known.has(id)) this.#drawn.delete(id);
    if (thread.newer === null) nodes.push(...this.#waiting());
    return nodes;
  }

  /** @type {Map<string, HTMLElement>} */
  #lines = new Map();

  /** @param {string} key @param {string} text @param {string} [kind] */
  #line(key, text, kind) {
    const node = this.#lines.get(key + text) ?? line(text, kind);
    this.#lines.set(key + text, node);
    return node;
  }

  /** @param {Message} message */
  #bubble(message) {
    const before = this.#drawn.get(message.id);
    if (before?.of === message) return before.node;
    const now = bubble(message, this.thread, this.handlers);
    const node = before ? renew(before.node, now) : now;
    this.#drawn.set(message.id, { of: message, node });
    return node;
  }

  #waiting() {
    const { thread } = this;
    const { outbox } = thread.store;
    return outbox.of(thread.customer).map((/** @type {Entry} */ entry) => waitingBubble(entry, outbox, this.handlers));
  }

  /** @param {number} id  of a message to show, which is loaded if need be */
  async jump(id) {
    this.#target = id;
    try {
      await this.thread.jump(id);
      await missingFor(this.thread.messages);
      this.#show(id);
    } catch (error) {
      complain(error);
    } finally {
      this.#target = 0;
    }
  }

  /** @param {number} id */
  #show(id) {
    const node = this.#drawn.get(id)?.node;
    if (!node) return;
    this.#atEnd = false;
    node.scrollIntoView({ block: 'center' });
    this.#unscrolled();
    node.focus({ preventScroll: true });
    node.classList.add('target');
    setTimeout(() => node.classList.remove('target'), 2500);
  }

  #toUnread() {
    const node = this.#drawn.get(this.#firstUnread)?.node;
    const before = node?.previousElementSibling;
    this.#follow();
    if (before && before.getBoundingClientRect().top < this.log.getBoundingClientRect().top) before.scrollIntoView({ block: 'start' });
    this.#scrolled();
  }

  async goToEnd() {
    try {
      await this.thread.toNewest();
    } catch (error) {
      complain(error);
    }
    this.#atEnd = true;
    this.#follow();
    this.drawToEnd();
  }

  #follow() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  #scrolled() {
    const { log, thread } = this;
    const below = log.scrollHeight - log.clientHeight - log.scrollTop;
    // Only who scrolls up leaves the end. What grows, such as a picture that has come, only moves it.
    if (below < AT_END) this.#atEnd = true;
    else if (log.scrollTop < this.#before) this.#atEnd = false;
    this.#before = log.scrollTop;
    this.drawToEnd();
    if (!thread.loaded) return;
    if (log.scrollTop < NEAR && thread.older) void thread.more('older').catch(complain);
    if (below < NEAR && thread.newer) void thread.more('newer').catch(complain);
  }

  /** Where everything fits nothing scrolls, and the end is reached all the same. */
  #unscrolled() {
    if (this.thread.newer === null) this.#scrolled();
  }

  /** The way to the newest message, with how many were not read yet. */
  drawToEnd() {
    const { store, customer } = this.thread;
    const unseen = Math.max(this.thread.unseen, store.row(customer)?.unread_count ?? 0);
    this.toEnd.hidden = this.atEnd;
    this.toEnd.setAttribute('aria-label', unseen ? texts.newBelow(unseen) : texts.toEnd);
    fill(this.toEnd, icon('down'), unseen > 0 && h('span', { class: 'count' }, unseen));
  }

  /** @param {KeyboardEvent} event */
  #keys(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || /** @type {Element} */ (event.target).closest('audio, video')) return;
    const all = /** @type {HTMLElement[]} */ ([...this.log.querySelectorAll('.bubble')]);
    const now = all.findIndex((one) => one.contains(document.activeElement));
    const next = now < 0 ? all[all.length - 1] : all[now + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  /**
   * The controls of the message that has the focus can be reached with Tab, those of all others are passed over.
   *
   * @param {EventTarget | null} target
   */
  #focus(target) {
    const now = target instanceof Element ? target.closest('.bubble') : null;
    for (const one of this.log.querySelectorAll('.bubble.current')) if (one !== now) reach(one, false);
    if (now) reach(now, true);
  }
}

function skeleton() {
  return [h('span', { class: 'sr' }, texts.loading),
    ...[60, 35, 50].map((width, place) => h('div', { class: `bubble skeleton ${place % 2 ? 'ours' : 'theirs'} w${width}`, 'aria-hidden': 'true' }, '.'))];
}
