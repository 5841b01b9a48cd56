// The time of a run, or of several: a track with marks, and a cursor that moves the curves and pictures of the page without the server. The
// server is told only where the cursor comes to rest.

import { cursorAt, moveCursor, onCursor } from "./cursor.js";
import { find, make, setText } from "./elements.js";
import { frameStore } from "./frame_store.js";
import { kept } from "./kept.js";
import { inForce, inWords, nearest, stepIn, stopAfter, valueAt } from "./moments.js";
import { unpack } from "./payload.js";

/** @import { Packed } from "./payload.js" */
/** @import { ComponentArguments } from "./types.d.ts" */

/**
 * What timeline.py packs. The curve follows as float32: all steps, then all values.
 * @typedef {object} TimelineHeader
 * @property {string} cursor the name of the cursor
 * @property {number} end the newest step
 * @property {boolean} training whether the end moves on
 * @property {boolean} paused whether it stands still, and may move on
 * @property {number | null} at where the server thinks the cursor is; null: at the end
 * @property {number[]} stops ascending
 * @property {[step: number, kind: string, text: string][]} marks by step
 * @property {string} value the name of the curve's value
 * @property {[from: number, words: string][]} settings the settings in force from a step on
 * @property {string} held what the run holds, in words
 * @property {string} frames the store with the pictures to preview; "" for none
 * @property {ActionHeader[]} actions
 */

/**
 * A button that does something with the step under the cursor, or with the one nearest to it that has what is needed.
 * @typedef {object} ActionHeader
 * @property {string} name
 * @property {string} label for the step under the cursor
 * @property {string} near for another one, with "{step}" in the place of its number; "": not offered for others
 * @property {string} help
 * @property {string[]} of the kinds of marks of which the step needs one; empty: any step will do
 * @property {string[]} not the kinds of marks that it may not have
 */

/** @typedef {(name: string, value: unknown) => void} Send */

const PLAY = "M8 5v14l11-7z";
const PAUSE = "M6 5h4v14H6zM14 5h4v14h-4z";
const RATE = 12; // moments a second at normal speed
const CALM_RATE = 2; // for people who want little motion
const SNAP = 5; // px: a drag stops at a stop this near
const PATIENCE = 350; // ms: arrow keys are pressed several times in a row
const ANSWER = 5000; // ms: so long the server may take to answer where the cursor has gone
/** @type {Record<string, string>} */
const KINDS = {
  full: "Saved in full: can be explored and branched",
  light: "Only its networks are kept: can be explored, but not branched, which takes the optimisers and random numbers too",
  start: "",
  saved: "Saved by hand",
  pin: "Pinned",
  edit: "",
  error: "",
  branch: "",
};

/** @param {ComponentArguments<Packed<TimelineHeader>>} component */
export default function timelineComponent({ data, parentElement, setTriggerValue }) {
  const [timeline, leave] = kept(find(parentElement, ".timeline", HTMLElement), (host) => new Timeline(host));
  timeline.show(data, setTriggerValue);
  return leave;
}

