// A picture that keeps its <img> element. A new picture is decoded in the background and shown only when it is ready.

import { find } from "./elements.js";
import { kept } from "./kept.js";
import { unpack } from "./payload.js";

/** @import { Packed } from "./payload.js" */
/** @import { ComponentArguments } from "./types.d.ts" */

/**
 * The header of the message from live_image.py. The picture follows it.
 * @typedef {object} ImageHeader
 * @property {string} alt
 * @property {string} caption
 * @property {number | null} width the width on the page in pixels; null: the picture's own
 * @property {boolean} pixelated
 */

/** @param {ComponentArguments<Packed<ImageHeader>>} component */
export default function imageComponent({ data, parentElement }) {
  const [picture, leave] = kept(find(parentElement, "figure", HTMLElement), (figure) => new Picture(figure));
  picture.show(data);
  return leave;
}

class Picture {
  /** @param {HTMLElement} figure */
  constructor(figure) {
    this.image = find(figure, "img", HTMLImageElement);
    this.caption = find(figure, "figcaption", HTMLElement);
    this.stamp = "";
    this.url = "";
    this.closed = false;
  }

  /** @param {Packed<ImageHeader>} data */
  async show(data) {
    const [header, body] = unpack(data);
    if (header.stamp === this.stamp) return;
    this.stamp = header.stamp;
    const decoded = new Image();
    decoded.src = URL.createObjectURL(new Blob([body]));
    const works = await decoded.decode().then(
      () => true,
      () => false,
    );
    // While this one was being decoded, a newer one may have arrived, or the element may have been removed.
    const wanted = this.stamp === header.stamp && !this.closed;
    if (wanted) this.describe(header, works);
    if (wanted && works) this.swap(header, decoded);
    else URL.revokeObjectURL(decoded.src);
  }

  /**
   * @param {ImageHeader} header
   * @param {HTMLImageElement} decoded
   */
  swap(header, decoded) {
    const { image } = this;
    image.width = header.width ?? decoded.naturalWidth;
    image.style.aspectRatio = `${decoded.naturalWidth} / ${decoded.naturalHeight}`;
    image.style.imageRendering = header.pixelated ? "pixelated" : "auto";
    image.src = decoded.src;
    image.hidden = false;
    URL.revokeObjectURL(this.url);
    this.url = decoded.src;
  }

  /**
   * @param {ImageHeader} header
   * @param {boolean} works
   */
  describe(header, works) {
    this.image.alt = header.alt;
    this.caption.textContent = works ? header.caption : "This picture cannot be shown, because its data is not an image.";
    this.caption.hidden = !this.caption.textContent;
  }

  close() {
    this.closed = true;
    URL.revokeObjectURL(this.url);
  }
}
