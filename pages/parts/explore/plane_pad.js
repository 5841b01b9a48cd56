// The pad for the plane of latents: a grid that can be dragged, and how far a drag or a key moves it.

import { contextOf, setSize } from "../../components/elements.js";

const CELL = 52; // pixels from one whole number to the next

/** @typedef {{ x: number, y: number }} Spot */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Spot} place the place in the middle of the pad
 * @param {CSSStyleDeclaration} style
 */
export function paintPad(canvas, place, style) {
  const ratio = Math.min(devicePixelRatio, 2);
  const side = Math.round(canvas.clientWidth * ratio);
  if (!side) return;
  setSize(canvas, side);
  const context = contextOf(canvas);
  context.clearRect(0, 0, side, side);
  context.strokeStyle = style.getPropertyValue("--st-border-color");
  context.fillStyle = style.getPropertyValue("--st-text-color");
  context.font = `${10 * ratio}px sans-serif`;
  context.lineWidth = ratio;
  for (const line of gridLines(place, side, CELL * ratio)) paintLine(context, line, side, ratio);
  context.globalAlpha = 1;
  context.fillStyle = style.getPropertyValue("--st-primary-color");
  context.beginPath();
  context.arc(side / 2, side / 2, 5 * ratio, 0, 2 * Math.PI);
  context.fill();
}

/** @typedef {{ column: number, row: number, across: number, down: number }} GridLine one vertical line, at a column, and one horizontal line, at a row */

/**
 * The lines at whole numbers, and where they are on the pad.
 * @param {Spot} place
 * @param {number} side
 * @param {number} cell
 * @returns {GridLine[]}
 */
export function gridLines({ x, y }, side, cell) {
  const reach = Math.ceil(side / 2 / cell) + 1;
  return Array.from({ length: 2 * reach + 1 }, (_, index) => {
    const [column, row] = [Math.floor(x) + index - reach, Math.floor(y) + index - reach];
    return { column, row, across: side / 2 + (column - x) * cell, down: side / 2 - (row - y) * cell };
  });
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {GridLine} line
 * @param {number} side
 * @param {number} ratio
 */
function paintLine(context, { column, row, across, down }, side, ratio) {
  context.beginPath();
  context.moveTo(across, 0);
  context.lineTo(across, side);
  context.moveTo(0, down);
  context.lineTo(side, down);
  context.globalAlpha = 0.7;
  context.stroke();
  context.globalAlpha = 0.6;
  context.fillText(String(column), across + 3 * ratio, side - 4 * ratio);
  context.fillText(String(row), 3 * ratio, down - 3 * ratio);
}

/**
 * Where a drag that began at `place` leads. The plane follows the pointer, so the place moves in the opposite direction.
 * @param {Spot} place
 * @param {Spot} by pixels, downwards
 * @param {boolean} finely move a tenth as far
 * @returns {Spot}
 */
export function dragged(place, by, finely) {
  const scale = CELL * (finely ? 10 : 1);
  return { x: place.x - by.x / scale, y: place.y + by.y / scale };
}

/**
 * Where a key press leads, or null if the key does nothing.
 * @param {Spot} place
 * @param {string} key
 * @param {boolean} finely
 * @returns {Spot | null}
 */
export function stepped({ x, y }, key, finely) {
  const step = finely ? 0.01 : 0.1;
  /** @type {Record<string, Spot>} */
  const places = {
    ArrowLeft: { x: x - step, y },
    ArrowRight: { x: x + step, y },
    ArrowUp: { x, y: y + step },
    ArrowDown: { x, y: y - step },
    Home: { x: 0, y: 0 },
  };
  return Object.hasOwn(places, key) ? places[key] : null;
}
