// Draws generated images on the explorer's canvas, next to each other.

import { contextOf, setSize } from "../../components/elements.js";
import { toLevel } from "./levels.js";

export class ImagePicture {
  singleLabel = "one image";
  kind = "images";
  first = "The framed image";
  draggable = true;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number[]} shape channels, height, width
   */
  constructor(canvas, shape) {
    this.canvas = canvas;
    this.shape = shape;
  }

  /**
   * Draw the images at their own size. The style sheet enlarges the canvas.
   * @param {Float32Array} numbers [count, height, width, channels] in [-1, 1]
   * @param {number} count
   */
  draw(numbers, count) {
    const sheet = sheetOf(count, this.shape);
    setSize(this.canvas, sheet.across, sheet.down);
    const context = contextOf(this.canvas);
    const image = context.createImageData(sheet.across, sheet.down);
    paintSheet(image.data, numbers, count, this.shape);
    context.putImageData(image, 0, 0);
    return "";
  }

  /**
   * Lay a frame around the first of `count` images.
   * @param {HTMLElement} frame
   * @param {number} count
   */
  surround(frame, count) {
    const { share, ratio } = firstCell(count, this.shape);
    frame.style.width = `${100 * share}%`;
    frame.style.aspectRatio = String(ratio);
  }

  /**
   * Which of `count` images is under the pointer.
   * @param {MouseEvent} event
   * @param {number} count
   * @returns {number}
   */
  which(event, count) {
    const box = this.canvas.getBoundingClientRect();
    const { columns } = sheetOf(count, this.shape);
    const [column, row] = [event.clientX - box.left, event.clientY - box.top].map((at) => Math.floor((at / box.width) * columns));
    return row * columns + column;
  }
}

/**
 * The first of `count` images on their sheet, which is shown as a square.
 * @param {number} count
 * @param {number[]} shape channels, height, width
 * @returns {{ share: number, ratio: number }} its share of the sheet's width, and its width divided by its height
 */
export function firstCell(count, shape) {
  const { across, down } = sheetOf(count, shape);
  const share = shape[2] / across;
  return { share, ratio: share / (shape[1] / down) };
}

/**
 * How images are laid out: in a square, one pixel apart.
 * @param {number} count
 * @param {number[]} shape channels, height, width
 */
export function sheetOf(count, [, height, width]) {
  const columns = Math.ceil(Math.sqrt(count));
  const gap = count > 1 ? 1 : 0;
  return { columns, gap, across: columns * (width + gap) - gap, down: Math.ceil(count / columns) * (height + gap) - gap };
}

/**
 * @param {Uint8ClampedArray} pixels red, green, blue, opacity
 * @param {Float32Array} numbers [count, height, width, channels] in [-1, 1]
 * @param {number} count
 * @param {number[]} shape channels, height, width
 */
export function paintSheet(pixels, numbers, count, shape) {
  const [channels, height, width] = shape;
  const { columns, gap, across } = sheetOf(count, shape);
  for (let row = 0; row < count * height; row++) {
    const index = Math.floor(row / height);
    const [left, top] = [(index % columns) * (width + gap), Math.floor(index / columns) * (height + gap)];
    const at = 4 * ((top + (row % height)) * across + left);
    const one = numbers.subarray(row * width * channels, (row + 1) * width * channels);
    paintRow(pixels.subarray(at, at + 4 * width), one, channels);
  }
}

/**
 * @param {Uint8ClampedArray} pixels
 * @param {Float32Array} numbers
 * @param {number} channels
 */
function paintRow(pixels, numbers, channels) {
  let at = 0;
  for (let index = 0; index < numbers.length; index += channels) {
    const red = toLevel(numbers[index]);
    pixels[at++] = red;
    pixels[at++] = channels > 1 ? toLevel(numbers[index + 1]) : red;
    pixels[at++] = channels > 1 ? toLevel(numbers[index + 2]) : red;
    pixels[at++] = 255;
  }
}
