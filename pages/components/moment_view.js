// What is seen of a run along its time: the newest while its cursor is at the end, and the kept moment nearest to the cursor while that is in
// the past. How a moment is drawn is up to those who extend this.

import { cursorAt, onCursor } from "./cursor.js";
import { find, setText } from "./elements.js";
import { frameStore } from "./frame_store.js";
import { inWords } from "./moments.js";
import { unpack } from "./payload.js";

/** @import { Decoded, FrameStore } from "./frame_store.js" */
/** @import { Packed } from "./payload.js" */

/**
 * The header of the message from moment_picture.py. The newest moment follows, and then the kept ones that have not been sent before.
 * @typedef {object} MomentsHeader
 * @property {string} cursor
 * @property {string} store the name under which the kept moments are held
 * @property {number} step of the newest moment
 * @property {number} bytes of the newest moment
 * @property {[step: number, key: string][]} kept all kept moments, by step
 * @property {[key: string, bytes: number][]} sent those that follow
 * @property {string} alt in which, as in the caption, the number of the step is to be put in
 * @property {string} caption
 */

/** @typedef {(name: string, value: unknown) => void} Send */

const ASK_AFTER = 150; // ms: how long to wait for moments that were not in the last message

/** @template {MomentsHeader} Header */
export class MomentView {
  /**
   * @param {HTMLElement} figure
   * @param {(blob: Blob) => Promise<Decoded>} decode
   */
  constructor(figure, decode) {
    this.figure = figure;
    this.decode = decode;
    this.caption = find(figure, "figcaption", HTMLElement);
    /** @type {(Header & { stamp: string }) | null} */
    this.header = null;
    /** @type {FrameStore | null} */
    this.store = null;
    this.drawn = -1; // the step of the kept moment that is seen; -1: the newest
    this.preparing = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.asking = undefined;
    this.listeners = new AbortController();
    onCursor("wgan-cursor", ({ cursor }) => cursor === this.header?.cursor && this.follow(), this.listeners.signal);
  }

  /**
   * @param {Packed<Header>} data
   * @param {Send} send
   */
  show(data, send) {
    const [header, body] = unpack(data);
    if (header.stamp === this.header?.stamp) return;
    if (header.store !== this.header?.store) this.drawn = -1;
    this.header = header;
    this.store = frameStore(header.store, this.decode);
    const rest = this.takeOwn(header, body);
    this.take(header, rest.subarray(header.bytes), send);
    this.takeNewest(header, rest.slice(0, header.bytes));
    this.follow();
  }

  /**
   * What comes before the newest moment. Returns what comes after.
   * @param {Header & { stamp: string }} _header
   * @param {Uint8Array<ArrayBuffer>} body
   */
  takeOwn(_header, body) {
    return body;
  }

  /**
   * @param {Header & { stamp: string }} _header
   * @param {Uint8Array<ArrayBuffer>} _body of the newest moment
   */
  takeNewest(_header, _body) {}

  /**
   * Draw a kept moment.
   * @param {Decoded} _moment
   * @param {number} _step
   */
  drawPast(_moment, _step) {}

  drawNewest() {}

  /**
   * Hold the kept moments that have come, and ask for those that are still missing.
   * @param {MomentsHeader} header
   * @param {Uint8Array<ArrayBuffer>} bodies
   * @param {Send} send
   */
  take({ kept, sent }, bodies, send) {
    const store = /** @type {FrameStore} */ (this.store);
    let begin = 0;
    for (const [key, bytes] of sent) {
      store.add(key, new Blob([bodies.slice(begin, begin + bytes)]));
      begin += bytes;
    }
    if (sent.length) this.drawn = -1; // a resumed run may have another picture at the same step
    const missing = store.arrange(kept);
    this.figure.dataset.held = String(store.steps.length);
    clearTimeout(this.asking);
    if (missing.length) this.asking = setTimeout(() => send("missing", missing), ASK_AFTER);
  }

  /** The kept moment that the cursor is at; -1 for the newest. */
  wanted() {
    const x = this.header ? cursorAt(this.header.cursor) : undefined;
    return x === undefined || !Number.isFinite(x) || !this.store ? -1 : this.store.nearest(x);
  }

  // Show what the cursor is at. A moment that is decoded already appears at once.
  follow() {
    if (!this.header) return;
    const index = this.wanted();
    if (index < 0) {
      this.drawn = -1;
      this.drawNewest();
      setText(this.caption, said(this.header.caption, this.header.step));
      return;
    }
    const moment = this.store?.picture(index);
    if (moment instanceof Promise) moment.then((decoded) => this.showNearer(index, decoded));
    else this.showPast(index, moment ?? null);
  }

  /**
   * Show a moment that has been decoded, unless the cursor has gone on and what is seen is nearer to it.
   * @param {number} index
   * @param {Decoded | null} moment
   */
  showNearer(index, moment) {
    const { store } = this;
    const wanted = this.wanted();
    if (this.closed || !store || wanted < 0 || index >= store.steps.length) return;
    const aim = store.steps[wanted];
    if (this.drawn >= 0 && Math.abs(this.drawn - aim) < Math.abs(store.steps[index] - aim)) return;
    this.showPast(index, moment);
  }

  /**
   * @param {number} index
   * @param {Decoded | null} moment
   */
  showPast(index, moment) {
    if (!moment || !this.store || !this.header) return;
    const step = this.store.steps[index];
    this.drawPast(moment, step);
    this.drawn = step;
    this.figure.dataset.step = String(step);
    const at = Math.round(cursorAt(this.header.cursor) ?? step);
    const near = step === at || !this.header.caption ? "" : ` (step ${inWords(at)} itself is not kept; this is the nearest)`;
    setText(this.caption, said(this.header.caption, step) + near);
    this.prepare(this.store);
  }

  /**
   * Decode all kept moments, one after the other, so that each appears at once when the cursor comes to it.
   * @param {FrameStore} store
   */
  async prepare(store) {
    if (this.preparing || !store.fits()) return;
    this.preparing = true;
    for (let index = 0; index < store.steps.length && !this.closed && store === this.store; index++) await store.picture(index);
    this.preparing = false;
  }

  get closed() {
    return this.listeners.signal.aborted;
  }

  close() {
    this.listeners.abort();
    clearTimeout(this.asking);
  }
}

/**
 * @param {string} words
 * @param {number} step
 */
export function said(words, step) {
  return words.replace("{step}", inWords(step));
}
