// The pictures of a run: the newest one while its cursor is at the end, and the kept one nearest to the cursor while that is in the past.

import { cursorAt, onCursor } from "./cursor.js";
import { contextOf, find, setSize, setText } from "./elements.js";
import { frameStore } from "./frame_store.js";
import { kept } from "./kept.js";
import { inWords } from "./moments.js";
import { unpack } from "./payload.js";

/** @import { Decoded, FrameStore } from "./frame_store.js" */
/** @import { Packed } from "./payload.js" */
/** @import { ComponentArguments } from "./types.d.ts" */

/**
 * The header of the message from moment_picture.py. The newest picture follows, and then the kept ones that have not been sent before.
 * @typedef {object} MomentsHeader
 * @property {string} cursor
 * @property {string} store the name under which the kept pictures are held
 * @property {number} step of the newest picture
 * @property {number} bytes of the newest picture
 * @property {[step: number, key: string][]} kept all kept pictures, by step
 * @property {[key: string, bytes: number][]} sent those that follow
 * @property {string} alt in which, as in the caption, the number of the step is to be put in
 * @property {string} caption
 */

const ASK_AFTER = 150; // ms: how long to wait for pictures that were not in the last message

/** @param {ComponentArguments<Packed<MomentsHeader>>} component */
export default function momentPicture({ data, parentElement, setTriggerValue }) {
  const [picture, leave] = kept(find(parentElement, "figure", HTMLElement), (figure) => new MomentPicture(figure));
  picture.show(data, setTriggerValue);
  return leave;
}

class MomentPicture {
  /** @param {HTMLElement} figure */
  constructor(figure) {
    this.figure = figure;
    this.image = find(figure, "img", HTMLImageElement);
    this.canvas = find(figure, "canvas", HTMLCanvasElement);
    this.caption = find(figure, "figcaption", HTMLElement);
    /** @type {(MomentsHeader & { stamp: string }) | null} */
    this.header = null;
    /** @type {FrameStore | null} */
    this.store = null;
    this.url = "";
    this.newest = ""; // the stamp of the newest picture that is shown or being decoded
    this.drawn = -1; // the step of the kept picture on the canvas
    this.preparing = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.asking = undefined;
    this.listeners = new AbortController();
    onCursor("wgan-cursor", ({ cursor }) => cursor === this.header?.cursor && this.follow(), this.listeners.signal);
  }

  /**
   * @param {Packed<MomentsHeader>} data
   * @param {(name: string, value: unknown) => void} send
   */
  show(data, send) {
    const [header, body] = unpack(data);
    if (header.stamp === this.header?.stamp) return;
    if (header.store !== this.header?.store) this.drawn = -1;
    this.header = header;
    this.store = frameStore(header.store);
    this.take(header, body.subarray(header.bytes), send);
    this.follow();
    this.showNewest(header, body.slice(0, header.bytes));
  }

  /**
   * Hold the kept pictures that have come, and ask for those that are still missing.
   * @param {MomentsHeader} header
   * @param {Uint8Array<ArrayBuffer>} bodies
   * @param {(name: string, value: unknown) => void} send
   */
  take({ kept, sent }, bodies, send) {
    const store = /** @type {FrameStore} */ (this.store);
    let begin = 0;
    for (const [key, bytes] of sent) {
      store.add(key, new Blob([bodies.slice(begin, begin + bytes)]));
      begin += bytes;
    }
    const missing = store.arrange(kept);
    if (sent.length) this.drawn = -1; // a resumed run may have another picture at the same step
    this.figure.dataset.held = String(store.steps.length);
    clearTimeout(this.asking);
    if (missing.length) this.asking = setTimeout(() => send("missing", missing), ASK_AFTER);
  }

  /**
   * @param {MomentsHeader & { stamp: string }} header
   * @param {Uint8Array<ArrayBuffer>} body
   */
  async showNewest(header, body) {
    const { stamp } = header;
    this.newest = stamp;
    const decoded = new Image();
    decoded.src = URL.createObjectURL(new Blob([body]));
    const works = await decoded.decode().then(
      () => true,
      () => false,
    );
    // While this one was being decoded, a newer one may have arrived, or the element may have been removed.
    if (this.newest !== stamp || this.closed || !works) return URL.revokeObjectURL(decoded.src);
    this.image.style.aspectRatio = `${decoded.naturalWidth} / ${decoded.naturalHeight}`;
    this.image.src = decoded.src;
    this.image.alt = said(header.alt, header.step);
    URL.revokeObjectURL(this.url);
    this.url = decoded.src;
    this.follow();
  }

  /** The frame that the cursor is at; -1 for the newest picture. */
  wanted() {
    const x = this.header ? cursorAt(this.header.cursor) : undefined;
    return x === undefined || !Number.isFinite(x) || !this.store ? -1 : this.store.nearest(x);
  }

  // Show what the cursor is at. A picture that is decoded already appears at once.
  follow() {
    const index = this.wanted();
    if (index < 0) return this.showLive();
    const picture = this.store?.picture(index);
    if (picture instanceof Promise) picture.then((decoded) => this.drawNearer(index, decoded));
    else this.drawPast(index, picture ?? null);
  }

  /**
   * Draw a picture that has been decoded, unless the cursor has gone on and what is shown is nearer to it.
   * @param {number} index
   * @param {Decoded | null} decoded
   */
  drawNearer(index, decoded) {
    const store = this.store;
    const wanted = this.wanted();
    if (this.closed || !store || wanted < 0 || index >= store.steps.length) return;
    const aim = store.steps[wanted];
    if (!this.canvas.hidden && Math.abs(this.drawn - aim) < Math.abs(store.steps[index] - aim)) return;
    this.drawPast(index, decoded);
  }

  /**
   * @param {number} index
   * @param {Decoded | null} picture
   */
  drawPast(index, picture) {
    if (!picture || !this.store || !this.header) return;
    const step = this.store.steps[index];
    if (this.drawn !== step || this.canvas.hidden) {
      this.drawn = step;
      setSize(this.canvas, picture.width, picture.height);
      const context = contextOf(this.canvas);
      context.clearRect(0, 0, picture.width, picture.height);
      context.drawImage(/** @type {ImageBitmap} */ (picture), 0, 0);
      this.canvas.hidden = false;
      this.image.hidden = true;
      this.canvas.setAttribute("aria-label", said(this.header.alt, step));
      this.canvas.dataset.step = String(step);
    }
    const at = Math.round(cursorAt(this.header.cursor) ?? step);
    const near = step === at ? "" : ` (no picture of step ${inWords(at)} is kept; this is the nearest)`;
    setText(this.caption, said(this.header.caption, step) + near);
    this.prepare(this.store);
  }

  /**
   * Decode all kept pictures, one after the other, so that each appears at once when the cursor comes to it.
   * @param {FrameStore} store
   */
  async prepare(store) {
    if (this.preparing || !store.fits()) return;
    this.preparing = true;
    for (let index = 0; index < store.steps.length && !this.closed && store === this.store; index++) await store.picture(index);
    this.preparing = false;
  }

  showLive() {
    if (!this.header) return;
    this.canvas.hidden = true;
    this.image.hidden = !this.url;
    setText(this.caption, said(this.header.caption, this.header.step));
  }

  get closed() {
    return this.listeners.signal.aborted;
  }

  close() {
    this.listeners.abort();
    clearTimeout(this.asking);
    URL.revokeObjectURL(this.url);
  }
}

/**
 * @param {string} words
 * @param {number} step
 */
function said(words, step) {
  return words.replace("{step}", inWords(step));
}
