import { contextOf, make } from "./elements.js";

/** @typedef {(x: number, y: number) => [across: number, down: number]} Place where a point of the plane is in the picture */

/**
 * @typedef {object} Dot
 * @property {number} radius
 * @property {string} colour
 * @property {string} edge
 */

/**
 * Draw a dot at each point. The dot is drawn once and then copied, which is many times faster than drawing as many arcs.
 * @param {CanvasRenderingContext2D} context
 * @param {Float32Array} points
 * @param {Place} place
 * @param {Dot} dot
 */
export function drawDots(context, points, place, dot) {
  const image = stamp(dot);
  const half = image.width / 2;
  for (let index = 0; index < points.length; index += 2) {
    const [x, y] = place(points[index], points[index + 1]);
    context.drawImage(image, x - half, y - half);
  }
}

/** @type {Map<string, HTMLCanvasElement>} */
const stamps = new Map();

/**
 * @param {Dot} dot
 * @returns {HTMLCanvasElement}
 */
function stamp(dot) {
  const key = `${dot.radius} ${dot.colour} ${dot.edge}`;
  let image = stamps.get(key);
  if (!image) {
    if (stamps.size > 20) stamps.clear();
    image = makeStamp(dot);
    stamps.set(key, image);
  }
  return image;
}

/** @param {Dot} dot */
function makeStamp({ radius, colour, edge }) {
  const image = make("canvas");
  image.width = image.height = 2 * Math.ceil(1.4 * radius + 1);
  const context = contextOf(image);
  context.arc(image.width / 2, image.height / 2, radius, 0, 2 * Math.PI);
  context.lineWidth = Math.max(1, radius * 0.7);
  context.strokeStyle = edge;
  context.stroke();
  context.fillStyle = colour;
  context.fill();
  return image;
}
