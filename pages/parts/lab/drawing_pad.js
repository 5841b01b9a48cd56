// A pad for drawing points. Their coordinates are whole numbers from 0 to 255, as in links.

import { contextOf, find } from "../../components/elements.js";
import { kept } from "../../components/kept.js";
import { fromText, toText } from "./drawing_text.js";

/** @import { ComponentArguments } from "../../components/types.d.ts" */
/** @import { Point } from "./drawing_text.js" */

/**
 * What drawing_pad.py sends.
 * @typedef {object} PadData
 * @property {string} drawing the drawing to continue, as text
 * @property {number} most the greatest number of points in a drawing
 * @property {number} least the smallest number of points in a drawing
 */

const SIDE = 256;
const SPACING = 4; // between two points of a stroke

/** @param {ComponentArguments<PadData>} component */
export default function drawingPad({ data, parentElement, setTriggerValue }) {
  const [pad, leave] = kept(find(parentElement, ".pad", HTMLElement), (root) => new Pad(root, data));
  pad.send = (text) => setTriggerValue("points", text);
  pad.show(data);
  return leave;
}

class Pad {
  /**
   * @param {HTMLElement} root
   * @param {PadData} data
   */
  constructor(root, { most, least }) {
    this.most = most;
    this.least = least;
    this.canvas = find(root, "canvas", HTMLCanvasElement);
    this.canvas.width = this.canvas.height = 2 * SIDE;
    this.brush = find(root, ".brush", HTMLInputElement);
    this.output = find(root, "output", HTMLElement);
    this.undo = find(root, ".undo", HTMLButtonElement);
    this.clear = find(root, ".clear", HTMLButtonElement);
    this.use = find(root, ".use", HTMLButtonElement);
    /** @type {Point[][]} */
    this.strokes = [];
    /** @type {number[] | null} */
    this.last = null; // where the pointer was
    this.drawing = "";
    /** @type {(text: string) => void} */
    this.send = () => {};
    this.listeners = new AbortController();
    this.listen();
  }

  listen() {
    const { signal } = this.listeners;
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event), { signal });
    this.canvas.addEventListener("pointermove", (event) => this.move(event), { signal });
    for (const end of ["pointerup", "pointercancel"]) this.canvas.addEventListener(end, () => this.end(), { signal });
    this.undo.addEventListener("click", () => this.change(this.strokes.slice(0, -1)), { signal });
    this.clear.addEventListener("click", () => this.change([]), { signal });
    this.use.addEventListener("click", () => this.send(toText(this.strokes.flat())), { signal });
  }

  /** @param {PadData} data */
  show({ drawing }) {
    if (drawing !== this.drawing) {
      this.drawing = drawing;
      if (drawing && drawing !== toText(this.strokes.flat())) this.strokes = [fromText(drawing)];
    }
    this.draw();
  }

  /** @param {PointerEvent} event */
  begin(event) {
    if (event.button) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes.push([]);
    this.last = this.place(event);
    this.add(this.last);
    this.draw();
  }

  /**
   * Add a point for every few pixels that the pointer moves.
   * @param {PointerEvent} event
   */
  move(event) {
    const from = this.last;
    if (!from) return;
    const here = this.place(event);
    const distance = Math.hypot(here[0] - from[0], here[1] - from[1]);
    if (distance < SPACING) return;
    const count = Math.round(distance / SPACING);
    for (let index = 1; index <= count; index++) this.add(from.map((at, axis) => at + ((here[axis] - at) * index) / count));
    this.last = here;
    this.draw();
  }

  end() {
    this.last = null;
  }

  /**
   * Where the pointer is, from 0 to SIDE on both axes; y points downwards.
   * @param {PointerEvent} event
   * @returns {number[]}
   */
  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
  }

  /**
   * Add a point at a random place within the brush.
   * @param {number[]} at
   */
  add(at) {
    if (this.count >= this.most) return;
    const angle = Math.random() * 2 * Math.PI;
    const radius = Math.sqrt(Math.random()) * Number(this.brush.value);
    const [x, y] = [at[0] + radius * Math.cos(angle), SIDE - at[1] + radius * Math.sin(angle)];
    this.strokes.at(-1)?.push([x, y].map((value) => Math.max(0, Math.min(255, Math.round(value)))));
  }

  /** @param {Point[][]} strokes */
  change(strokes) {
    this.strokes = strokes;
    this.draw();
  }

  get count() {
    return this.strokes.reduce((sum, stroke) => sum + stroke.length, 0);
  }

  draw() {
    const context = contextOf(this.canvas);
    context.clearRect(0, 0, 2 * SIDE, 2 * SIDE);
    context.fillStyle = "#17a37f"; // of real points, as in figures/style.py
    for (const [x, y] of this.strokes.flat()) {
      context.beginPath();
      context.arc(2 * x, 2 * (SIDE - y), 4.5, 0, 2 * Math.PI);
      context.fill();
    }
    const { count } = this;
    this.output.textContent = count ? `${count} points${count >= this.most ? ", the most allowed" : ""}` : "Draw here";
    this.use.disabled = count < this.least;
    this.undo.disabled = this.clear.disabled = !count;
  }

  close() {
    this.listeners.abort();
  }
}
