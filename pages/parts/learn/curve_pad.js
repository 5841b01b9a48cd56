// A pad on which one curve is drawn from left to right: with the mouse, a pen or a finger, or with the arrow keys at each of its places.

import { find } from "../../components/elements.js";
import { kept } from "../../components/kept.js";

/** @import { ComponentArguments } from "../../components/types.d.ts" */

const WIDTH = 400;
const HEIGHT = 160;
const EDGE = 12;
const KEY_STEP = 0.05;

/**
 * What curve_pad.py sends.
 * @typedef {object} CurveData
 * @property {number[]} heights from 0 (bottom) to 1 (top), from left to right
 * @property {boolean} drawn whether they are the user's
 * @property {boolean} locked whether they can no longer be changed
 * @property {number[]} measured the curve that was measured, to show beside it; empty if there is none
 * @property {string} left what is at the left end
 * @property {string} right
 * @property {string} up what the height means
 */

/** @param {ComponentArguments<CurveData>} component */
export default function curvePad({ data, parentElement, setStateValue }) {
  const [pad, leave] = kept(find(parentElement, ".curve", HTMLElement), (root) => new CurvePad(root));
  pad.send = (heights) => setStateValue("heights", heights);
  pad.show(data);
  return leave;
}

/**
 * The heights after a stroke from one place to another: everything between them lies on a straight line.
 * @param {number[]} heights
 * @param {[number, number] | null} from place and height, or null at the beginning of a stroke
 * @param {[number, number]} to
 * @returns {number[]}
 */
export function stroke(heights, from, to) {
  const [[a, low], [b, high]] = [from ?? to, to];
  const [first, last] = [Math.min(a, b), Math.max(a, b)];
  return heights.map((height, place) => {
    if (place < first || place > last) return height;
    return a === b ? high : low + ((high - low) * (place - a)) / (b - a);
  });
}

/**
 * Points for an SVG polyline.
 * @param {number[]} heights
 * @returns {string}
 */
export function polyline(heights) {
  return heights.map((height, place) => spot(place, heights.length, height).join()).join(" ");
}

/**
 * @param {number} place
 * @param {number} places
 * @param {number} height
 * @returns {[number, number]}
 */
function spot(place, places, height) {
  return [EDGE + (place / (places - 1)) * (WIDTH - 2 * EDGE), HEIGHT - EDGE - height * (HEIGHT - 2 * EDGE)];
}

class CurvePad {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.svg = find(root, "svg", SVGSVGElement);
    /** @type {number[]} */
    this.heights = [];
    this.drawn = false;
    this.locked = false;
    this.touched = false; // whether anything was drawn here
    /** @type {[number, number] | null} */
    this.at = null; // where the pen is, while it is down
    this.pen = -1;
    /** @type {(heights: number[]) => void} */
    this.send = () => {};
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.svg.addEventListener("pointerdown", (event) => this.down(event), { signal });
    this.svg.addEventListener("pointermove", (event) => this.move(event), { signal });
    this.svg.addEventListener("pointerup", () => this.up(), { signal });
    this.svg.addEventListener("pointercancel", () => this.up(), { signal });
    this.svg.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  /** @param {CurveData} data */
  show(data) {
    this.locked = data.locked;
    // What the server sends may be older than the last stroke.
    if (!this.touched) {
      this.heights = data.heights;
      this.drawn = data.drawn;
    }
    find(this.root, ".measured", SVGPolylineElement).setAttribute("points", polyline(data.measured));
    find(this.root, ".left", HTMLElement).textContent = data.left;
    find(this.root, ".right", HTMLElement).textContent = data.right;
    find(this.root, ".up", HTMLElement).textContent = data.up;
    find(this.root, ".legend", HTMLElement).hidden = !data.measured.length;
    this.draw();
  }

  draw() {
    this.root.classList.toggle("locked", this.locked);
    this.root.classList.toggle("untouched", !this.drawn);
    find(this.root, ".mine", SVGPolylineElement).setAttribute("points", polyline(this.heights));
    const group = find(this.root, ".places", SVGGElement);
    while (group.childElementCount < this.heights.length) group.append(document.createElementNS(this.svg.namespaceURI ?? "", "circle"));
    for (const [place, height] of this.heights.entries()) {
      const circle = group.children[place];
      const [x, y] = spot(place, this.heights.length, height);
      const attributes = { cx: x, cy: y, r: 6, role: "slider", tabindex: this.locked ? -1 : 0, "aria-valuemin": 0, "aria-valuemax": 100 };
      for (const [name, value] of Object.entries(attributes)) circle.setAttribute(name, String(value));
      circle.setAttribute("aria-valuenow", String(Math.round(100 * height)));
      circle.setAttribute(
        "aria-label",
        `Height at ${Math.round((100 * place) / (this.heights.length - 1))}% of the way from left to right`,
      );
    }
  }

  /** @param {PointerEvent} event */
  down(event) {
    if (this.locked) return;
    event.preventDefault();
    this.svg.setPointerCapture(event.pointerId);
    this.pen = event.pointerId;
    this.trace(event);
  }

  /** @param {PointerEvent} event */
  move(event) {
    if (this.at && event.pointerId === this.pen) this.trace(event);
  }

  /** @param {PointerEvent} event */
  trace(event) {
    const box = this.svg.getBoundingClientRect();
    const [u, v] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    const along = (u * WIDTH - EDGE) / (WIDTH - 2 * EDGE);
    const place = Math.max(0, Math.min(this.heights.length - 1, Math.round(along * (this.heights.length - 1))));
    const height = Math.max(0, Math.min(1, (HEIGHT - EDGE - v * HEIGHT) / (HEIGHT - 2 * EDGE)));
    /** @type {[number, number]} */
    const to = [place, height];
    this.heights = stroke(this.heights, this.at, to);
    this.at = to;
    this.drawn = this.touched = true;
    this.draw();
  }

  up() {
    if (!this.at) return;
    this.at = null;
    this.send(this.heights);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const places = [...find(this.root, ".places", SVGGElement).children];
    const place = event.target instanceof Element ? places.indexOf(event.target) : -1;
    const by = event.key === "ArrowUp" ? KEY_STEP : event.key === "ArrowDown" ? -KEY_STEP : 0;
    if (this.locked || place < 0 || !by) return;
    event.preventDefault();
    const height = Math.max(0, Math.min(1, this.heights[place] + by));
    this.heights = this.heights.map((old, index) => (index === place ? height : old));
    this.drawn = this.touched = true;
    this.draw();
    this.send(this.heights);
  }

  close() {
    this.listeners.abort();
  }
}
