// Generated points in front of real ones, in a square of the plane with faint lines at whole numbers.

import { drawDots } from "./dots.js";

/**
 * @typedef {object} CloudLook
 * @property {string} real the colours of the dots
 * @property {string} generated
 * @property {number} realAlpha
 * @property {string} edge of the dots
 * @property {string} text of lines and numbers
 */

/**
 * @param {CanvasRenderingContext2D} context of a square canvas
 * @param {{ real: Float32Array, generated: Float32Array }} clouds x and y in turn
 * @param {number} limit both axes cover from -limit to limit
 * @param {CloudLook} look
 */
export function drawCloud(context, { real, generated }, limit, look) {
  const size = context.canvas.width;
  drawAxes(context, limit, look.text);
  /** @type {import("./dots.js").Place} */
  const place = (x, y) => [((x / limit + 1) / 2) * size, ((1 - y / limit) / 2) * size];
  const dot = (/** @type {string} */ colour, /** @type {number} */ share) => ({
    radius: Math.max(1.5, size * share),
    colour,
    edge: look.edge,
  });
  context.globalAlpha = look.realAlpha;
  drawDots(context, real, place, dot(look.real, 0.006));
  context.globalAlpha = 1;
  drawDots(context, generated, place, dot(look.generated, 0.0035));
}

/**
 * Faint lines at whole numbers, with their values at the left and lower edges.
 * @param {CanvasRenderingContext2D} context
 * @param {number} limit
 * @param {string} colour
 */
function drawAxes(context, limit, colour) {
  const size = context.canvas.width;
  const gap = limit > 4 ? 2 : limit > 1.5 ? 1 : 0.5;
  const most = Math.floor(limit / gap) * gap;
  context.strokeStyle = context.fillStyle = colour;
  context.font = `${Math.max(10, size / 55)}px sans-serif`;
  for (let value = -most; value <= most; value += gap) {
    const along = ((value / limit + 1) / 2) * size;
    context.globalAlpha = 0.12;
    context.beginPath();
    context.moveTo(along, 0);
    context.lineTo(along, size);
    context.moveTo(0, size - along);
    context.lineTo(size, size - along);
    context.stroke();
    context.globalAlpha = 0.7;
    if (Math.abs(value) === most && most > limit * 0.95) continue; // would be cut off
    context.fillText(String(value), along + 3, size - 4);
    if (value) context.fillText(String(value), 3, size - along - 3);
  }
  context.globalAlpha = 1;
}
