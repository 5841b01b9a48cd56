// Marks the terms of the glossary on the whole page with dots, explains them at the pointer, and lists those that occur.
//
// The marks are CSS highlights: ranges that the browser paints. So the page's own elements, which belong to Streamlit, are not touched.

import { find, make, setText } from "./elements.js";
import { kept } from "./kept.js";
import { termFinder } from "./term_finder.js";

/** @import { Found, Term } from "./term_finder.js" */
/** @import { ComponentArguments } from "./types.d.ts" */

const NAME = "glossary-term";
const PAUSE = 400; // milliseconds without a change before the page is searched again
const LEFT_OUT =
  "h1, h2, h3, button, a, input, textarea, select, code, svg, canvas, [role=tab], [role=option], [contenteditable], .no-terms";
const TIP = `position: fixed; z-index: 1000000; max-width: min(22rem, calc(100vw - 24px)); padding: 0.6rem 0.8rem; border-radius: 0.5rem;
  font: 0.875rem/1.4 var(--tip-font, sans-serif); box-shadow: 0 2px 12px rgb(0 0 0 / 30%); pointer-events: auto;`;

/** @param {ComponentArguments<{ terms: Term[] }>} component */
export default function termsComponent({ data, parentElement }) {
  const [terms, leave] = kept(find(parentElement, ".terms", HTMLElement), (element) => new Terms(element, data.terms));
  terms.later();
  return leave;
}

