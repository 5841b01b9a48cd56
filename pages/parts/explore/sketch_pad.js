// A small black picture to draw on in white. It has as many pixels as the run's images.

import { contextOf, find } from "../../components/elements.js";
import { kept } from "../../components/kept.js";

/** @import { ComponentArguments } from "../../components/types.d.ts" */

/** @param {ComponentArguments<{ size: number }>} component */
export default function sketchPad({ data, parentElement, setTriggerValue }) {
  const [sketch, leave] = kept(find(parentElement, ".sketch", HTMLElement), (root) => new Sketch(root));
  sketch.send = (picture) => setTriggerValue("picture", picture);
  sketch.show(data.size);
  return leave;
}

class Sketch {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.canvas = find(root, "canvas", HTMLCanvasElement);
    this.pen = find(root, ".pen", HTMLInputElement);
    this.size = 0;
    /** @type {[x: number, y: number] | null} */
    this.last = null; // where the pointer was
    /** @type {(picture: string) => void} */
    this.send = () => {};
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event), { signal });
    this.canvas.addEventListener("pointermove", (event) => this.last && this.line(this.last, event), { signal });
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => this.end(), { signal });
    find(root, ".clear", HTMLElement).addEventListener("click", () => this.clear(), { signal });
    find(root, ".use", HTMLElement).addEventListener("click", () => this.send(this.canvas.toDataURL("image/png")), { signal });
  }

  /**
   * Adapt to the size of the run's images, which may differ between runs.
   * @param {number} size
   */
  show(size) {
    if (size === this.size) return;
    this.size = this.canvas.width = this.canvas.height = size;
    this.clear();
  }

  clear() {
    const context = contextOf(this.canvas);
    context.fillStyle = "#000";
    context.fillRect(0, 0, this.size, this.size);
  }

  /** @param {PointerEvent} event */
  begin(event) {
    if (event.button) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.line(this.place(event), event);
  }

  end() {
    this.last = null;
  }

  /**
   * @param {PointerEvent} event
   * @returns {[x: number, y: number]} in pixels of the picture
   */
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    const scale = this.size / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  /**
   * @param {[x: number, y: number]} from
   * @param {PointerEvent} event
   */
  line(from, event) {
    const here = this.place(event);
    const context = contextOf(this.canvas);
    Object.assign(context, { strokeStyle: "#fff", lineWidth: 2 * Number(this.pen.value), lineCap: "round" });
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(here[0] + 0.01, here[1]); // a dot is a very short line
    context.stroke();
    this.last = here;
  }

  close() {
    this.listeners.abort();
  }
}
