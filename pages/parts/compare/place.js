// The cursor of a comparison: a slider along the axis of the charts. Moving it moves the line in every chart at once; the server hears of it
// when it is let go. A click on a chart moves it too. Each run has a cursor of its own, which counts its steps and moves along.

import { moveCursor, onCursor } from "../../components/cursor.js";
import { find, make, setText } from "../../components/elements.js";
import { kept } from "../../components/kept.js";
import { across } from "../../components/moments.js";

/** @import { ComponentArguments } from "../../components/types.d.ts" */

/**
 * @typedef {object} PlaceData
 * @property {string} cursor
 * @property {number} place
 * @property {number} reach the end of the axis
 * @property {string} title of the axis
 * @property {boolean} whole whether the axis counts something
 * @property {{ name: string, at: number }[]} ends where each run ends
 * @property {RunScale[]} runs
 */

/**
 * @typedef {object} RunScale
 * @property {string} cursor of the run, which counts its steps
 * @property {number[]} places on the axis, ascending
 * @property {number[]} steps of the run there, ascending
 */

const STOPS = 1000;
const TELL_AFTER_MS = 250;

/** @param {ComponentArguments<PlaceData>} component */
export default function placeComponent({ data, parentElement, setTriggerValue }) {
  const [slider, leave] = kept(find(parentElement, ".place", HTMLElement), (root) => new Place(root));
  slider.tell = (place) => setTriggerValue("place", place);
  slider.show(data);
  return leave;
}

class Place {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.input = find(root, "input", HTMLInputElement);
    this.words = find(root, "output", HTMLElement);
    this.ends = find(root, ".ends", HTMLElement);
    /** @type {PlaceData | null} */
    this.data = null;
    this.drawn = "";
    this.told = NaN; // the place that the server was last told of
    this.unanswered = false; // whether the server has not drawn that place yet
    this.held = false; // whether the slider is being dragged
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.waiting = undefined; // the timer that will tell it of the next one
    this.at = 0; // exactly; the slider has only so many stops
    /** @type {(place: number) => void} */
    this.tell = () => {};
    this.listeners = new AbortController();
    const { signal } = this.listeners;
    this.input.addEventListener("input", () => this.move(this.there()), { signal });
    // Each press of an arrow key is a change: the server hears of the last of them.
    this.input.addEventListener("change", () => this.tellSoon(), { signal });
    this.input.addEventListener("pointerdown", () => this.hold(true), { signal });
    for (const event of ["pointerup", "pointercancel"]) globalThis.addEventListener(event, () => this.hold(false), { signal });
    onCursor("wgan-seek", ({ cursor, x }) => cursor === this.data?.cursor && this.seek(x), signal);
  }

  /** @param {PlaceData} data */
  show(data) {
    const { place, ...rest } = data;
    const wanted = JSON.stringify(rest);
    if (place === this.told) this.unanswered = false;
    // The server draws anew what it was told, or what has been recorded since. Meanwhile the user may have gone on.
    const stays = data.title === this.data?.title && (this.held || this.waiting || this.unanswered || place === this.told);
    const isNew = wanted !== this.drawn;
    this.drawn = wanted;
    this.data = data;
    if (stays && !isNew) return;
    this.input.max = String(data.whole ? Math.min(STOPS, Math.max(1, data.reach)) : STOPS);
    this.ends.replaceChildren(...data.ends.map((end) => endMark(end, data.reach)));
    this.move(stays ? this.at : place);
  }

  /** @param {boolean} held */
  hold(held) {
    this.held = held;
  }

  // Where the slider's thumb is.
  there() {
    const { reach, whole } = this.data ?? { reach: 0, whole: false };
    const at = (reach * Number(this.input.value)) / Number(this.input.max);
    return whole ? Math.round(at) : at;
  }

  /** @param {number} place */
  seek(place) {
    this.move(place);
    this.tellSoon(0);
  }

  tellSoon(milliseconds = TELL_AFTER_MS) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      this.waiting = undefined;
      this.told = this.at;
      this.unanswered = true;
      this.tell(this.at);
    }, milliseconds);
  }

  /** @param {number} place */
  move(place) {
    if (!this.data) return;
    const { cursor, title, whole, reach, runs } = this.data;
    this.at = Math.max(0, Math.min(whole ? Math.round(place) : place, reach));
    const share = this.at / (reach || 1);
    // Not where the slider stands there already: rounding could take back what an arrow key has just done.
    if (this.there() !== this.at) this.input.value = String(Math.round(Number(this.input.max) * share));
    const number = whole ? Math.round(this.at).toLocaleString("en-US") : this.at.toPrecision(4);
    setText(this.words, `${number} ${title}`);
    this.input.setAttribute("aria-valuetext", this.words.textContent ?? "");
    this.input.style.setProperty("--done", `${100 * share}%`);
    moveCursor(cursor, this.at);
    for (const run of runs) moveCursor(run.cursor, stepOf(run, this.at));
  }

  close() {
    this.listeners.abort();
    clearTimeout(this.waiting);
  }
}

/**
 * The step of a run at a place of the axis, at most its last one.
 * @param {Omit<RunScale, "cursor">} run
 * @param {number} place
 */
export function stepOf({ places, steps }, place) {
  const last = places.length - 1;
  return place >= places[last] ? steps[last] : Math.round(across(places, steps, place));
}

/**
 * @param {{ name: string, at: number }} end
 * @param {number} reach
 */
function endMark({ name, at }, reach) {
  const mark = make("span", "end");
  mark.textContent = name;
  const share = (100 * at) / (reach || 1);
  mark.style.left = `${share}%`;
  mark.style.transform = `translateX(-${share}%)`; // so that marks at the ends stay within
  return mark;
}
