// The knobs of a run: for each setting that may change while it trains, a slider on a log scale with a field for its number.

import { find, make, setText } from "../../components/elements.js";
import { kept } from "../../components/kept.js";
import { percentOf, placeOf } from "./knob_scale.js";
import { SentValue } from "./sent_value.js";

/** @import { ComponentArguments } from "../../components/types.d.ts" */

/**
 * What knobs.py says about one setting.
 * @typedef {object} KnobData
 * @property {string} name
 * @property {string} label
 * @property {string} help
 * @property {number} value
 * @property {number[]} stops the values that the slider can be moved to
 * @property {[number, number]} usual the range to mark
 * @property {number} preset the value to mark
 * @property {string} preset_words
 * @property {string} was the value before the last change, in words; "" if it has not been changed
 * @property {number} was_value
 * @property {string} problem why the value that was typed cannot be used; "" if there is none
 */

/** @typedef {(name: string, value: string) => void} Send */

const SHELL = `<div class="head"><label></label><button type="button" class="why" aria-expanded="false">?</button>
  <input type="number" step="any" /></div>
  <div class="track"><input type="range" min="0" step="1" /><div class="marks"><div class="usual"></div><div class="preset"></div></div>
  <button type="button" class="was" hidden></button></div>
  <p class="help" hidden></p><p class="problem" role="alert" hidden></p>`;
const PATIENCE = 400; // ms: the keys of a slider are pressed several times in a row

/** @param {ComponentArguments<{ knobs: KnobData[] }>} component */
export default function knobsComponent({ data, parentElement, setTriggerValue }) {
  const [board, leave] = kept(find(parentElement, ".knobs", HTMLElement), (host) => new Board(host));
  board.show(data.knobs, (name, value) => setTriggerValue("set", { name, value }));
  return leave;
}

class Board {
  /** @param {HTMLElement} host */
  constructor(host) {
    this.host = host;
    /** @type {Map<string, Knob>} */
    this.knobs = new Map();
  }

  /**
   * @param {KnobData[]} wanted
   * @param {Send} send
   */
  show(wanted, send) {
    for (const [name, knob] of this.knobs) {
      if (wanted.some((data) => data.name === name)) continue;
      knob.element.remove();
      this.knobs.delete(name);
    }
    for (const data of wanted) {
      const knob = this.knobs.get(data.name) ?? new Knob(data);
      if (!this.knobs.has(data.name)) this.host.append(knob.element);
      this.knobs.set(data.name, knob);
      knob.show(data, send);
    }
  }

  close() {
    for (const knob of this.knobs.values()) clearTimeout(knob.timer);
  }
}

class Knob {
  /** @param {KnobData} data */
  constructor(data) {
    this.data = data;
    this.element = make("div", "knob", SHELL);
    this.slider = find(this.element, "input[type=range]", HTMLInputElement);
    this.field = find(this.element, "input[type=number]", HTMLInputElement);
    this.was = find(this.element, ".was", HTMLButtonElement);
    this.why = find(this.element, ".why", HTMLButtonElement);
    this.help = find(this.element, ".help", HTMLElement);
    this.problem = find(this.element, ".problem", HTMLElement);
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.held = false;
    this.sent = new SentValue();
    /** @type {Send} */
    this.send = () => {};
    this.name(data);
    this.listen();
  }

  /** @param {KnobData} data */
  name({ name, label, help }) {
    const title = find(this.element, "label", HTMLLabelElement);
    title.textContent = label;
    title.htmlFor = this.field.id = `knob-${name}`;
    this.slider.setAttribute("aria-label", label);
    this.why.setAttribute("aria-label", `About ${label}`);
    this.help.id = `knob-help-${name}`;
    this.why.setAttribute("aria-controls", this.help.id);
    this.help.textContent = help;
  }

  listen() {
    this.slider.addEventListener("input", () => this.preview());
    this.slider.addEventListener("pointerdown", () => (this.held = true));
    this.slider.addEventListener("change", () => {
      this.later(String(this.data.stops[Number(this.slider.value)]), this.held ? 0 : PATIENCE);
      this.held = false;
    });
    this.field.addEventListener("change", () => this.later(this.field.value, 0));
    this.was.addEventListener("click", () => this.later(String(this.data.was_value), 0));
    this.why.addEventListener("click", () => this.explain(Boolean(this.help.hidden)));
    this.element.addEventListener("keydown", (event) => event.key === "Escape" && this.explain(false));
  }

  /** @param {boolean} open */
  explain(open) {
    this.help.hidden = !open;
    this.why.setAttribute("aria-expanded", String(open));
  }

  preview() {
    clearTimeout(this.timer);
    this.timer = undefined;
    const value = this.data.stops[Number(this.slider.value)];
    this.field.value = String(value);
    this.slider.setAttribute("aria-valuetext", String(value));
  }

  /**
   * @param {string} value
   * @param {number} delay
   */
  later(value, delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.sent.note(value);
      this.send(this.data.name, value);
    }, delay);
  }

  /**
   * @param {KnobData} data
   * @param {Send} send
   */
  show(data, send) {
    this.data = data;
    this.send = send;
    const { stops, usual, preset } = data;
    this.slider.max = String(stops.length - 1);
    const [from, to] = usual.map((value) => percentOf(stops, value));
    const band = find(this.element, ".usual", HTMLElement);
    band.style.left = `${from}%`;
    band.style.width = `${to - from}%`;
    const mark = find(this.element, ".preset", HTMLElement);
    mark.style.left = `${percentOf(stops, preset)}%`;
    setText(mark, data.preset_words);
    setText(this.was, data.was);
    this.was.hidden = !data.was;
    this.was.setAttribute("aria-label", `${data.label} ${data.was}: set it back`);
    setText(this.problem, data.problem);
    this.problem.hidden = !data.problem;
    const overtaken = this.sent.overtakes(data);
    if (!this.held && this.timer === undefined && !overtaken && !data.problem) this.settle(data);
  }

  /** @param {KnobData} data */
  settle({ stops, value }) {
    this.slider.value = String(Math.round(placeOf(stops, value)));
    this.slider.setAttribute("aria-valuetext", String(value));
    const root = this.field.getRootNode();
    const typing = (root instanceof Document || root instanceof ShadowRoot) && root.activeElement === this.field;
    if (!typing || Number(this.field.value) === value) this.field.value = String(value);
  }
}
