// An element that moves the place on the plane by dragging or with the arrow keys: the pad, or a single image.

import { dragged, stepped } from "./plane_pad.js";

/** @import { Spot } from "./plane_pad.js" */

/**
 * What a handle moves.
 * @typedef {object} Movable
 * @property {Spot} place
 * @property {(place: Spot) => void} goTo
 * @property {() => void} commit reports the place to the server
 * @property {() => void} commitSoon reports it once no other move has followed for a while
 */

export class Handle {
  /**
   * @param {HTMLElement} element
   * @param {Movable} moved
   * @param {AbortSignal} signal
   * @param {() => boolean} isActive whether the element can be dragged at the moment
   */
  constructor(element, moved, signal, isActive) {
    this.element = element;
    this.moved = moved;
    this.isActive = isActive;
    /** @type {{ pointer: Spot, place: Spot } | null} */
    this.held = null; // the positions of the pointer and of the place when the drag began
    element.addEventListener("pointerdown", (event) => this.grab(event), { signal });
    element.addEventListener("pointermove", (event) => this.drag(event), { signal });
    for (const end of ["pointerup", "pointercancel"]) element.addEventListener(end, () => this.drop(), { signal });
    element.addEventListener("keydown", (event) => this.onKey(event), { signal });
  }

  /** @param {PointerEvent} event */
  grab(event) {
    if (event.button || !this.isActive()) return;
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
    if (this.held) this.moved.commit();
    this.held = null;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const place = this.isActive() ? stepped(this.moved.place, event.key, event.shiftKey) : null;
    if (!place) return;
    this.moved.goTo(place);
    event.preventDefault();
    this.moved.commitSoon();
  }
}
