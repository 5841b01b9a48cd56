// One WGAN of the laboratory: its critic's landscape with points on it, and its critic's weights.

import { drawArrows } from "./arrows.js";
import { drawDots } from "./dots.js";
import { contextOf, find, make, setSize, setText } from "./elements.js";
import { Glide } from "./glide.js";
import { drawHistogram } from "./histogram.js";
import { paintLandscape, scoreAt } from "./landscape.js";
import { drawMesh, meshSpots } from "./mesh.js";

/** @import { Colours } from "./colours.js" */
/** @import { Place } from "./dots.js" */
/** @import { Arrays, LookHeader, Moving, PanelHeader } from "./look.js" */

const SHELL = `<h2></h2><div class="view"><canvas class="field" role="img" aria-label="Landscape" tabindex="0"></canvas>
  <div class="scale"><span class="top"></span><canvas width="1" height="64"></canvas><span class="bottom"></span></div><div class="layers"></div></div><p></p>`;
const LAYER = `<canvas role="img" aria-label="Weights"></canvas><div></div>`;
const SCALE = 64; // the height of the colour bar in pixels

/** @typedef {{ header: LookHeader, panel: PanelHeader, to: Arrays }} Look the data that a panel was given last */

export class Panel {
  /** @param {(text: string) => void} read receives a text about the place under the pointer */
  constructor(read) {
    this.element = make("div", "panel", SHELL);
    this.field = find(this.element, ".field", HTMLCanvasElement);
    this.layers = find(this.element, ".layers", HTMLElement);
    this.map = make("canvas");
    /** @type {Look | null} */
    this.look = null;
    /** @type {Glide | null} */
    this.glide = null;
    this.stale = true;
    this.painted = ""; // the colours, size and layers that the map was painted with
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.field.addEventListener("pointermove", (event) => read(this.under(event)), { signal });
    this.field.addEventListener("pointerleave", () => read(""), { signal });
  }

  /**
   * @param {LookHeader} header
   * @param {PanelHeader} panel
   * @param {Arrays} arrays
   */
  take(header, panel, arrays) {
    // With another seed, start without an animation.
    if (this.glide && this.look?.header.seed === header.seed) this.glide.next(arrays);
    else this.glide = new Glide(arrays);
    this.look = { header, panel, to: arrays };
    this.stale = true;
    setText(find(this.element, "h2", HTMLElement), panel.title);
    setText(find(this.element, "p", HTMLElement), panel.numbers);
    setText(find(this.element, ".top", HTMLElement), panel.top);
    setText(find(this.element, ".bottom", HTMLElement), panel.bottom);
    this.field.setAttribute("aria-label", panel.alt);
    this.layOutLayers(this.look);
  }

  /** @param {Look} look */
  layOutLayers({ header, panel }) {
    const { layers } = this;
    layers.classList.toggle("concerned", header.concerned.includes("weights"));
    while (layers.childElementCount > panel.weights.length) layers.lastElementChild?.remove();
    while (layers.childElementCount < panel.weights.length) layers.append(make("div", "layer", LAYER));
    for (const [index, weights] of panel.weights.entries()) {
      const layer = layers.children[index];
      setText(find(layer, "div", HTMLElement), weights.words);
      find(layer, "canvas", HTMLCanvasElement).setAttribute("aria-label", weights.words);
    }
  }

  /**
   * @param {number} share of the way to the last look
   * @param {number} warp how far the generator's mesh is bent
   * @param {Colours} colours
   */
  draw(share, warp, colours) {
    const size = Math.round(this.field.clientWidth * Math.min(devicePixelRatio, 2));
    if (!size || !this.look || !this.glide) return;
    setSize(this.field, size);
    const painted = colours.key + size + this.look.header.layers.join();
    if (this.stale || painted !== this.painted) {
      this.paintMap(this.look, size, colours);
      this.paintWeights(this.look.panel, colours);
      this.painted = painted;
      this.stale = false;
    }
    const context = contextOf(this.field);
    context.drawImage(this.map, 0, 0);
    drawLayers(context, this.look, this.glide.move(share), warp, colours);
  }

  /**
   * @param {Look} look
   * @param {number} size
   * @param {Colours} colours
   */
  paintMap({ header, panel, to }, size, colours) {
    this.map.width = this.map.height = size;
    const context = contextOf(this.map);
    const landscape = header.layers.includes("landscape");
    const contours = header.layers.includes("contours");
    if (!landscape && !contours) {
      context.fillStyle = colours.background;
      context.fillRect(0, 0, size, size);
      return;
    }
    const image = context.createImageData(size, size);
    const ink = landscape ? { ramp: colours.ramp, lines: colours.lines } : { ramp: colours.plain, lines: colours.plainLines };
    const { middle, extent } = panel;
    const lines = contours ? ink.lines : null;
    paintLandscape(
      new Uint32Array(image.data.buffer),
      size,
      { values: to.landscape, grid: header.grid, middle, extent },
      { ...ink, lines },
    );
    context.putImageData(image, 0, 0);
    this.paintScale(colours);
  }

  /** @param {Colours} colours */
  paintScale(colours) {
    const context = contextOf(find(this.element, ".scale canvas", HTMLCanvasElement));
    const strip = context.createImageData(1, SCALE);
    new Uint32Array(strip.data.buffer).set(Array.from({ length: SCALE }, (_, index) => colours.ramp[255 - index * (256 / SCALE)]));
    context.putImageData(strip, 0, 0);
  }

  /**
   * @param {PanelHeader} panel
   * @param {Colours} colours
   */
  paintWeights(panel, colours) {
    const ratio = Math.min(devicePixelRatio, 2);
    for (const [index, weights] of panel.weights.entries()) {
      drawHistogram(find(this.layers.children[index], "canvas", HTMLCanvasElement), weights, ratio, colours);
    }
  }

  /**
   * A text about the place under the pointer.
   * @param {PointerEvent} event
   * @returns {string}
   */
  under(event) {
    if (!this.look) return "";
    const { header, to } = this.look;
    const box = this.field.getBoundingClientRect();
    const [u, v] = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
    const { score, slope } = scoreAt({ values: to.landscape, grid: header.grid }, u, v, 2 * header.limit);
    const [x, y] = [u, v].map((share) => ((share * 2 - 1) * header.limit).toFixed(2));
    return `At (${x}, ${y}) the score is ${score.toPrecision(4)}, and the slope ${slope.toPrecision(3)}.`;
  }

  close() {
    this.listeners.abort();
    this.element.remove();
  }
}

/**
 * Draw everything on the map, from back to front.
 * @param {CanvasRenderingContext2D} context
 * @param {Look} look
 * @param {Moving} at
 * @param {number} warp
 * @param {Colours} colours
 */
function drawLayers(context, { header, panel, to }, at, warp, colours) {
  const size = context.canvas.width;
  /** @type {Place} */
  const place = (x, y) => [((x / header.limit + 1) / 2) * size, ((1 - y / header.limit) / 2) * size];
  const on = new Set(header.layers);
  const dot = { radius: Math.max(2, size / 190), edge: colours.background };
  if (on.has("mesh")) drawMesh(context, meshSpots(header, at.mesh, warp, place), colours);
  if (on.has("real")) drawDots(context, to.real, place, { ...dot, colour: colours.real });
  if (on.has("arrows")) drawArrows(context, at, panel.longest, place, colours.text);
  if (on.has("generated")) drawDots(context, at.generated, place, { ...dot, colour: colours.generated });
}
