// Paints the critic's scores on a grid as a picture with contour lines. The first row of the grid is at the bottom.

const LINES = 6; // contour lines from the middle of the colour scale to either end
export const LINE_STEPS = 4; // steps of a line's strength, for soft edges
const FAINTEST = 0.1; // a weaker line is not drawn
const FLAT = 1e-5; // in lines per pixel: no lines are drawn where the landscape is flatter

/**
 * @typedef {object} Landscape
 * @property {Float32Array} values the scores on the grid, row by row
 * @property {number} grid how many places it has along each axis
 * @property {number} middle the score at the middle of the colour scale
 * @property {number} extent how far the colour scale reaches from there
 */

/**
 * The colours to paint with, as pixels: 256 colours from the lowest score to the highest, and the same colours under a line, weakest first.
 * @typedef {object} Ink
 * @property {Uint32Array} ramp
 * @property {Uint32Array | null} lines null: none
 */

/**
 * Paint the whole landscape, interpolated between the places of the grid.
 * @param {Uint32Array} pixels [size · size], the top row first
 * @param {number} size
 * @param {Landscape} landscape
 * @param {Ink} ink
 */
export function paintLandscape(pixels, size, landscape, ink) {
  let above = new Float32Array(size);
  let row = new Float32Array(size);
  scoreRow(row, 0, landscape); // so that the first row has a row above it
  for (let y = 0; y < size; y++) {
    [above, row] = [row, above];
    scoreRow(row, y, landscape);
    paintRow(pixels.subarray(y * size, (y + 1) * size), row, above, ink);
  }
}

/**
 * Compute one row of scores, measured in contour lines from the middle of the scale.
 * @param {Float32Array} row as long as the picture is wide and high
 * @param {number} y
 * @param {Landscape} landscape
 */
export function scoreRow(row, y, { values, grid, middle, extent }) {
  const cells = grid - 1;
  const scale = cells / (row.length - 1);
  const v = Math.min(cells, Math.max(0, cells - y * scale));
  const low = Math.min(cells - 1, Math.floor(v));
  const up = v - low;
  const perScore = LINES / extent;
  for (let x = 0; x < row.length; x++) {
    const u = x * scale;
    const left = Math.min(cells - 1, Math.floor(u));
    const right = u - left;
    const at = low * grid + left;
    const below = values[at] + (values[at + 1] - values[at]) * right;
    const over = values[at + grid] + (values[at + grid + 1] - values[at + grid]) * right;
    row[x] = (below + (over - below) * up - middle) * perScore;
  }
}

/**
 * @param {Uint32Array} pixels
 * @param {Float32Array} row
 * @param {Float32Array} above
 * @param {Ink} ink
 */
function paintRow(pixels, row, above, { ramp, lines }) {
  for (let x = 0; x < row.length; x++) {
    const colour = shade(row[x]);
    const line = lines ? lineStrength(row[x], row[x ? x - 1 : 1], above[x]) : 0;
    pixels[x] = lines && line > FAINTEST ? lines[(Math.ceil(line * LINE_STEPS) - 1) * 256 + colour] : ramp[colour];
  }
}

/**
 * Which of 256 colours a score gets.
 * @param {number} score in lines from the middle
 * @returns {number}
 */
export function shade(score) {
  return Math.max(0, Math.min(255, Math.round(127.5 + (score / LINES) * 127.5)));
}

/**
 * How much of a pixel a contour line covers. The edge of a line is one pixel soft.
 * @param {number} score in lines from the middle
 * @param {number} beside the score of the pixel next to it
 * @param {number} above
 * @returns {number} from 0 to 1
 */
export function lineStrength(score, beside, above) {
  const slope = Math.abs(score - beside) + Math.abs(score - above);
  return slope > FLAT ? Math.max(0, 1 - Math.abs(score - Math.round(score)) / slope) : 0;
}

/**
 * The score at a place, and the slope there.
 * @param {Pick<Landscape, "values" | "grid">} landscape
 * @param {number} u from left to right, 0 to 1
 * @param {number} v from bottom to top, 0 to 1
 * @param {number} side of the picture, in units of the plane
 * @returns {{ score: number, slope: number }}
 */
export function scoreAt({ values, grid }, u, v, side) {
  const cells = grid - 1;
  const [x, y] = [u, v].map((share) => Math.min(cells - 0.001, Math.max(0, share * cells)));
  const [column, row] = [Math.floor(x), Math.floor(y)];
  const at = row * grid + column;
  const [lowLeft, lowRight, highLeft, highRight] = [values[at], values[at + 1], values[at + grid], values[at + grid + 1]];
  const [right, up] = [x - column, y - row];
  const score = (lowLeft * (1 - right) + lowRight * right) * (1 - up) + (highLeft * (1 - right) + highRight * right) * up;
  const east = (lowRight - lowLeft) * (1 - up) + (highRight - highLeft) * up;
  const north = (highLeft - lowLeft) * (1 - right) + (highRight - lowRight) * right;
  return { score, slope: Math.hypot(east, north) / (side / cells) };
}
