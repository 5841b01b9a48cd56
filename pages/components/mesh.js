// Shows how the generator warps the noise: a mesh of lines in the noise, and where the generator maps it.

/** @import { Colours } from "./colours.js" */
/** @import { Place } from "./dots.js" */
/** @import { LookHeader } from "./look.js" */

/** @typedef {[x: number, y: number]} Spot in the picture */

/** @typedef {Pick<LookHeader, "meshRows" | "meshColumns" | "noise" | "limit">} MeshHeader */

const SHADES = 5;

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Spot[][]} spots from `meshSpots`
 * @param {Colours} colours
 */
export function drawMesh(context, spots, colours) {
  context.save();
  const isPlane = spots[0].length > 1;
  if (isPlane) fillCells(context, spots, colours.generated);
  context.globalAlpha = 0.75;
  context.strokeStyle = colours.mesh;
  context.lineWidth = Math.max(1, context.canvas.width / (isPlane ? 700 : 250));
  context.beginPath();
  for (let column = 0; column < spots[0].length; column++)
    drawLine(
      context,
      spots.map((row) => row[column]),
    );
  if (isPlane) for (const row of spots) drawLine(context, row);
  context.stroke();
  context.restore();
}

/**
 * Where the mesh's knots are, row by row. At `warp` 0 they are in the noise, scaled to fit the picture; at 1 where the generator maps them.
 * @param {MeshHeader} header
 * @param {Float32Array} mesh
 * @param {number} warp
 * @param {Place} place
 * @returns {Spot[][]}
 */
export function meshSpots({ meshRows, meshColumns, noise, limit }, mesh, warp, place) {
  const squeeze = (0.75 * limit) / noise[noise.length - 1];
  return Array.from({ length: meshRows }, (_, row) =>
    Array.from({ length: meshColumns }, (_, column) => {
      const index = 2 * (row * meshColumns + column);
      const [zx, zy] = [noise[row] * squeeze, meshColumns > 1 ? noise[column] * squeeze : 0];
      return place(zx + (mesh[index] - zx) * warp, zy + (mesh[index + 1] - zy) * warp);
    }),
  );
}

/**
 * Fill the cells of the mesh. Each holds an equal share of the noise, so a smaller cell has denser points and gets a stronger colour.
 * @param {CanvasRenderingContext2D} context
 * @param {Spot[][]} spots
 * @param {string} colour
 */
function fillCells(context, spots, colour) {
  const typical = (context.canvas.width / spots.length) ** 2 / 6;
  const shades = Array.from({ length: SHADES }, () => new Path2D()); // a few fills instead of one per cell
  for (let row = 0; row + 1 < spots.length; row++) {
    for (let column = 0; column + 1 < spots[row].length; column++) {
      const corners = [spots[row][column], spots[row + 1][column], spots[row + 1][column + 1], spots[row][column + 1]];
      const area = signedArea(corners);
      // All cells have the same orientation. Otherwise folded cells would cut holes into the others.
      drawLine(shades[cellShade(area, typical)], area < 0 ? corners.reverse() : corners);
    }
  }
  context.fillStyle = colour;
  for (const [index, path] of shades.entries()) {
    context.globalAlpha = 0.5 * ((index + 0.5) / SHADES);
    context.fill(path);
  }
}

/**
 * The area of a polygon, negative if its corners are in the opposite order.
 * @param {Spot[]} corners
 * @returns {number}
 */
export function signedArea(corners) {
  const doubled = corners.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = corners[(index + 1) % corners.length];
    return sum + x * nextY - nextX * y;
  }, 0);
  return doubled / 2;
}

/**
 * The shade of a cell, from 0, the faintest.
 * @param {number} area
 * @param {number} typical the area below which a cell gets the strongest shade
 * @returns {number}
 */
export function cellShade(area, typical) {
  const density = Math.min(1, typical / (Math.abs(area) + 1));
  return Math.min(SHADES - 1, Math.floor(density * SHADES));
}

/**
 * @param {Pick<CanvasPath, "moveTo" | "lineTo">} path
 * @param {Spot[]} spots
 */
function drawLine(path, spots) {
  path.moveTo(...spots[0]);
  for (const spot of spots.slice(1)) path.lineTo(...spot);
}
