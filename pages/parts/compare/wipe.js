// Two pictures over each other, with an edge between them that is moved by mouse, touch or keyboard: left of it one is seen, right of it the
// other. The edge is a slider of the browser's own, stretched over the picture. Both follow the cursor of their run.

import { find, setText } from "../../components/elements.js";
import { kept } from "../../components/kept.js";
import { unpack } from "../../components/payload.js";
import { WipeLayer } from "./wipe_layer.js";

/** @import { Packed } from "../../components/payload.js" */
/** @import { ComponentArguments } from "../../components/types.d.ts" */
/** @import { LayerHeader } from "./wipe_layer.js" */

/**
 * The header of the message from wipe.py. What each layer shows follows it.
 * @typedef {{ layers: LayerHeader[] }} WipeHeader
 */

/** @param {ComponentArguments<Packed<WipeHeader>>} component */
export default function wipeComponent({ data, parentElement }) {
  const [wipe, leave] = kept(find(parentElement, ".wipe", HTMLElement), (root) => new Wipe(root));
  wipe.show(data);
  return leave;
}

class Wipe {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.input = find(root, "input", HTMLInputElement);
    this.layers = ["left", "right"].map((side) => {
      const name = find(root, `.name-${side}`, HTMLElement);
      return new WipeLayer(find(root, `.${side}`, HTMLCanvasElement), (words) => this.named(name, words));
    });
    this.stamp = "";
    this.listeners = new AbortController();
    this.input.addEventListener("input", () => this.move(), { signal: this.listeners.signal });
  }

  /** @param {Packed<WipeHeader>} data */
  show(data) {
    const [header, body] = unpack(data);
    if (header.stamp === this.stamp) return;
    this.stamp = header.stamp;
    let begin = 0;
    this.layers.forEach((layer, index) => {
      const own = header.layers[index];
      const end = begin + own.real + own.bytes;
      layer.show(own, body.slice(begin, end));
      begin = end;
    });
    this.move();
  }

  /**
   * @param {HTMLElement} name
   * @param {string} words
   */
  named(name, words) {
    setText(name, words);
    const both = [...this.root.querySelectorAll("figcaption span")].map(({ textContent }) => textContent);
    this.input.setAttribute("aria-label", `Edge between ${both.join(" and ")}`);
  }

  move() {
    const share = Number(this.input.value);
    this.root.style.setProperty("--edge", `${share}%`);
    this.input.setAttribute("aria-valuetext", `${share} % of the left one`);
  }

  close() {
    this.listeners.abort();
    for (const layer of this.layers) layer.close();
  }
}
