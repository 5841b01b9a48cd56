// The latent explorer. The generator runs in the browser, so the picture changes while something is dragged. The server is told
// about a latent only at the end of a move.

import { find, setText } from "../../components/elements.js";
import { kept } from "../../components/kept.js";
import { unpack } from "../../components/payload.js";
import { Generator } from "./generator.js";
import { Handle } from "./handle.js";
import { ImagePicture } from "./image_picture.js";
import { Pace } from "./pace.js";
import { atOrigin, classRow, fromServer, latentAt, latentBefore } from "./place.js";
import { paintPad } from "./plane_pad.js";
import { PointPicture } from "./point_picture.js";
import { isFocused, Slider } from "./slider.js";
import { loadTensorFlow } from "./tensorflow.js";
import { weightsOf } from "./weights.js";

/** @import { Packed } from "../../components/payload.js" */
/** @import { ComponentArguments, TensorFlow } from "../../components/types.d.ts" */
/** @import { Classes, Direction, Origin, Place } from "./place.js" */
/** @import { SliderHeader } from "./slider.js" */
/** @import { Weights } from "./weights.js" */

/**
 * The header of the message from latent_explorer.py. The latents of the seeds and the directions follow it.
 * @typedef {object} ExplorerHeader
 * @property {string} weights the id of the generator's weights
 * @property {string} library the URL of TensorFlow.js
 * @property {number} latentDim
 * @property {number[]} planes the name of each seed's plane
 * @property {number} version of the state, by the server's count
 * @property {Place} state
 * @property {number} count how many images or points are shown
 * @property {number[]} dimensions that get a slider
 * @property {{ name: string, sd: number, words: string, unit: string }[]} directions that get a slider
 * @property {(Classes & { label: string, words: string }) | null} classes of a generator that is told them
 * @property {string} alt
 */

/** @typedef {Place & { version: number, edit: number }} SentState what the server is told at the end of a move */

const QUIET_MS = 350; // after this long without another key press the move has ended

/** @param {ComponentArguments<Packed<ExplorerHeader>>} component */
export default function latentExplorer({ data, parentElement, setStateValue, setTriggerValue }) {
  const [explorer, leave] = kept(find(parentElement, ".explorer", HTMLElement), (root) => new Explorer(root));
  explorer.sendState = (state) => setStateValue("state", state);
  explorer.sendChosen = (index) => setTriggerValue("chosen", index);
  explorer.sendCount = (count) => setStateValue("count", count);
  explorer.show(data);
  return leave;
}