export class Timeline {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    this.track = find(host, ".track", HTMLElement);
    this.marks = find(host, ".marks", HTMLElement);
    this.tip = find(host, ".tip", HTMLElement);
    this.play = find(host, ".play", HTMLButtonElement);
    this.icon = find(host, ".icon", SVGElement);
    this.speed = find(host, ".speed", HTMLSelectElement);
    this.field = find(host, ".typed input", HTMLInputElement);
    this.live = find(host, ".live", HTMLButtonElement);
    this.words = find(host, ".words", HTMLElement);
    this.actions = find(host, ".actions", HTMLElement);
    this.problem = find(host, ".problem", HTMLElement);
    this.said = find(host, ".said", HTMLElement);
    /** @type {(TimelineHeader & { stamp: string }) | null} */
    this.header = null;
    this.curve = { steps: new Float32Array(), values: new Float32Array() };
    /** @type {Send} */
    this.send = () => {};
    /** @type {number | null} */
    this.at = null; // where the cursor is; null: at the end
    /** @type {number | null | undefined} */
    this.told = undefined; // where the server last said that it is
    /** @type {Set<number | null>} */
    this.overtaken = new Set(); // where it was before moves that the server has not answered yet
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.answering = undefined;
    this.dragging = false;
    this.playing = false;
    this.drawnMarks = "";
    this.drawnActions = "";
    this.request = 0;
    this.shownAt = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.resting = undefined;
    this.listeners = new AbortController();
    this.listen();
    this.setPlaying(false);
  }

  listen() {
    const { signal } = this.listeners;
    const on = (/** @type {EventTarget} */ target, /** @type {string} */ event, /** @type {(event: any) => void} */ handler) =>
      target.addEventListener(event, handler, { signal });
    on(this.track, "pointerdown", (event) => this.onDown(event));
    on(this.track, "pointermove", (event) => this.onMove(event));
    on(this.track, "pointerup", () => this.onUp());
    on(this.track, "pointercancel", () => this.onUp());
    on(this.track, "pointerleave", () => this.showTip(null));
    on(this.track, "focus", () => this.track.matches(":focus-visible") && this.showTip(this.at));
    on(this.track, "blur", () => this.showTip(null));
    on(this.track, "keydown", (event) => this.onKey(event));
    on(this.play, "click", () => this.setPlaying(!this.playing));
    on(this.live, "click", () => this.goTo(null));
    on(this.field, "keydown", (event) => event.key === "Enter" && this.onTyped());
    on(this.field, "change", () => this.onTyped());
    onCursor("wgan-seek", ({ cursor, x }) => cursor === this.header?.cursor && this.goTo(Math.round(x)), signal);
  }

  /**
   * @param {Packed<TimelineHeader>} data
   * @param {Send} send
   */
  show(data, send) {
    const [header, body] = unpack(data);
    this.send = send;
    if (header.stamp === this.header?.stamp) return;
    const other = header.cursor !== this.header?.cursor;
    this.header = header;
    const numbers = new Float32Array(body.slice().buffer);
    const half = numbers.length / 2;
    this.curve = { steps: numbers.subarray(0, half), values: numbers.subarray(half) };
    this.drawMarks(header);
    this.drawActions(header);
    if (other) this.begin(header);
    else this.hear(header.at);
    this.draw();
  }

  /**
   * The first message about a run. An element that had to leave the page, as when another tab was opened, comes back to where the cursor was.
   * @param {TimelineHeader} header
   */
  begin({ cursor, at }) {
    const was = cursorAt(cursor);
    this.told = at;
    this.moveTo(was === undefined || at !== null ? at : Number.isFinite(was) ? was : null);
  }

  /**
   * Go where the server says if that is news; it may not have heard yet where the cursor has gone since.
   * @param {number | null} at
   */
  hear(at) {
    if (at === this.told) return this.overtaken.clear();
    if (this.overtaken.has(at)) return; // the page was drawn before the server heard
    this.told = at;
    if (!this.dragging && !this.playing && this.resting === undefined) this.moveTo(at);
  }

  // Moving the cursor.

  /**
   * Move the cursor within the page.
   * @param {number | null} step
   */
  moveTo(step) {
    if (!this.header) return;
    this.at = step === null || step >= this.header.end ? null : Math.max(0, step);
    moveCursor(this.header.cursor, this.at ?? Number.NaN);
    this.draw();
  }

  /**
   * Move the cursor, and tell the server when it has come to rest.
   * @param {number | null} step
   * @param {number} delay in ms
   */
  goTo(step, delay = 0) {
    this.setPlaying(false, false);
    this.say("");
    this.moveTo(step);
    this.rest(delay);
  }

  /** @param {number} delay in ms */
  rest(delay) {
    clearTimeout(this.resting);
    this.resting = setTimeout(() => {
      this.resting = undefined;
      if (this.closed || this.at === this.told) return;
      if (this.told !== undefined) this.overtaken.add(this.told);
      clearTimeout(this.answering);
      this.answering = setTimeout(() => this.overtaken.clear(), ANSWER);
      this.told = this.at; // what the server answers is no news, unless it corrects it
      this.send("moved", { step: this.at });
      setText(this.said, this.at === null ? "Back at the end of the run." : `You are looking at step ${inWords(this.at)}.`);
    }, delay);
  }

  /** @param {PointerEvent} event */
  onDown(event) {
    if (event.button !== 0) return;
    event.preventDefault(); // selects no text
    this.track.focus({ preventScroll: true });
    this.track.setPointerCapture(event.pointerId);
    this.dragging = true;
    this.setPlaying(false, false);
    this.say("");
    clearTimeout(this.resting);
    this.resting = undefined;
    this.onMove(event);
  }

  /** @param {PointerEvent} event */
  onMove(event) {
    if (!this.header) return;
    const box = this.track.getBoundingClientRect();
    const step = this.snapped(((event.clientX - box.left) / box.width) * this.header.end, (SNAP / box.width) * this.header.end);
    if (this.dragging) this.moveTo(step);
    this.showTip(step);
  }

  onUp() {
    if (!this.dragging) return;
    this.dragging = false;
    this.rest(0);
  }

  /**
   * The step at a place of the track: that of a stop if one is near.
   * @param {number} place in steps
   * @param {number} reach in steps
   * @returns {number | null} null: the end
   */
  snapped(place, reach) {
    const { end, stops } = /** @type {TimelineHeader} */ (this.header);
    if (place >= end - reach) return null;
    const stop = stops[nearest(stops, place)];
    return stop !== undefined && Math.abs(stop - place) <= reach ? stop : Math.max(0, Math.round(place));
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    if (!this.header || event.altKey || event.ctrlKey || event.metaKey) return;
    const { stops, end } = this.header;
    const by = event.shiftKey ? 10 : 1;
    /** @type {Record<string, () => number | null>} */
    const moves = {
      ArrowRight: () => stopAfter(stops, this.at, by, end),
      ArrowUp: () => stopAfter(stops, this.at, by, end),
      ArrowLeft: () => stopAfter(stops, this.at, -by, end),
      ArrowDown: () => stopAfter(stops, this.at, -by, end),
      PageUp: () => stopAfter(stops, this.at, 10, end),
      PageDown: () => stopAfter(stops, this.at, -10, end),
      Home: () => stops.find((step) => step < end) ?? null,
      End: () => null,
    };
    if (event.key === " ") this.setPlaying(!this.playing);
    else if (Object.hasOwn(moves, event.key)) {
      this.goTo(moves[event.key](), PATIENCE);
      this.showTip(this.at);
    } else return;
    event.preventDefault();
  }

  onTyped() {
    const text = this.field.value.trim();
    if (!this.header || text === (this.at === null ? "" : inWords(this.at))) return;
    const { end } = this.header;
    const step = stepIn(text);
    if (!text) return this.goTo(null);
    if (step === null) return this.say("Type a step as a whole number, such as 1200.");
    this.goTo(step);
    if (step > end) this.say(`This run ${this.header.training ? "has come to" : "ends at"} step ${inWords(end)}, which is shown.`);
  }

  /** @param {string} problem */
  say(problem) {
    setText(this.problem, problem);
    this.problem.hidden = !problem;
    this.words.hidden = Boolean(problem);
  }

  // Playing.

  /**
   * @param {boolean} wanted
   * @param {boolean} rests whether the server is told where it has stopped
   */
  setPlaying(wanted, rests = true) {
    const was = this.playing;
    this.playing = wanted && Boolean(this.header);
    this.icon.setAttribute("d", this.playing ? PAUSE : PLAY);
    this.play.setAttribute("aria-label", this.playing ? "Pause" : "Play the run");
    if (was && !this.playing && rests) this.rest(0);
    if (!this.playing || !this.header) return;
    this.say("");
    const { stops, end } = this.header;
    if (this.at === null) this.moveTo(stops.find((step) => step < end) ?? null);
    this.shownAt = performance.now();
    cancelAnimationFrame(this.request);
    this.request = requestAnimationFrame((now) => this.tick(now));
  }

  /** @param {number} now */
  tick(now) {
    if (!this.playing || this.closed || !this.header) return;
    const rate = matchMedia("(prefers-reduced-motion: reduce)").matches ? CALM_RATE : RATE;
    const period = 1000 / (rate * Number(this.speed.value));
    const due = Math.floor((now - this.shownAt) / period);
    if (due > 0) {
      // Keep a steady rate; after the tab was paused, start counting again.
      this.shownAt = due < 10 ? this.shownAt + due * period : now;
      this.moveTo(stopAfter(this.header.stops, this.at, due < 10 ? due : 1, this.header.end));
      if (this.at === null) return this.setPlaying(false);
    }
    this.request = requestAnimationFrame((later) => this.tick(later));
  }

  // Drawing.

  /** @param {TimelineHeader} header */
  drawMarks({ marks, stops, end }) {
    this.host.style.setProperty("--end", String(Math.max(1, end)));
    const wanted = JSON.stringify([marks, stops]);
    if (wanted === this.drawnMarks) return;
    this.drawnMarks = wanted;
    const draw = (/** @type {number} */ step, /** @type {string} */ kind) => {
      const mark = make("i", `mark ${kind}`);
      mark.style.setProperty("--at", String(step));
      return mark;
    };
    this.marks.replaceChildren(...stops.map((step) => draw(step, "stop")), ...marks.map(([step, kind]) => draw(step, kind)));
  }

  /** @param {TimelineHeader} header */
  drawActions({ actions }) {
    const wanted = JSON.stringify(actions);
    if (wanted === this.drawnActions) return;
    this.drawnActions = wanted;
    this.actions.replaceChildren(
      ...actions.map(({ name, label, help }) => {
        const button = make("button");
        button.type = "button";
        button.textContent = label;
        button.title = help;
        button.addEventListener("click", () => this.send("action", { name, step: Number(button.dataset.step) }));
        return button;
      }),
    );
  }

  draw() {
    if (!this.header) return;
    const { end } = this.header;
    const here = this.at ?? end;
    const past = this.at !== null;
    this.host.classList.toggle("past", past);
    this.track.style.setProperty("--at", String(here));
    this.track.setAttribute("aria-valuemax", String(end));
    this.track.setAttribute("aria-valuenow", String(here));
    const [now, button, back] = namesOfEnd(this.header);
    const what = past ? `Step ${inWords(here)}` : `${now}, step ${inWords(end)}`;
    const facts = this.factsAt(here);
    this.track.setAttribute("aria-valuetext", [what, ...this.marksAt(here), facts].filter(Boolean).join(". "));
    setText(this.live, past ? back : button);
    this.live.disabled = !past;
    const root = this.field.getRootNode();
    const typing = root instanceof ShadowRoot && root.activeElement === this.field;
    if (!typing) this.field.value = past ? inWords(here) : "";
    this.field.placeholder = inWords(end);
    this.drawWords(past, here, facts);
    this.offerActions(here);
  }

  /**
   * @param {boolean} past
   * @param {number} here
   * @param {string} facts
   */
  drawWords(past, here, facts) {
    const { held = "" } = this.header ?? {};
    const strong = make("strong");
    strong.textContent = `You are looking at step ${inWords(here)}.`;
    facts = [...this.marksAt(here), facts].filter(Boolean).join(" · ");
    if (past) this.words.replaceChildren(strong, ` ${facts}`);
    else setText(this.words, `Drag the line to look back. ${held}`);
    this.words.title = past ? facts : held;
  }

  /**
   * Label each button with the step that it is for; hide those for which there is none, and all while the run trains and is seen live.
   * @param {number} here
   */
  offerActions(here) {
    const buttons = this.actions.querySelectorAll("button");
    const { actions = [], training } = this.header ?? {};
    for (const [index, action] of actions.entries()) {
      const step = this.at === null && training ? null : this.targetOf(action, here);
      const button = buttons[index];
      button.hidden = step === null;
      button.dataset.step = String(step);
      if (step !== null) setText(button, step === here ? action.label : action.near.replace("{step}", inWords(step)));
    }
  }

  /**
   * The step that an action would be for.
   * @param {ActionHeader} action
   * @param {number} here
   * @returns {number | null}
   */
  targetOf({ of, not, near }, here) {
    const { marks } = /** @type {TimelineHeader} */ (this.header);
    const fit = of.length ? marks.flatMap(([step, kind]) => (of.includes(kind) ? [step] : [])) : [here];
    const step = fit[nearest(fit, here)];
    if (step === undefined || (step !== here && !near)) return null;
    return marks.some(([at, kind]) => at === step && not.includes(kind)) ? null : step;
  }

  /**
   * The value of the curve and the settings in force, in words.
   * @param {number} step
   */
  factsAt(step) {
    const { value = "", settings = [] } = this.header ?? {};
    const number = valueAt(this.curve, step);
    const known = Number.isFinite(number) ? `${value} ${inWords(number)}` : "";
    // Without edits they are the same everywhere, and in sight anyway.
    return [known, settings.length > 1 ? inForce(settings, step) : ""].filter(Boolean).join(" · ");
  }

  /**
   * @param {number} step
   * @returns {string[]}
   */
  marksAt(step) {
    const marks = this.header?.marks ?? [];
    return marks.flatMap(([at, kind, text]) => (at === step ? [text || KINDS[kind]] : []));
  }

  /** @param {number | null} step where to tell what there is; null: nowhere, or at the end */
  showTip(step) {
    this.tip.hidden = step === null || !this.header;
    if (step === null || !this.header) return;
    const width = this.track.clientWidth;
    const lines = [`Step ${inWords(step)}`, this.factsAt(step), ...this.marksAt(step)];
    const text = make("div");
    text.textContent = lines.filter(Boolean).join("\n");
    this.tip.replaceChildren(...this.preview(step), text);
    const left = (step / Math.max(1, this.header.end)) * width - this.tip.offsetWidth / 2;
    this.tip.style.left = `${Math.max(-8, Math.min(left, width + 8 - this.tip.offsetWidth))}px`;
  }

  /**
   * A small picture of the step, if that is decoded already.
   * @param {number} step
   * @returns {HTMLElement[]}
   */
  preview(step) {
    if (!this.header?.frames || step === this.at) return []; // the page itself shows that one
    const store = frameStore(this.header.frames);
    const picture = store.picture(store.nearest(step));
    if (!picture || picture instanceof Promise) return [];
    const canvas = make("canvas");
    canvas.width = 128;
    canvas.height = Math.round((128 * picture.height) / picture.width);
    canvas.getContext("2d")?.drawImage(/** @type {ImageBitmap} */ (picture), 0, 0, canvas.width, canvas.height);
    return [canvas];
  }

  get closed() {
    return this.listeners.signal.aborted;
  }

  close() {
    this.listeners.abort();
    clearTimeout(this.resting);
    clearTimeout(this.answering);
    cancelAnimationFrame(this.request);
  }
}

/**
 * What the end of the run is called: there, on the button that leads there, and on that button in the past.
 * @param {TimelineHeader} header
 */
function namesOfEnd({ training, paused }) {
  if (!training) return ["The end", "At the end", "Back to the end"];
  return paused ? ["Paused", "Paused", "Back to the newest"] : ["Live", "● Live", "Back to live"];
}
