// Two pictures over each other, with an edge between them that is moved by mouse, touch or keyboard: left of it one is seen, right of it the
// other. The edge is a slider of the browser's own, stretched over the picture.

import { find, setText } from "../../components/elements.js";
import { kept } from "../../components/kept.js";
import { unpack } from "../../components/payload.js";

/** @import { Packed } from "../../components/payload.js" */
/** @import { ComponentArguments } from "../../components/types.d.ts" */

/**
 * The header of the message from wipe.py. Both pictures follow it.
 * @typedef {object} WipeHeader
 * @property {number} first the number of bytes of the first picture
 * @property {string[]} names of both
 * @property {string[]} alts
 * @property {boolean} pixelated
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
    this.left = find(root, ".left", HTMLImageElement);
    this.right = find(root, ".right", HTMLImageElement);
    this.input = find(root, "input", HTMLInputElement);
    this.names = [find(root, ".name-left", HTMLElement), find(root, ".name-right", HTMLElement)];
    this.stamp = "";
    /** @type {string[]} */
    this.urls = [];
    this.listeners = new AbortController();
    this.input.addEventListener("input", () => this.move(), { signal: this.listeners.signal });
  }

  /** @param {Packed<WipeHeader>} data */
  show(data) {
    const [header, body] = unpack(data);
    if (header.stamp === this.stamp) return;
    this.stamp = header.stamp;
    const before = this.urls;
    this.urls = [body.slice(0, header.first), body.slice(header.first)].map((part) => URL.createObjectURL(new Blob([part])));
    [this.left, this.right].forEach((image, index) => {
      image.src = this.urls[index];
      image.alt = header.alts[index];
      image.style.imageRendering = header.pixelated ? "pixelated" : "auto";
      setText(this.names[index], header.names[index]);
    });
    this.input.setAttribute("aria-label", `Edge between ${header.names.join(" and ")}`);
    for (const url of before) URL.revokeObjectURL(url);
    this.move();
  }

  move() {
    const share = Number(this.input.value);
    this.root.style.setProperty("--edge", `${share}%`);
    this.input.setAttribute("aria-valuetext", `${share} % of the left one`);
  }

  close() {
    this.listeners.abort();
    for (const url of this.urls) URL.revokeObjectURL(url);
  }
}
