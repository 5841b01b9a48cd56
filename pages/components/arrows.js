/** @import { Place } from "./dots.js" */
/** @import { Moving } from "./look.js" */

/**
 * Draw the critic's gradients as arrows: the steeper the critic at a point, the longer its arrow.
 * @param {CanvasRenderingContext2D} context
 * @param {Moving} at
 * @param {number} longest of the gradients
 * @param {Place} place
 * @param {string} colour
 */
export function drawArrows(context, { generated, uphill }, longest, place, colour) {
  const size = context.canvas.width;
  const unit = longest > 0 ? size / 16 / longest : 0;
  context.beginPath();
  for (let index = 0; index < generated.length; index += 2) {
    const [x, y] = place(generated[index], generated[index + 1]);
    drawArrow(context, x, y, uphill[index] * unit, -uphill[index + 1] * unit, size / 130);
  }
  context.lineWidth = Math.max(1, size / 480);
  context.strokeStyle = colour;
  context.stroke();
}

/**
 * @param {Pick<CanvasRenderingContext2D, "moveTo" | "lineTo">} context
 * @param {number} x
 * @param {number} y
 * @param {number} dx
 * @param {number} dy
 * @param {number} head the greatest length of its head
 */
export function drawArrow(context, x, y, dx, dy, head) {
  const length = Math.hypot(dx, dy);
  if (length < 1) return;
  const [tipX, tipY] = [x + dx, y + dy];
  const [ux, uy] = [(dx / length) * Math.min(head, length / 2), (dy / length) * Math.min(head, length / 2)];
  context.moveTo(x, y);
  context.lineTo(tipX, tipY);
  context.moveTo(tipX - ux - uy * 0.6, tipY - uy + ux * 0.6);
  context.lineTo(tipX, tipY);
  context.lineTo(tipX - ux + uy * 0.6, tipY - uy - ux * 0.6);
}
