// Plays a film whose frames arrive as one picture. Frames are drawn on a canvas; playing and scrubbing need no server.

import { moveCursor, onCursor } from "./cursor.js";
import { contextOf, find } from "./elements.js";
import { frameAfter, framePlace } from "./frames.js";
import { kept } from "./kept.js";
import { unpack } from "./payload.js";

/** @import { Packed } from "./payload.js" */
/** @import { ComponentArguments } from "./types.d.ts" */

/**
 * The header of the message from film.py. The picture follows it.
 * @typedef {object} FilmHeader
 * @property {number} count the number of frames
 * @property {number} columns frames per row of the picture
 * @property {number} frameWidth in pixels of the picture
 * @property {number} frameHeight
 * @property {string} alt
 * @property {number} fps frames per second at normal speed
 * @property {number} width the width on the page in pixels
 * @property {string[] | null} labels a text for each frame
 * @property {string | null} cursor
 */

const PLAY = "M8 5v14l11-7z";
const PAUSE = "M6 5h4v14H6zM14 5h4v14h-4z";

/** @param {ComponentArguments<Packed<FilmHeader>>} component */
export default function filmComponent({ data, parentElement }) {
  const [film, leave] = kept(find(parentElement, ".film", HTMLElement), (root) => new Film(root));
  film.show(data);
  return leave;
}

class Film {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.play = find(root, ".play", HTMLButtonElement);
    this.icon = find(root, ".icon", SVGElement);
    this.scrubber = find(root, ".scrubber", HTMLInputElement);
    this.label = find(root, ".label", HTMLElement);
    this.repeat = find(root, ".repeat", HTMLSelectElement);
    this.speed = find(root, ".speed", HTMLSelectElement);
    this.canvas = find(root, "canvas", HTMLCanvasElement);
    /** @type {FilmHeader | null} */
    this.header = null;
    /** @type {ImageBitmap | null} */
    this.sheet = null;
    this.stamp = "";
    this.frame = 0;
    this.direction = 1;
    this.started = false;
    this.closed = false;
    this.shownAt = 0;
    this.request = 0;
    this.listeners = new AbortController();
    this.listen();
    this.setPlaying(false);
  }

  listen() {
    const { signal } = this.listeners;
    this.play.addEventListener("click", () => this.setPlaying(!this.playing), { signal });
    this.canvas.addEventListener("click", () => this.setPlaying(!this.playing), { signal });
    this.scrubber.addEventListener("input", () => this.seek(Number(this.scrubber.value)), { signal });
    this.root.addEventListener("keydown", (event) => this.onKey(event), { signal });
    onCursor("wgan-seek", ({ cursor, x }) => cursor === this.header?.cursor && this.seek(Math.round(x)), signal);
  }

  /** @param {Packed<FilmHeader>} data */
  async show(data) {
    const [header, body] = unpack(data);
    if (header.stamp === this.stamp) return;
    this.stamp = header.stamp;
    /** @type {ImageBitmap} */
    let sheet;
    try {
      sheet = await createImageBitmap(new Blob([body]));
    } catch {
      if (this.stamp === header.stamp) this.label.textContent = "This film cannot be shown, because its data is not an image.";
      return;
    }
    // While this one was being decoded, a newer one may have arrived, or the element may have been removed.
    if (this.closed || this.stamp !== header.stamp) return sheet.close();
    this.sheet?.close();
    this.sheet = sheet;
    this.layOut(header);
    this.drawFrame(Math.min(this.frame, header.count - 1));
    this.start(header.count);
  }

  /** @param {number} count */
  start(count) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches || count < 2;
    if (!this.started && !still) this.setPlaying(true);
    this.started = true;
  }

  /** @param {FilmHeader} header */
  layOut(header) {
    this.header = header;
    this.canvas.width = header.frameWidth;
    this.canvas.height = header.frameHeight;
    this.canvas.style.width = `${header.width}px`;
    this.canvas.style.imageRendering = header.width > header.frameWidth ? "pixelated" : "auto";
    this.canvas.setAttribute("aria-label", header.alt);
    this.root.setAttribute("aria-label", header.alt);
    this.root.style.width = `${header.width}px`;
    this.scrubber.max = String(header.count - 1);
  }

  /** @param {number} index */
  drawFrame(index) {
    if (!this.header || !this.sheet) return;
    const { count, columns, frameWidth: width, frameHeight: height, labels, cursor } = this.header;
    const [x, y] = framePlace(index, columns, width, height);
    const context = contextOf(this.canvas);
    context.clearRect(0, 0, width, height);
    context.drawImage(this.sheet, x, y, width, height, 0, 0, width, height);
    this.frame = index;
    this.scrubber.value = String(index);
    this.label.textContent = labels?.[index] ?? `Frame ${index} (0–${count - 1})`;
    this.scrubber.style.setProperty("--done", `${(100 * index) / Math.max(1, count - 1)}%`);
    this.scrubber.setAttribute("aria-valuetext", this.label.textContent);
    if (cursor) moveCursor(cursor, index);
  }

  /** @param {number} index */
  seek(index) {
    this.setPlaying(false);
    if (this.header) this.drawFrame(Math.max(0, Math.min(index, this.header.count - 1)));
  }

  /** @param {boolean} wanted */
  setPlaying(wanted) {
    this.playing = wanted && Boolean(this.sheet);
    this.icon.setAttribute("d", this.playing ? PAUSE : PLAY);
    this.play.setAttribute("aria-label", this.playing ? "Pause" : "Play");
    if (!this.playing) return;
    // A film that plays once and has ended starts again from its first frame.
    if (this.repeat.value === "once" && this.header && this.frame === this.header.count - 1) this.drawFrame(0);
    this.shownAt = performance.now();
    cancelAnimationFrame(this.request);
    this.request = requestAnimationFrame((now) => this.tick(now));
  }

  /** @param {number} now */
  tick(now) {
    if (!this.playing || this.closed || !this.header) return;
    const period = 1000 / (this.header.fps * Number(this.speed.value));
    if (now - this.shownAt >= period) {
      // Keep a steady rate; after the tab was paused, start counting again.
      this.shownAt = now - this.shownAt < 2 * period ? this.shownAt + period : now;
      this.advance(this.header.count);
    }
    this.request = requestAnimationFrame((later) => this.tick(later));
  }

  /** @param {number} count */
  advance(count) {
    const [next, direction] = frameAfter(this.frame, count, this.direction, this.repeat.value);
    this.direction = direction;
    if (next === null) return this.setPlaying(false);
    this.drawFrame(next);
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    // Lists and the button keep their own keys.
    if (event.target instanceof HTMLSelectElement || (event.key === " " && event.target === this.play)) return;
    /** @type {Record<string, number>} */
    const moves = { ArrowLeft: this.frame - 1, ArrowRight: this.frame + 1, Home: 0, End: Infinity };
    if (event.key === " ") this.setPlaying(!this.playing);
    else if (Object.hasOwn(moves, event.key)) this.seek(moves[event.key]);
    else return;
    event.preventDefault();
  }

  close() {
    this.closed = true;
    this.listeners.abort();
    cancelAnimationFrame(this.request);
    this.sheet?.close();
  }
}
