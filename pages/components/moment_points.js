// The points of a run along its time, in front of real ones. Behind them the critic's landscape, where the cursor rests at a step for which
// the server has computed it.

import { drawCloud } from "./cloud.js";
import { readColours } from "./colours.js";
import { cursorAt } from "./cursor.js";
import { contextOf, find, make, setSize, setText } from "./elements.js";
import { kept } from "./kept.js";
import { paintLandscape } from "./landscape.js";
import { MomentView, said } from "./moment_view.js";
import { inWords } from "./moments.js";

/** @import { Decoded } from "./frame_store.js" */
/** @import { MomentsHeader } from "./moment_view.js" */
/** @import { Packed } from "./payload.js" */
/** @import { ComponentArguments } from "./types.d.ts" */

/**
 * The header of the message from moment_points.py. Before the newest points come the real ones and the landscape's scores.
 * @typedef {object} OfPoints
 * @property {number} limit both axes cover from -limit to limit
 * @property {number} real the number of real points
 * @property {BehindHeader | null} behind
 */

/**
 * @typedef {object} BehindHeader
 * @property {number} at the step of the cursor that the landscape belongs to
 * @property {number} step the kept step whose critic it is
 * @property {number} grid
 * @property {number} middle
 * @property {number} extent
 */

/** @typedef {MomentsHeader & OfPoints} PointsHeader */
/** @typedef {Decoded & { points: Float32Array }} Cloud */

const LANDSCAPE_PX = 320;

/** @param {ComponentArguments<Packed<PointsHeader>>} component */
export default function momentPoints({ data, parentElement, setTriggerValue }) {
  const [points, leave] = kept(find(parentElement, "figure", HTMLElement), (figure) => new MomentPoints(figure));
  points.show(data, setTriggerValue);
  return leave;
}

/** @extends {MomentView<PointsHeader>} */
class MomentPoints extends MomentView {
  /** @param {HTMLElement} figure */
  constructor(figure) {
    super(figure, decodeCloud);
    this.canvas = find(figure, "canvas", HTMLCanvasElement);
    this.scores = find(figure, ".scores", HTMLElement);
    this.real = new Float32Array();
    this.newest = new Float32Array();
    /** @type {Float32Array} */
    this.shown = new Float32Array();
    this.behind = new Float32Array();
    this.map = make("canvas");
    this.painted = "";
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.draw(this.shown)));
    this.observer.observe(this.canvas);
  }

  /**
   * @param {PointsHeader & { stamp: string }} header
   * @param {Uint8Array<ArrayBuffer>} body
   */
  takeOwn({ real, behind, stamp }, body) {
    const landscape = 8 * real;
    const rest = landscape + 4 * (behind ? behind.grid ** 2 : 0);
    this.real = new Float32Array(body.slice(0, landscape).buffer);
    this.behind = new Float32Array(body.slice(landscape, rest).buffer);
    this.painted = `${stamp}: not yet`;
    return body.subarray(rest);
  }

  /**
   * @param {PointsHeader & { stamp: string }} _header
   * @param {Uint8Array<ArrayBuffer>} body
   */
  takeNewest(_header, body) {
    this.newest = new Float32Array(body.buffer);
  }

  drawNewest() {
    this.draw(this.newest);
    this.canvas.setAttribute("aria-label", said(this.header?.alt ?? "", this.header?.step ?? 0));
  }

  /**
   * @param {Decoded} moment
   * @param {number} step
   */
  drawPast(moment, step) {
    this.draw(/** @type {Cloud} */ (moment).points);
    this.canvas.setAttribute("aria-label", said(this.header?.alt ?? "", step));
  }

  /** @param {Float32Array} generated */
  draw(generated) {
    this.shown = generated;
    const size = Math.round(this.canvas.clientWidth * Math.min(devicePixelRatio, 2));
    if (!size || !this.header) return;
    const { limit, behind } = this.header;
    setSize(this.canvas, size);
    const context = contextOf(this.canvas);
    context.clearRect(0, 0, size, size);
    const colours = readColours(this.canvas);
    const fits = behind !== null && behind.at === cursorAt(this.header.cursor);
    if (fits) context.drawImage(this.landscape(behind, colours), 0, 0, size, size);
    setText(this.scores, fits ? `the critic's scores at step ${inWords(behind.step)}: high where green, low where orange` : "");
    const style = getComputedStyle(this.canvas);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    drawCloud(context, { real: this.real, generated }, limit, {
      real: fits ? colours.real : colour("--real"),
      generated: fits ? colours.generated : colour("--generated"),
      realAlpha: fits ? 1 : 0.5,
      edge: colours.background,
      text: colours.text,
    });
  }

  /**
   * @param {BehindHeader} header
   * @param {import("./colours.js").Colours} colours
   */
  landscape({ grid, middle, extent }, colours) {
    const wanted = `${this.header?.stamp} ${colours.key}`;
    if (this.painted === wanted) return this.map;
    this.painted = wanted;
    this.map.width = this.map.height = LANDSCAPE_PX;
    const context = contextOf(this.map);
    const image = context.createImageData(LANDSCAPE_PX, LANDSCAPE_PX);
    const pixels = new Uint32Array(image.data.buffer);
    paintLandscape(pixels, LANDSCAPE_PX, { values: this.behind, grid, middle, extent }, { ramp: colours.ramp, lines: colours.lines });
    context.putImageData(image, 0, 0);
    return this.map;
  }

  close() {
    super.close();
    this.observer.disconnect();
  }
}

/**
 * @param {Blob} blob
 * @returns {Promise<Cloud>}
 */
async function decodeCloud(blob) {
  const points = new Float32Array(await blob.arrayBuffer());
  return { points, width: points.length, height: 1, close() {} };
}