class Explorer {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.image = find(root, ".image", HTMLCanvasElement);
    this.pad = find(root, ".pad", HTMLCanvasElement);
    this.trouble = find(root, ".trouble", HTMLElement);
    this.view = find(root, ".view", HTMLSelectElement);
    this.pace = find(root, ".pace", HTMLElement);
    this.frameOfFirst = find(root, ".frame", HTMLElement);
    this.which = find(root, ".which", HTMLElement);
    this.hint = find(root, ".hint", HTMLElement);
    this.sliders = find(root, ".sliders", HTMLElement);
    this.axes = { x: find(root, ".x", HTMLInputElement), y: find(root, ".y", HTMLInputElement) };
    /** @type {(state: SentState) => void} */
    this.sendState = () => {};
    /** @type {(index: number) => void} */
    this.sendChosen = () => {};
    /** @type {(count: number) => void} */
    this.sendCount = () => {};
    this.place = atOrigin();
    /** @type {ExplorerHeader | null} */
    this.header = null;
    /** @type {Origin[]} */
    this.origins = [];
    /** @type {Direction[]} */
    this.directions = [];
    this.version = NaN; // of the state that was taken over last
    this.edits = 0; // moves reported to the server since then
    this.count = 0;
    this.ready = ""; // the id of the weights that the generator uses
    /** @type {Generator | null} */
    this.generator = null;
    /** @type {ImagePicture | PointPicture | null} */
    this.picture = null;
    /** @type {Slider[]} */
    this.rows = [];
    this.laidOut = "";
    this.times = new Pace();
    this.drawn = 0;
    this.frame = 0;
    this.closed = false;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.listeners = new AbortController();
    this.listen(this.listeners.signal);
    this.observer = new ResizeObserver(() => this.draw());
    for (const canvas of [this.pad, this.image]) this.observer.observe(canvas);
  }

  /** @param {AbortSignal} signal */
  listen(signal) {
    this.view.addEventListener("change", () => this.showMany(Number(this.view.value)), { signal });
    this.image.addEventListener("click", (event) => this.choose(event), { signal });
    new Handle(this.pad, this, signal, () => true);
    new Handle(this.image, this, signal, () => this.imageIsDraggable);
    // Keys typed into a field must not trigger the page's shortcuts. To the page they would look like keys pressed outside a field.
    const keepToFields = (/** @type {KeyboardEvent} */ event) => event.target instanceof HTMLInputElement && event.stopPropagation();
    this.root.addEventListener("keydown", keepToFields, { signal });
    const { x, y } = this.axes;
    x.addEventListener("change", () => this.goAndCommit({ x: Number(x.value) || 0 }), { signal });
    y.addEventListener("change", () => this.goAndCommit({ y: Number(y.value) || 0 }), { signal });
    find(this.root, ".home", HTMLElement).addEventListener("click", () => this.goAndCommit({ x: 0, y: 0 }), { signal });
  }

  /** @param {Packed<ExplorerHeader>} data */
  async show(data) {
    const [header, body] = unpack(data);
    this.header = header;
    this.takeOver(header);
    const numbers = new Float32Array(body.slice().buffer);
    const row = (/** @type {number} */ index) => numbers.subarray(index * header.latentDim, (index + 1) * header.latentDim);
    this.origins = header.planes.map((plane, index) => ({ plane, latent: row(index) }));
    this.directions = header.directions.map(({ name, sd }, index) => ({ name, sd, vector: row(header.planes.length + index) }));
    this.layOut(header);
    await this.prepare(header);
    this.draw();
  }

  /**
   * Take over a state that the server has changed. Otherwise the server only sends back what this component sent.
   * @param {ExplorerHeader} header
   */
  takeOver({ version, state, count }) {
    if (version !== this.version) {
      this.version = version;
      this.place = fromServer(state);
      this.edits = 0;
    }
    if (count !== this.count) {
      this.count = count;
      this.view.value = String(count);
    }
  }

  /**
   * The weights arrive with another element, which may load before or after this one.
   * @param {ExplorerHeader} header
   */
  async prepare({ weights: wanted, library }) {
    const notNeeded = () => this.closed || this.header?.weights !== wanted || this.ready === wanted;
    try {
      const weights = await weightsOf(wanted, notNeeded);
      if (!weights) return;
      const tf = await loadTensorFlow(library);
      if (!notNeeded()) this.load(tf, weights);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!notNeeded()) this.showMessage(`The generator cannot run in this browser: ${why} Choose “on the server” above.`);
    }
  }

  /**
   * @param {TensorFlow} tf
   * @param {Weights} weights
   */
  load(tf, weights) {
    const { id, points, shape } = weights.spec;
    this.ready = ""; // the old generator is disposed of, so nothing can be drawn until the new one is ready
    this.generator?.dispose();
    this.generator = new Generator(tf, weights);
    this.picture = points ? new PointPicture(this.image, points) : new ImagePicture(this.image, shape);
    this.root.classList.toggle("points", Boolean(points));
    this.root.classList.toggle("real", Boolean(points?.real));
    this.view.options[0].textContent = this.picture.singleLabel;
    this.ready = id;
    this.showMessage("");
  }

  // One frame shows everything that happened since the last one; the newest state wins.
  draw() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      if (this.closed || !this.header) return;
      paintPad(this.pad, this.place, getComputedStyle(this.root));
      this.showNumbers();
      if (this.generator && this.ready === this.header.weights) this.drawPicture(this.generator, this.header);
    });
  }

  /**
   * @param {Generator} generator
   * @param {ExplorerHeader} header
   */
  drawPicture(generator, header) {
    const begun = performance.now();
    const { count } = this;
    let where = "";
    try {
      const handles = this.imageIsDraggable ? "the plane or the image" : "the plane";
      this.hint.textContent = `Drag ${handles}. Each place is another latent, and nearby places give similar ${this.picture?.kind}.`;
      where = this.picture?.draw(generator.samples(this.latents(count), count), count) ?? "";
    } catch (error) {
      return this.showMessage(`The picture could not be computed: ${error instanceof Error ? error.message : error}`);
    }
    if (!this.trouble.hidden) this.showMessage("");
    this.markFirst(count);
    const place = `${header.alt} at (${this.place.x.toFixed(2)}, ${this.place.y.toFixed(2)})`;
    this.image.setAttribute("aria-label", where ? `${place}: ${where}` : place);
    this.showPace(where, performance.now() - begun);
  }

  /**
   * Of many images or points, show which one the page's buttons are for: that of the seed itself.
   * @param {number} count
   */
  markFirst(count) {
    const { picture } = this;
    const one = count === 1 || !picture;
    this.which.hidden = one;
    this.frameOfFirst.hidden = one || !(picture instanceof ImagePicture);
    if (one) return;
    setText(this.which, `${picture.first} is the current one: the score, the files and the pin belong to it.`);
    if (picture instanceof ImagePicture) picture.surround(this.frameOfFirst, count);
  }

  /**
   * @param {number} count
   * @returns {Float32Array} one latent after the other, each with its class behind it if there are classes
   */
  latents(count) {
    const latents = this.origins.slice(0, count).map((origin) => latentAt(this.place, origin, this.directions));
    const row = this.header?.classes ? classRow(this.place, this.header.classes) : new Float32Array(0);
    const z = new Float32Array(latents.reduce((sum, latent) => sum + latent.length + row.length, 0));
    for (const [index, latent] of latents.entries()) {
      z.set(latent, index * (latent.length + row.length));
      z.set(row, index * (latent.length + row.length) + latent.length);
    }
    return z;
  }

  // The latent of the first seed, before directions and truncation are applied.
  before() {
    return latentBefore(this.place, this.origins[0]);
  }

  /**
   * @param {string} where
   * @param {number} took ms
   */
  showPace(where, took) {
    const middle = this.times.add(took);
    this.pace.textContent = [where, middle && `drawn in ${middle.toFixed(1)} ms`].filter(Boolean).join(" · ");
    this.drawn += 1;
    this.root.dataset.drawn = String(this.drawn); // for measurements and tests
  }

  /** @param {string} text */
  showMessage(text) {
    this.trouble.textContent = text;
    this.trouble.hidden = !text;
  }

  /** @param {number} count */
  showMany(count) {
    this.times.forget();
    this.count = count;
    this.draw();
    this.sendCount(count);
  }

  /**
   * A click on one of many images shows that one alone.
   * @param {MouseEvent} event
   */
  choose(event) {
    if (this.count === 1 || !this.picture) return;
    const chosen = this.picture.which(event, this.count);
    this.view.value = "1";
    this.showMany(1);
    if (chosen) this.sendChosen(chosen);
  }

  // With many images a click chooses one. A single image can be dragged like the plane.
  get imageIsDraggable() {
    return this.count === 1 && Boolean(this.picture?.draggable);
  }

  /** @param {{ x?: number, y?: number }} place */
  goTo(place) {
    Object.assign(this.place, place);
    this.draw();
  }

  /** @param {{ x?: number, y?: number }} place */
  goAndCommit(place) {
    this.goTo(place);
    this.commit();
  }

  commit() {
    clearTimeout(this.timer);
    // Rounded as in links, so that a link gives exactly the same image.
    const [x, y] = [this.place.x, this.place.y].map((value) => Math.round(value * 1e4) / 1e4);
    this.goTo({ x, y });
    this.edits += 1;
    this.sendState({ ...this.place, version: this.version, edit: this.edits });
  }

  commitSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.commit(), QUIET_MS);
  }

  /** @param {ExplorerHeader} header */
  layOut(header) {
    const wanted = slidersOf(header);
    const key = JSON.stringify(wanted);
    if (key === this.laidOut) return;
    this.laidOut = key;
    for (const row of this.rows) row.close();
    this.rows = wanted.map((slider) => new Slider(slider, this));
    this.sliders.replaceChildren(...this.rows.map((row) => row.element));
  }

  showNumbers() {
    const { x, y } = this.axes;
    if (!isFocused(x)) x.value = this.place.x.toFixed(2);
    if (!isFocused(y)) y.value = this.place.y.toFixed(2);
    const before = this.before();
    for (const row of this.rows) row.show(before);
  }

  close() {
    this.closed = true;
    this.listeners.abort();
    for (const row of this.rows) row.close();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.timer);
    this.generator?.dispose();
  }
}

/**
 * One slider for the way between two classes, for each chosen dimension, for each direction, and for truncation.
 * @param {ExplorerHeader} header
 * @returns {SliderHeader[]}
 */
function slidersOf({ dimensions, directions, classes }) {
  /** @type {SliderHeader[]} */
  const mix =
    classes && classes.from !== classes.to ? [{ kind: "mix", key: "", label: classes.label, words: classes.words, unit: "" }] : [];
  return [
    ...mix,
    ...dimensions.map(
      (dimension) => /** @type {const} */ ({ kind: "dimensions", key: String(dimension), label: `z${dimension + 1}`, unit: "σ" }),
    ),
    ...directions.map(({ name, words, unit }) => /** @type {const} */ ({ kind: "directions", key: name, label: name, words, unit })),
    {
      kind: "truncation",
      key: "",
      label: "Truncation ψ",
      words: "Multiplies the latent by ψ. A smaller ψ gives more typical but less varied images.",
      unit: "",
    },
  ];
}