class Terms {
  /**
   * @param {HTMLElement} element the list of the terms on the page
   * @param {Term[]} terms
   */
  constructor(element, terms) {
    this.element = element;
    this.list = find(element, "ul", HTMLElement);
    this.says = find(element, ".says", HTMLElement);
    this.find = termFinder(terms);
    /** @type {Map<Node, Found[]>} */
    this.marked = new Map();
    this.timer = 0;
    this.page = document.querySelector('[data-testid="stMain"]') ?? document.body;
    this.tip = this.makeTip();
    this.style = make("style");
    this.style.textContent = `::highlight(${NAME}) { text-decoration: underline dotted 1px; text-underline-offset: 0.2em; }`;
    document.head.append(this.style);
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    document.addEventListener("pointermove", (event) => this.point(event), { signal, passive: true });
    document.addEventListener("pointerdown", (event) => this.point(event), { signal, passive: true });
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.hide(), { signal });
    document.addEventListener("scroll", () => this.hide(), { signal, capture: true, passive: true });
    this.observer = new MutationObserver((changes) => {
      if (changes.some(({ target }) => !this.element.contains(target))) this.later();
    });
    this.observer.observe(this.page, { childList: true, characterData: true, subtree: true });
  }

  makeTip() {
    const tip = make("div");
    tip.style.cssText = TIP;
    tip.hidden = true;
    tip.setAttribute("role", "tooltip");
    document.body.append(tip);
    return tip;
  }

  /** Search the page once it has been still for a moment; while a run trains, at least every few pauses. */
  later() {
    if (this.timer) return;
    this.timer = window.setTimeout(() => {
      this.timer = 0;
      this.search();
    }, PAUSE);
  }

  search() {
    /** @type {Set<Term>} */
    const here = new Set();
    const ranges = [];
    this.marked.clear();
    const walker = document.createTreeWalker(this.page, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!node.nodeValue || node.nodeValue.length < 3 || this.isLeftOut(node)) continue;
      const found = this.find(node.nodeValue);
      if (found.length === 0) continue;
      this.marked.set(node, found);
      for (const { start, end, term } of found) {
        here.add(term);
        const range = new Range();
        range.setStart(node, start);
        range.setEnd(node, end);
        ranges.push(range);
      }
    }
    if (typeof Highlight !== "undefined" && CSS.highlights) CSS.highlights.set(NAME, new Highlight(...ranges));
    this.showList([...here].sort((one, other) => one.name.localeCompare(other.name)));
  }

  /** @param {Node} node */
  isLeftOut(node) {
    const parent = node.parentElement;
    return !parent || this.element.contains(parent) || parent.closest(LEFT_OUT) !== null;
  }

  /** @param {Term[]} terms */
  showList(terms) {
    this.element.hidden = terms.length === 0;
    const now = terms.map((term) => term.anchor).join();
    if (this.element.dataset.terms === now) return;
    this.element.dataset.terms = now;
    this.list.replaceChildren(
      ...terms.map((term) => {
        const item = make("li");
        const button = make("button");
        button.type = "button";
        button.textContent = term.name;
        button.addEventListener("click", () => {
          for (const other of this.list.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
          this.says.replaceChildren(...explanation(term));
        });
        item.append(button);
        return item;
      }),
    );
    setText(this.says, "");
  }

  /** @param {PointerEvent} event */
  point(event) {
    if (event.target instanceof Node && this.tip.contains(event.target)) return;
    const found = this.under(event.clientX, event.clientY);
    if (found) this.show(found.term, found.box);
    else if (!this.tip.hidden && !this.isBetween(event)) this.hide();
  }

  /**
   * The term at a place of the window.
   * @param {number} x
   * @param {number} y
   */
  under(x, y) {
    const [node, offset] = caretAt(x, y);
    const found = node && this.marked.get(node)?.find(({ start, end }) => start <= offset && offset <= end);
    if (!node || !found || found.end > (node.nodeValue ?? "").length) return null;
    const range = new Range();
    range.setStart(node, found.start);
    range.setEnd(node, found.end);
    // The nearest letter may be far away, in another line or beyond the end of the text.
    const box = [...range.getClientRects()].find((each) => x >= each.left && x <= each.right && y >= each.top && y <= each.bottom);
    return box ? { term: found.term, box } : null;
  }

  /**
   * @param {Term} term
   * @param {DOMRect} box of the word
   */
  show(term, box) {
    const { tip } = this;
    if (tip.dataset.term !== term.anchor || tip.hidden) {
      tip.dataset.term = term.anchor;
      tip.replaceChildren(...explanation(term));
      const look = getComputedStyle(this.element);
      tip.style.setProperty("--tip-font", look.fontFamily);
      tip.style.color = look.getPropertyValue("--st-background-color") || "white";
      tip.style.background = look.getPropertyValue("--st-text-color") || "black";
      tip.hidden = false;
    }
    const { width, height } = tip.getBoundingClientRect();
    const below = box.bottom + height + 8 < window.innerHeight;
    tip.style.left = `${Math.max(12, Math.min(box.left, window.innerWidth - width - 12))}px`;
    tip.style.top = `${below ? box.bottom + 4 : Math.max(4, box.top - height - 4)}px`;
  }

  /**
   * Whether the pointer is on its way from the word to the explanation, whose links it may want.
   * @param {PointerEvent} event
   */
  isBetween(event) {
    const box = this.tip.getBoundingClientRect();
    const [x, y] = [event.clientX, event.clientY];
    return event.type === "pointermove" && x > box.left - 8 && x < box.right + 8 && y > box.top - 12 && y < box.bottom + 12;
  }

  hide() {
    this.tip.hidden = true;
  }

  close() {
    window.clearTimeout(this.timer);
    this.listeners.abort();
    this.observer.disconnect();
    this.tip.remove();
    this.style.remove();
    if (typeof CSS !== "undefined" && CSS.highlights) CSS.highlights.delete(NAME);
  }
}

/**
 * The explanation of a term, with links to its lesson and to the glossary. They open beside the page, which stays as it is.
 * @param {Term} term
 */
function explanation(term) {
  const says = make("span");
  says.append(strong(term.name), `: ${term.says} `);
  const links = term.lesson ? [link(`./learn?lesson=${term.lesson}`, `Lesson: ${term.title}`), " · "] : [];
  return [says, ...links, link(`./glossary?term=${term.anchor}`, "Glossary")];
}

/** @param {string} text */
function strong(text) {
  const element = make("strong");
  element.textContent = text;
  return element;
}

/**
 * @param {string} address
 * @param {string} text
 */
function link(address, text) {
  const element = make("a");
  Object.assign(element, { href: address, target: "_blank", rel: "noopener", textContent: text });
  element.style.cssText = "color: inherit; text-decoration: underline; white-space: nowrap;";
  return element;
}

/**
 * The text at a place of the window: the node, and the number of letters before the place.
 * @param {number} x
 * @param {number} y
 * @returns {[node: Node | null, offset: number]}
 */
function caretAt(x, y) {
  if (document.caretPositionFromPoint) {
    const position = document.caretPositionFromPoint(x, y);
    return position ? [position.offsetNode, position.offset] : [null, 0];
  }
  const range = document.caretRangeFromPoint(x, y); // Safari
  return range ? [range.startContainer, range.startOffset] : [null, 0];
}
