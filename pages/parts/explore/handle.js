// What moves the place on the plane when it is dragged, or has the focus while an arrow key is pressed: the pad, and a single image.

import { dragged, stepped } from "./plane_pad.js";

/** @import { Spot } from "./plane_pad.js" */

/**
 * What a handle moves.
 * @typedef {object} Movable
 * @property {Spot} place
 * @property {(place: Spot) => void} goTo
 * @property {() => void} rest tells the server
 * @property {() => void} restSoon tells it when no other move follows
 */

export class Handle {
  /**
   * @param {HTMLElement} element
   * @param {Movable} moved
   * @param {AbortSignal} signal
   * @param {() => boolean} works whether it is a handle at the moment
   */
  constructor(element, moved, signal, works) {
    this.element = element;
    this.moved = moved;
    this.works = works;
    /** @type {{ pointer: Spot, place: Spot } | null} */
    this.held = null; // where the pointer and the place were when the drag began
    element.addEventListener("pointerdown", (event) => this.grab(event), { signal });
    element.addEventListener("pointermove", (event) => this.drag(event), { signal });
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => this.drop(), { signal });
    element.addEventListener("keydown", (event) => this.onKey(event), { signal });
  }

  /** @param {PointerEvent} event */
  grab(event) {
    if (event.button || !this.works()) return;
    event.preventDefault();
    this.element.focus();
    this.element.setPointerCapture(event.pointerId);
    const { x, y } = this.moved.place;
    this.held = { pointer: { x: event.clientX, y: event.clientY }, place: { x, y } };
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (!this.held) return;
    const { pointer, place } = this.held;
    this.moved.goTo(dragged(place, { x: event.clientX - pointer.x, y: event.clientY - pointer.y }, event.shiftKey));
  }

  drop() {
    if (this.held) this.moved.rest();
    this.held = null;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const place = this.works() ? stepped(this.moved.place, event.key, event.shiftKey) : null;
    if (!place) return;
    this.moved.goTo(place);
    event.preventDefault();
    this.moved.restSoon();
  }
}
