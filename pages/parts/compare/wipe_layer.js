// One of the two pictures that lie over each other: of a run at its cursor. Kept pictures come from the store that the run's own picture fills.

import { drawCloud } from "../../components/cloud.js";
import { readColours } from "../../components/colours.js";
import { cursorAt, onCursor } from "../../components/cursor.js";
import { contextOf, setSize } from "../../components/elements.js";
import { said } from "../../components/moment_view.js";

/** @import { Decoded } from "../../components/frame_store.js" */

/**
 * @typedef {object} LayerHeader
 * @property {string} name with {step} where the step goes
 * @property {string} alt
 * @property {string} store
 * @property {string} cursor
 * @property {number} step of what is sent along
 * @property {number} limit of points: both axes cover from -limit to limit; 0 of images
 * @property {number} real the number of bytes of the real points, which come first
 * @property {number} bytes the number of bytes of what is sent along
 */

/** @typedef {Decoded & { points?: Float32Array }} Kept an ImageBitmap or points */

export class WipeLayer {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(words: string) => void} tell called with what it is, whenever that changes
   */
  constructor(canvas, tell) {
    this.canvas = canvas;
    this.tell = tell;
    /** @type {LayerHeader | null} */
    this.header = null;
    /** @type {Kept | null} */
    this.first = null; // what was sent along
    /** @type {Kept | null} */
    this.drawn = null;
    this.real = new Float32Array();
    this.observer = new ResizeObserver(() => requestAnimationFrame(() => this.drawn?.points && this.draw(this.drawn)));
    this.observer.observe(canvas);
    this.listeners = new AbortController();
    onCursor("wgan-cursor", ({ cursor }) => cursor === this.header?.cursor && this.follow(), this.listeners.signal);
  }

  /**
   * @param {LayerHeader} header
   * @param {Uint8Array<ArrayBuffer>} body
   */
  async show(header, body) {
    this.header = header;
    this.real = new Float32Array(body.slice(0, header.real).buffer);
    this.canvas.setAttribute("aria-label", header.alt);
    const rest = body.slice(header.real);
    const first = header.limit ? cloud(rest) : await createImageBitmap(new Blob([rest])).catch(() => null);
    if (this.header !== header || this.listeners.signal.aborted) return first?.close(); // a newer message came meanwhile
    if (!this.first?.points) this.first?.close();
    this.first = first;
    this.follow();
  }

  // Show what the cursor is at, or what was sent along until the kept ones have come.
  follow() {
    if (!this.header || !this.first) return;
    const store = globalThis.wganFrames?.get(this.header.store);
    const at = cursorAt(this.header.cursor);
    const index = store && at !== undefined ? store.nearest(at) : -1;
    if (!store || index < 0) return this.put(this.first, this.header.step);
    const step = store.steps[index];
    const moment = store.picture(index);
    // Once a picture is decoded the cursor may be elsewhere.
    if (moment instanceof Promise) moment.then((decoded) => decoded && this.follow());
    else if (moment) this.put(moment, step);
  }

  /**
   * @param {Kept} moment
   * @param {number} step
   */
  put(moment, step) {
    this.drawn = moment;
    this.draw(moment);
    this.canvas.dataset.step = String(step);
    this.tell(said(this.header?.name ?? "", step));
  }

  /** @param {Kept} moment */
  draw(moment) {
    const context = contextOf(this.canvas);
    const { points } = moment;
    if (!points) {
      setSize(this.canvas, moment.width, moment.height);
      context.clearRect(0, 0, moment.width, moment.height);
      context.drawImage(/** @type {ImageBitmap} */ (moment), 0, 0);
      return;
    }
    const size = Math.round(this.canvas.clientWidth * Math.min(devicePixelRatio, 2));
    if (!size) return;
    setSize(this.canvas, size);
    context.clearRect(0, 0, size, size);
    const { text, background } = readColours(this.canvas);
    const style = getComputedStyle(this.canvas);
    const [real, generated] = ["--real", "--generated"].map((name) => style.getPropertyValue(name).trim());
    const look = { real, generated, realAlpha: 0.5, edge: background, text };
    drawCloud(context, { real: this.real, generated: points }, this.header?.limit ?? 1, look);
  }

  close() {
    this.listeners.abort();
    this.observer.disconnect();
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} body
 * @returns {Kept}
 */
function cloud(body) {
  const points = new Float32Array(body.buffer);
  return { points, width: points.length, height: 1, close() {} };
}
