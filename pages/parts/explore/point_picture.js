// Draws generated points on the explorer's canvas, in front of many others.

import { contextOf, make, setSize } from "../../components/elements.js";

/** @import { Cloud } from "./weights.js" */

/** @typedef {ReturnType<typeof readColours>} Colours */

export class PointPicture {
  singleLabel = "one point";
  kind = "points";
  first = "The large point";
  draggable = false; // the generator decides where the point goes, not the pointer

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Cloud} cloud
   */
  constructor(canvas, cloud) {
    this.canvas = canvas;
    this.cloud = cloud;
    /** @type {Float32Array} */
    this.drawn = new Float32Array();
    this.behind = make("canvas");
    this.key = ""; // the size and colours that the backdrop was painted for
  }

  /**
   * Draw the points in front of generated and real ones. Returns the coordinates of the first one as text.
   * @param {Float32Array} numbers [count, 2]
   * @param {number} count
   * @returns {string}
   */
  draw(numbers, count) {
    const { canvas } = this;
    const ratio = Math.min(devicePixelRatio, 2);
    const side = Math.round(canvas.clientWidth * ratio);
    const colours = readColours(canvas);
    setSize(canvas, side);
    this.prepareBackdrop(side, ratio, colours);
    this.drawn = numbers;
    const context = contextOf(canvas);
    context.clearRect(0, 0, side, side);
    if (side) context.drawImage(this.behind, 0, 0);
    context.strokeStyle = colours.background;
    context.lineWidth = 2 * ratio;
    for (let index = count - 1; index >= 0; index--) {
      const [x, y] = spotOf(numbers[2 * index], numbers[2 * index + 1], this.cloud.limit, side);
      drawDot(context, x, y, (index ? 4 : 7) * ratio, colours.here);
      context.stroke();
    }
    return `(${numbers[0].toFixed(3)}, ${numbers[1].toFixed(3)})`;
  }

  /**
   * Paint everything that does not move, once for each size and theme.
   * @param {number} side
   * @param {number} ratio
   * @param {Colours} colours
   */
  prepareBackdrop(side, ratio, colours) {
    const key = JSON.stringify([side, colours]);
    if (key === this.key) return;
    this.key = key;
    this.behind.width = this.behind.height = side;
    const context = contextOf(this.behind);
    const { limit, real, generated } = this.cloud;
    paintGrid(context, limit, ratio, colours);
    for (const [points, size, opacity, fill] of /** @type {const} */ ([
      [real ?? [], 3.5, 0.35, colours.real],
      [generated, 2, 0.75, colours.generated],
    ])) {
      context.globalAlpha = opacity;
      for (const [x, y] of points) drawDot(context, ...spotOf(x, y, limit, side), size * ratio, fill);
    }
  }

  /**
   * Which of `count` points is nearest to the pointer.
   * @param {MouseEvent} event
   * @param {number} count
   * @returns {number}
   */
  which(event, count) {
    const box = this.canvas.getBoundingClientRect();
    return nearest(this.drawn.subarray(0, 2 * count), event.clientX - box.left, event.clientY - box.top, this.cloud.limit, box.width);
  }
}

/** @param {HTMLElement} element */
function readColours(element) {
  const style = getComputedStyle(element);
  return {
    real: style.getPropertyValue("--real"),
    generated: style.getPropertyValue("--generated"),
    here: style.getPropertyValue("--here"),
    background: style.getPropertyValue("--st-background-color"),
    border: style.getPropertyValue("--st-border-color"),
    text: style.getPropertyValue("--st-text-color"),
  };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} limit
 * @param {number} ratio
 * @param {Colours} colours
 */
function paintGrid(context, limit, ratio, colours) {
  const side = context.canvas.width;
  context.strokeStyle = colours.border;
  context.fillStyle = colours.text;
  context.font = `${10 * ratio}px sans-serif`;
  for (const value of gridValues(limit)) {
    const [across, down] = spotOf(value, value, limit, side);
    context.beginPath();
    context.moveTo(across, 0);
    context.lineTo(across, side);
    context.moveTo(0, down);
    context.lineTo(side, down);
    context.stroke();
    const words = String(Number(value.toFixed(1)));
    context.fillText(words, across + 3 * ratio, side - 4 * ratio);
    if (value) context.fillText(words, 3 * ratio, down - 3 * ratio);
  }
}

/**
 * Round numbers from -limit to limit, fewer than ten.
 * @param {number} limit
 * @returns {number[]}
 */
export function gridValues(limit) {
  const step = [0.1, 0.2, 0.5, 1, 2, 5].find((each) => limit / each < 5) ?? 10;
  const most = Math.floor(limit / step);
  return Array.from({ length: 2 * most + 1 }, (_, index) => (index - most) * step);
}

/**
 * Where a point of the plane is in the picture.
 * @param {number} x
 * @param {number} y
 * @param {number} limit the picture shows the plane from -limit to limit on both axes
 * @param {number} side
 * @returns {[across: number, down: number]}
 */
export function spotOf(x, y, limit, side) {
  return [(0.5 + x / limit / 2) * side, (0.5 - y / limit / 2) * side];
}

/**
 * Which point is nearest to a place in the picture; -1 if there are no points.
 * @param {Float32Array} points [count, 2]
 * @param {number} across
 * @param {number} down
 * @param {number} limit
 * @param {number} side
 * @returns {number}
 */
export function nearest(points, across, down, limit, side) {
  const away = Array.from({ length: points.length / 2 }, (_, index) => {
    const [x, y] = spotOf(points[2 * index], points[2 * index + 1], limit, side);
    return Math.hypot(x - across, y - down);
  });
  return away.indexOf(Math.min(...away));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {string} fill
 */
function drawDot(context, x, y, radius, fill) {
  context.fillStyle = fill;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}
