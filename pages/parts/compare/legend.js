// The legend of all charts of a comparison. Pointing at an entry, or focusing it, highlights its curves; pressing it keeps them highlighted.

import { find, make, setText } from "../../components/elements.js";
import { highlight } from "../../components/highlight.js";
import { kept } from "../../components/kept.js";

/** @import { ComponentArguments } from "../../components/types.d.ts" */

/**
 * @typedef {object} Entry
 * @property {string} key the legendgroup of its traces
 * @property {string} name
 * @property {string} note
 * @property {string} colour
 * @property {string} dash as in Plotly
 */

/** @typedef {{ legend: string, entries: Entry[] }} LegendData */

/** @type {Record<string, string>} */
const DASHES = { solid: "", dash: "9 5", dot: "2 4", dashdot: "9 4 2 4" };

/** @param {ComponentArguments<LegendData>} component */
export default function legendComponent({ data, parentElement }) {
  const [legend, leave] = kept(find(parentElement, ".legend", HTMLElement), (root) => new Legend(root));
  legend.show(data);
  return leave;
}

class Legend {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.name = "";
    this.drawn = "";
    this.frame = ""; // the same without the notes
    this.held = ""; // the entry that was pressed
  }

  /** @param {LegendData} data */
  show(data) {
    const wanted = JSON.stringify(data);
    if (wanted === this.drawn) return;
    this.drawn = wanted;
    if (this.tellOnly(data)) return;
    this.name = data.legend;
    if (!data.entries.some(({ key }) => key === this.held)) this.held = "";
    this.root.replaceChildren(...data.entries.map((entry) => this.button(entry)));
    highlight(this.name, this.held);
  }

  /**
   * Change the notes only, if nothing else is new: as while a run trains. An entry that is pointed at or focused stays so.
   * @param {LegendData} data
   */
  tellOnly({ legend, entries }) {
    const frame = JSON.stringify([legend, entries.map(({ note: _, ...rest }) => rest)]);
    const isSame = frame === this.frame;
    this.frame = frame;
    if (!isSame) return false;
    const notes = this.root.querySelectorAll(".note");
    for (const [index, { note }] of entries.entries()) setText(notes[index], note);
    return true;
  }

  /** @param {Entry} entry */
  button({ key, name, note, colour, dash }) {
    const button = make("button", "entry");
    button.type = "button";
    button.setAttribute("aria-pressed", String(key === this.held));
    const line = `<svg viewBox="0 0 34 10" aria-hidden="true"><path d="M1 5h32" style="stroke: ${colour}; stroke-dasharray: ${DASHES[dash] ?? ""}"/></svg>`;
    const words = make("span", "words");
    words.append(strong(key), ` ${name}`, make("span", "note"));
    find(words, ".note", HTMLElement).textContent = note;
    button.append(make("span", "swatch", line), words);
    const point = () => highlight(this.name, key);
    const leave = () => highlight(this.name, this.held);
    button.addEventListener("pointerenter", point);
    button.addEventListener("focus", point);
    button.addEventListener("pointerleave", leave);
    button.addEventListener("blur", leave);
    button.addEventListener("click", () => this.press(key));
    return button;
  }

  /** @param {string} key */
  press(key) {
    this.held = this.held === key ? "" : key;
    for (const button of this.root.querySelectorAll("button")) {
      const own = find(button, "strong", HTMLElement).textContent;
      button.setAttribute("aria-pressed", String(own === this.held));
    }
    highlight(this.name, this.held);
  }

  close() {
    highlight(this.name, "");
  }
}

/** @param {string} text */
function strong(text) {
  const element = make("strong");
  element.textContent = text;
  return element;
}
