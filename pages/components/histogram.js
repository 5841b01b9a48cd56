import { contextOf } from "./elements.js";

/** @import { Colours } from "./colours.js" */
/** @import { LayerHeader } from "./look.js" */

const HEIGHT = 48; // pixels of the page

/**
 * Draw a histogram of one layer's weights, with lines at ±c. Bars beyond ±c are orange.
 * @param {HTMLCanvasElement} canvas
 * @param {LayerHeader} weights
 * @param {number} ratio screen pixels per page pixel
 * @param {Colours} colours
 */
export function drawHistogram(canvas, { counts, c }, ratio, colours) {
  const [width, height] = [Math.round(canvas.clientWidth * ratio), Math.round(HEIGHT * ratio)];
  if (!width) return;
  canvas.width = width;
  canvas.height = height;
  const context = contextOf(canvas);
  const bar = width / counts.length;
  const heights = barHeights(counts, height - 2);
  for (const [bin, tall] of heights.entries()) {
    context.fillStyle = isBeyond(bin, counts.length, c) ? colours.generated : colours.bars;
    context.fillRect(bin * bar, height - tall, Math.max(1, bar - ratio * 0.5), tall);
  }
  if (c === null) return;
  context.fillStyle = colours.text;
  for (const side of [-1, 1]) context.fillRect(((side * c + 1) / 2) * (width - ratio), 0, ratio, height);
}

/**
 * Bar heights from the square roots of the counts, so that small counts remain visible beside large ones.
 * @param {number[]} counts
 * @param {number} tallest
 * @returns {number[]}
 */
export function barHeights(counts, tallest) {
  const most = Math.max(...counts, 1);
  return counts.map((count) => Math.sqrt(count / most) * tallest);
}

/**
 * Whether the middle of a bin is beyond ±c.
 * @param {number} bin
 * @param {number} bins
 * @param {number | null} c as a share of the range of the bins; null: nothing is clipped
 * @returns {boolean}
 */
export function isBeyond(bin, bins, c) {
  return c !== null && Math.abs(((bin + 0.5) / bins) * 2 - 1) > c;
}
