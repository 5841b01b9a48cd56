// The laboratory's picture: critic landscapes with points on them. It requests the next look as soon as it has received one, so the
// training runs as fast as the page can show it, and stops when nobody watches.

import { Asking } from "./asking.js";
import { readColours } from "./colours.js";
import { find, setText } from "./elements.js";
import { ease } from "./glide.js";
import { kept } from "./kept.js";
import { readArrays } from "./look.js";
import { Panel } from "./panel.js";
import { unpack } from "./payload.js";

/** @import { Packed } from "./payload.js" */
/** @import { ComponentArguments } from "./types.d.ts" */
/** @import { LookHeader } from "./look.js" */

const GLIDE_MS = 250; // the most that points take to move to their new places
const WARP_MS = 1800;
const FRAME_MS = 25; // between two frames of an animation

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
    this.glideMs = 0; // how long the points of this look take to move
    this.warpedAt = -WARP_MS;
    this.closed = false;
    this.frame = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.later = undefined;
    /** @type {(number: number) => void} */
    this.ask = () => {};
    // Nothing is trained for a hidden page. When it becomes visible, it requests a look again.
    const wanted = () => Boolean(this.header?.playing) && !document.hidden;
    this.asking = new Asking({ wanted, ask: (number) => this.ask(number), now: () => performance.now() });
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    find(root, "button.generator", HTMLElement).addEventListener("click", () => this.warp(), { signal });
    document.addEventListener("visibilitychange", () => this.asking.askAfterPause(), { signal });
    this.observer = new ResizeObserver(() => this.redraw());
    this.observer.observe(root);
  }

  /** @param {Packed<LookHeader>} data */
  show(data) {
    const [header, body] = unpack(data);
    const isNew = header.stamp !== this.stamp;
    this.stamp = header.stamp;
    this.header = header;
    this.asking.lookArrived(header.restMs, isNew); // before drawing, so that the server works in the meantime
    if (isNew) this.take(header, body);
    this.animate();
  }

  /**
   * @param {LookHeader} header
   * @param {Uint8Array} body
   */
  take(header, body) {
    const now = performance.now();
    this.glideMs = Math.min(GLIDE_MS, now - this.shownAt);
    this.shownAt = now;
    this.looks += 1;
    this.root.dataset.looks = String(this.looks); // for measurements and tests
    this.layOut(header.panels.length);
    for (const [index, arrays] of readArrays(header, body).entries()) this.panels[index].take(header, header.panels[index], arrays);
    this.showStage(header);
  }

  /** @param {number} count of panels */
  layOut(count) {
    for (const panel of this.panels.splice(count)) panel.close();
    const host = find(this.root, ".panels", HTMLElement);
    while (this.panels.length < count) {
      const panel = new Panel((text) => this.showReadout(text));
      this.panels.push(panel);
      host.append(panel.element);
    }
  }

  /** @param {LookHeader} header */
  showStage(header) {
    const parts = find(this.root, ".parts", HTMLElement);
    parts.classList.toggle("staged", Boolean(header.concerned.length));
    for (const part of parts.querySelectorAll(".part")) {
      part.classList.toggle("concerned", header.concerned.includes(part.getAttribute("data-part") ?? ""));
    }
    setText(find(parts, ".critic", HTMLElement), header.critic);
    setText(find(parts, ".estimate", HTMLElement), header.number);
    setText(find(this.root, ".caption strong", HTMLElement), header.heading);
    setText(find(this.root, ".caption span", HTMLElement), header.caption);
    this.showBeats(header.beats);
  }

  /** @param {LookHeader["beats"]} beats */
  showBeats(beats) {
    const host = find(this.root, ".beats", HTMLElement);
    if (host.childElementCount !== beats.length) host.replaceChildren(...beats.map(() => document.createElement("i")));
    for (const [index, [text, state]] of beats.entries()) {
      setText(host.children[index], text);
      host.children[index].className = state;
    }
  }

  /** @param {string} text */
  showReadout(text) {
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
    const share = still ? 1 : Math.min(1, (now - this.shownAt) / (this.glideMs || 1));
    const warp = Math.min(1, Math.max(0, (now - this.warpedAt) / WARP_MS));
    const colours = readColours(this.root);
    for (const panel of this.panels) panel.draw(share, ease(warp), colours);
    // Without a graphics card the processor draws all this, so keep below 60 frames per second.
    if (share < 1 || warp < 1) this.later = setTimeout(() => this.animate(), FRAME_MS);
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
