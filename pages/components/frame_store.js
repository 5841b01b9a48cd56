// The pictures of a run at its kept moments. The server sends each one once; they are held here for as long as the page is open, also while
// the element that shows them is not on the page. Components share no modules, so the stores are on globalThis.

import { nearest } from "./moments.js";

/** @typedef {{ width: number, height: number, close(): void }} Decoded of an ImageBitmap */

const MOST_PIXELS = 24e6; // of decoded pictures, 4 bytes each
const MOST_STORES = 12;

export class FrameStore {
  /** @param {(blob: Blob) => Promise<Decoded>} decode */
  constructor(decode = (blob) => createImageBitmap(blob)) {
    this.read = decode;
    /** @type {Map<string, Frame>} */
    this.frames = new Map();
    /** @type {number[]} those that can be shown, ascending */
    this.steps = [];
    /** @type {Frame[]} in the same order */
    this.shown = [];
    this.pixels = 0;
    this.clock = 0;
  }

  /**
   * @param {string} key of the step and its version
   * @param {Blob} blob
   */
  add(key, blob) {
    if (!this.frames.has(key)) this.frames.set(key, new Frame(blob));
  }

  /**
   * Show the frames with these keys only, and forget the others. Returns the keys that are missing.
   * @param {[step: number, key: string][]} wanted by step
   * @returns {string[]}
   */
  arrange(wanted) {
    const keys = new Set(wanted.map(([, key]) => key));
    for (const [key, frame] of this.frames) {
      if (keys.has(key)) continue;
      this.drop(frame);
      this.frames.delete(key);
    }
    const here = wanted.filter(([, key]) => this.frames.has(key));
    this.steps = here.map(([step]) => step);
    this.shown = here.map(([, key]) => /** @type {Frame} */ (this.frames.get(key)));
    return wanted.flatMap(([, key]) => (this.frames.has(key) ? [] : [key]));
  }

  /** Whether all pictures can be held decoded, judged by those that are. */
  fits() {
    const decoded = this.shown.filter((frame) => frame.decoded).length;
    return decoded > 0 && (this.pixels / decoded) * this.shown.length <= MOST_PIXELS;
  }

  /**
   * The index of the frame nearest to a step; -1 if there is none.
   * @param {number} step
   */
  nearest(step) {
    return nearest(this.steps, step);
  }

  /**
   * A frame's picture: at once if it is decoded, otherwise it is being decoded.
   * @param {number} index
   * @returns {Promise<Decoded | null> | Decoded | null} null: it cannot be shown
   */
  picture(index) {
    const frame = this.shown[index];
    if (!frame) return null;
    frame.used = ++this.clock;
    if (frame.decoded || frame.broken) return frame.decoded;
    frame.decoding ??= this.decode(frame);
    return frame.decoding;
  }

  /** @param {Frame} frame */
  async decode(frame) {
    try {
      const decoded = await this.read(frame.blob);
      if (frame.gone) decoded.close();
      else this.hold(frame, decoded);
    } catch {
      frame.broken = true;
    }
    frame.decoding = null;
    return frame.decoded;
  }

  /**
   * @param {Frame} frame
   * @param {Decoded} decoded
   */
  hold(frame, decoded) {
    frame.decoded = decoded;
    this.pixels += decoded.width * decoded.height;
    if (this.pixels <= MOST_PIXELS) return;
    const others = this.shown.filter((each) => each.decoded && each !== frame).sort((a, b) => a.used - b.used);
    for (const each of others) if (this.pixels > MOST_PIXELS) this.drop(each, false);
  }

  /**
   * @param {Frame} frame
   * @param {boolean} gone
   */
  drop(frame, gone = true) {
    frame.gone = gone;
    if (!frame.decoded) return;
    this.pixels -= frame.decoded.width * frame.decoded.height;
    frame.decoded.close();
    frame.decoded = null;
  }
}

class Frame {
  /** @param {Blob} blob */
  constructor(blob) {
    this.blob = blob;
    /** @type {Decoded | null} */
    this.decoded = null;
    /** @type {Promise<Decoded | null> | null} */
    this.decoding = null;
    this.broken = false;
    this.gone = false;
    this.used = 0;
  }
}

/**
 * The store with this name. The ones that were used longest ago are forgotten.
 * @param {string} name
 * @param {(blob: Blob) => Promise<Decoded>} [decode] for a new store
 * @returns {FrameStore}
 */
export function frameStore(name, decode) {
  globalThis.wganFrames ??= new Map();
  const stores = globalThis.wganFrames;
  const store = stores.get(name) ?? new FrameStore(decode);
  stores.delete(name);
  stores.set(name, store);
  for (const old of [...stores.keys()].slice(0, -MOST_STORES)) stores.delete(old);
  return store;
}
