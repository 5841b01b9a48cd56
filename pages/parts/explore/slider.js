// A slider of the explorer, with a field for its number and a button that resets it.

import { find, make } from "../../components/elements.js";
import { isSet, numberOf, set, unset } from "./place.js";
import { evenScale, fineScale, toThousandths, within } from "./slider_scale.js";

/** @import { Place, Setting } from "./place.js" */

/** @typedef {Setting & { label: string, words?: string, unit: string }} SliderHeader what the slider sets, and its label */

/**
 * What a slider moves.
 * @typedef {object} Moved
 * @property {Place} place
 * @property {() => Float32Array} before the latent before directions and truncation are applied
 * @property {() => void} draw
 * @property {() => void} commit reports the move to the server
 * @property {() => void} commitSoon reports it once no other move has followed for a while
 */

const SHELL = `<label></label><input type="number" step="0.01" /><button type="button" title="Reset">↺</button>
  <div class="track" role="slider" tabindex="0"><div class="rail"></div><div class="thumb"></div></div>`;

export class Slider {
  /**
   * @param {SliderHeader} header
   * @param {Moved} moved
   */
  constructor(header, moved) {
    this.header = header;
    this.moved = moved;
    this.scale = header.kind === "truncation" || header.kind === "mix" ? evenScale : fineScale;
    this.element = make("div", "slider", SHELL);
    this.number = find(this.element, "input", HTMLInputElement);
    this.track = find(this.element, ".track", HTMLElement);
    this.thumb = find(this.element, ".thumb", HTMLElement);
    this.track.setAttribute("aria-valuenow", "0"); // until the latent has come
    this.held = false;
    this.name(header);
    for (const value of this.scale.ticks) this.addTick(value);
    this.listeners = new AbortController();
    this.listen();
  }

  /** @param {SliderHeader} header */
  name({ kind, key, label, words }) {
    const name = find(this.element, "label", HTMLLabelElement);
    name.textContent = label;
    name.title = words ?? "";
    this.number.id = name.htmlFor = `slider-${kind}-${key}`;
    this.track.setAttribute("aria-label", label);
    this.track.setAttribute("aria-valuemin", String(this.scale.low));
    this.track.setAttribute("aria-valuemax", String(this.scale.high));
  }

  listen() {
    const { signal } = this.listeners;
    this.number.addEventListener("change", () => this.onNumber(), { signal });
    find(this.element, "button", HTMLButtonElement).addEventListener("click", () => this.reset(), { signal });
    this.track.addEventListener("pointerdown", (event) => this.grab(event), { signal });
    this.track.addEventListener("pointermove", (event) => this.held && this.set(this.valueAt(event)), { signal });
    for (const end of ["pointerup", "pointercancel"]) this.track.addEventListener(end, () => this.drop(), { signal });
    this.track.addEventListener("keydown", (event) => this.onKey(event), { signal });
  }

  /** @param {number} value */
  addTick(value) {
    const tick = make("div", "tick", "<span></span>");
    tick.style.left = `${100 * this.scale.placeOf(value)}%`;
    find(tick, "span", HTMLElement).textContent = `${value}${this.header.unit}`;
    this.track.append(tick);
  }

  /** @param {PointerEvent} event */
  valueAt(event) {
    const box = this.track.getBoundingClientRect();
    return this.scale.valueAt(Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)));
  }

  /** @param {number} value */
  set(value) {
    set(this.moved.place, this.header, within(this.scale, toThousandths(value)));
    this.moved.draw();
  }

  reset() {
    unset(this.moved.place, this.header);
    this.moved.commit();
  }

  onNumber() {
    this.set(Number(this.number.value) || 0);
    this.moved.commit();
    this.number.value = numberOf(this.moved.place, this.header, this.moved.before()).toFixed(2); // the value that was accepted
  }

  /** @param {PointerEvent} event */
  grab(event) {
    if (event.button) return;
    this.track.setPointerCapture(event.pointerId);
    this.held = true;
    this.set(this.valueAt(event));
  }

  drop() {
    if (this.held) this.moved.commit();
    this.held = false;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const step = event.shiftKey ? 0.01 : 0.1;
    const now = Number(this.track.getAttribute("aria-valuenow"));
    /** @type {Record<string, number>} */
    const moves = { ArrowLeft: -step, ArrowDown: -step, ArrowRight: step, ArrowUp: step };
    if (Object.hasOwn(moves, event.key)) this.set(now + moves[event.key]);
    else if (event.key === "Delete") this.reset();
    else return;
    event.preventDefault();
    this.moved.commitSoon();
  }

  /** @param {Float32Array} before the latent before directions and truncation are applied */
  show(before) {
    const { place } = this.moved;
    const value = numberOf(place, this.header, before);
    this.element.classList.toggle("moved", isSet(place, this.header));
    this.thumb.style.left = `${100 * this.scale.placeOf(within(this.scale, value))}%`;
    if (!isFocused(this.number)) this.number.value = value.toFixed(2);
    this.track.setAttribute("aria-valuenow", value.toFixed(3));
    this.track.setAttribute("aria-valuetext", `${value.toFixed(2)} ${this.header.unit}`);
  }

  close() {
    this.listeners.abort();
  }
}

/**
 * Whether the user may be typing in this element.
 * @param {Element} element
 * @returns {boolean}
 */
export function isFocused(element) {
  const root = element.getRootNode();
  return (root instanceof Document || root instanceof ShadowRoot) && root.activeElement === element;
}
