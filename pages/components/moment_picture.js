// The pictures of a run along its time. An <img> shows the newest, a canvas the kept ones, which change up to sixty times a second.

import { contextOf, find, setSize } from "./elements.js";
import { kept } from "./kept.js";
import { MomentView, said } from "./moment_view.js";

/** @import { Decoded } from "./frame_store.js" */
/** @import { MomentsHeader } from "./moment_view.js" */
/** @import { Packed } from "./payload.js" */
/** @import { ComponentArguments } from "./types.d.ts" */

/** @param {ComponentArguments<Packed<MomentsHeader>>} component */
export default function momentPicture({ data, parentElement, setTriggerValue }) {
  const [picture, leave] = kept(find(parentElement, "figure", HTMLElement), (figure) => new MomentPicture(figure));
  picture.show(data, setTriggerValue);
  return leave;
}

/** @extends {MomentView<MomentsHeader>} */
class MomentPicture extends MomentView {
  /** @param {HTMLElement} figure */
  constructor(figure) {
    super(figure, (blob) => createImageBitmap(blob));
    this.image = find(figure, "img", HTMLImageElement);
    this.canvas = find(figure, "canvas", HTMLCanvasElement);
    this.url = "";
    this.newest = ""; // the stamp of the newest picture that is shown or being decoded
  }

  /**
   * @param {MomentsHeader & { stamp: string }} header
   * @param {Uint8Array<ArrayBuffer>} body
   */
  async takeNewest({ stamp, alt, step }, body) {
    this.newest = stamp;
    const decoded = new Image();
    decoded.src = URL.createObjectURL(new Blob([body]));
    const works = await decoded.decode().then(
      () => true,
      () => false,
    );
    // While this one was being decoded, a newer one may have arrived, or the element may have been removed.
    if (this.newest !== stamp || this.closed || !works) return URL.revokeObjectURL(decoded.src);
    // Enlarged pixels stay sharp squares; a picture that is made smaller is blurred.
    const rendering = this.figure.clientWidth < decoded.naturalWidth ? "auto" : "pixelated";
    this.image.style.imageRendering = this.canvas.style.imageRendering = rendering;
    this.image.style.aspectRatio = `${decoded.naturalWidth} / ${decoded.naturalHeight}`;
    this.image.src = decoded.src;
    this.image.alt = said(alt, step);
    URL.revokeObjectURL(this.url);
    this.url = decoded.src;
    this.follow();
  }

  /**
   * @param {Decoded} picture
   * @param {number} step
   */
  drawPast(picture, step) {
    if (this.drawn === step && !this.canvas.hidden) return;
    setSize(this.canvas, picture.width, picture.height);
    const context = contextOf(this.canvas);
    context.clearRect(0, 0, picture.width, picture.height);
    context.drawImage(/** @type {ImageBitmap} */ (picture), 0, 0);
    this.canvas.hidden = false;
    this.image.hidden = true;
    this.canvas.setAttribute("aria-label", said(this.header?.alt ?? "", step));
  }

  drawNewest() {
    this.canvas.hidden = true;
    this.image.hidden = !this.url;
  }

  close() {
    super.close();
    URL.revokeObjectURL(this.url);
  }
}
