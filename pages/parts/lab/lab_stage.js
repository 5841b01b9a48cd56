// The laboratory's picture: critic landscapes with points on them. It asks for the next look as soon as it has drawn one, so
// training goes on just as fast as somebody watches, and stops when nobody does.

import { find, setText } from "../../components/elements.js";
import { kept } from "../../components/kept.js";
import { unpack } from "../../components/payload.js";
import { Asking } from "./asking.js";
import { readColours } from "./colours.js";
import { ease } from "./glide.js";
import { readArrays } from "./look.js";
import { Panel } from "./panel.js";

/** @import { Packed } from "../../components/payload.js" */
/** @import { ComponentArguments } from "../../components/types.d.ts" */
/** @import { LookHeader } from "./look.js" */

const GLIDE = 250; // ms that points take to their new places at most
const WARP = 1800; // ms
const BETWEEN = 25; // ms between two frames on the way

/** @param {ComponentArguments<Packed<LookHeader>>} component */
export default function labStage({ data, parentElement, setTriggerValue }) {
  const [stage, leave] = kept(find(parentElement, ".lab", HTMLElement), (root) => new Stage(root));
  stage.ask = (number) => setTriggerValue("look", number);
  stage.show(data);
  return leave;
}

class Stage {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    /** @type {Panel[]} */
    this.panels = [];
    /** @type {LookHeader | null} */
    this.header = null;
    this.stamp = "";
    this.looks = 0;
    this.shownAt = 0;
    this.glide = 0; // ms that this look's points take
    this.warpedAt = -WARP;
    this.closed = false;
    this.frame = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.later = undefined;
    /** @type {(number: number) => void} */
    this.ask = () => {};
    // Nothing is trained for a page that is hidden; when it shows again, it asks again.
    const wanted = () => Boolean(this.header?.playing) && !document.hidden;
    this.asking = new Asking({ wanted, ask: (number) => this.ask(number), now: () => performance.now() });
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    find(root, "button.generator", HTMLElement).addEventListener("click", () => this.warp(), { signal });
    document.addEventListener("visibilitychange", () => this.asking.soon(), { signal });
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(root);
  }

  /** @param {Packed<LookHeader>} data */
  show(data) {
    const [header, body] = unpack(data);
    const news = header.stamp !== this.stamp;
    this.stamp = header.stamp;
    this.header = header;
    this.asking.came(header.rest, news); // before drawing: the server is to be at work meanwhile
    if (news) this.take(header, body);
    this.animate();
  }

  /**
   * @param {LookHeader} header
   * @param {Uint8Array} body
   */
  take(header, body) {
    const now = performance.now();
    this.glide = Math.min(GLIDE, now - this.shownAt);
    this.shownAt = now;
    this.looks += 1;
    this.root.dataset.looks = String(this.looks); // for whoever measures
    this.layOut(header.panels.length);
    for (const [index, arrays] of readArrays(header, body).entries()) this.panels[index].take(header, header.panels[index], arrays);
    this.tell(header);
  }

  /** @param {number} count of panels */
  layOut(count) {
    for (const panel of this.panels.splice(count)) panel.close();
    const host = find(this.root, ".panels", HTMLElement);
    while (this.panels.length < count) {
      const panel = new Panel((text) => this.read(text));
      this.panels.push(panel);
      host.append(panel.element);
    }
  }

  /** @param {LookHeader} header */
  tell(header) {
    const parts = find(this.root, ".parts", HTMLElement);
    parts.classList.toggle("staged", Boolean(header.concerned.length));
    for (const part of parts.querySelectorAll(".part")) {
      part.classList.toggle("concerned", header.concerned.includes(part.getAttribute("data-part") ?? ""));
    }
    setText(find(this.root, ".caption strong", HTMLElement), header.heading);
    setText(find(this.root, ".caption span", HTMLElement), header.caption);
    this.tellBeats(header.beats);
  }

  /** @param {LookHeader["beats"]} beats */
  tellBeats(beats) {
    const host = find(this.root, ".beats", HTMLElement);
    if (host.childElementCount !== beats.length) host.replaceChildren(...beats.map(() => document.createElement("i")));
    for (const [index, [text, state]] of beats.entries()) {
      setText(host.children[index], text);
      host.children[index].className = state;
    }
  }

  /** @param {string} text */
  read(text) {
    find(this.root, ".readout", HTMLElement).textContent = text || "\u00a0";
  }

  warp() {
    this.warpedAt = performance.now();
    this.animate();
  }

  redraw() {
    for (const panel of this.panels) panel.stale = true;
    this.animate();
  }

  animate() {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.later);
    this.frame = requestAnimationFrame((now) => this.draw(now));
  }

  /** @param {number} now */
  draw(now) {
    if (this.closed || !this.header) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const share = still ? 1 : Math.min(1, (now - this.shownAt) / (this.glide || 1));
    const warp = Math.min(1, Math.max(0, (now - this.warpedAt) / WARP));
    const colours = readColours(this.root);
    for (const panel of this.panels) panel.draw(share, ease(warp), colours);
    // A processor that draws all this by itself has better things to do than 60 frames a second.
    if (share < 1 || warp < 1) this.later = setTimeout(() => this.animate(), BETWEEN);
  }

  close() {
    this.closed = true;
    this.asking.close();
    this.listeners.abort();
    this.observer.disconnect();
    for (const panel of this.panels) panel.close();
    clearTimeout(this.later);
    cancelAnimationFrame(this.frame);
  }
}
