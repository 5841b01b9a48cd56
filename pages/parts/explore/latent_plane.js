// The plane of latents, computed in the browser. It gives the same numbers as wgan_core/latent/plane.py.

const LIMIT = 1_000_000;

/**
 * @param {number} h
 * @returns {number} another whole number of 32 bits
 */
function mix32(h) {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * The latent at the whole numbers (i, j).
 * @param {ArrayLike<number>} origin
 * @param {number} name
 * @param {number} i
 * @param {number} j
 * @returns {ArrayLike<number>}
 */
export function cornerLatent(origin, name, i, j) {
  if (!i && !j) return origin;
  let seed = 0;
  for (const value of [name, i, j]) seed = mix32(((seed ^ value) + 0x9e3779b9) | 0);
  /** @param {number} counter */
  const uniform = (counter) => (mix32(mix32((counter + seed) | 0) ^ seed) + 0.5) / 4294967296;
  const z = new Float64Array(origin.length);
  for (let index = 0; index < z.length; index += 2) {
    const radius = Math.sqrt(-2 * Math.log(uniform(index)));
    const angle = 2 * Math.PI * uniform(index + 1);
    z[index] = radius * Math.cos(angle);
    if (index + 1 < z.length) z[index + 1] = radius * Math.sin(angle);
  }
  return z;
}

/** @type {Map<string, ArrayLike<number>>} */
const cornersHeld = new Map(); // every move needs the same few corners again

/**
 * @param {ArrayLike<number>} origin
 * @param {number} name
 * @param {number} i
 * @param {number} j
 */
function heldCorner(origin, name, i, j) {
  if (!i && !j) return origin;
  const key = `${origin.length} ${name} ${i} ${j}`;
  const held = cornersHeld.get(key);
  if (held) return held;
  if (cornersHeld.size > 400) cornersHeld.clear();
  const corner = cornerLatent(origin, name, i, j);
  cornersHeld.set(key, corner);
  return corner;
}

/**
 * The four corners around (x, y), each with its weight in the blend.
 * @param {number} x
 * @param {number} y
 * @returns {[i: number, j: number, share: number][]}
 */
function cornersAround(x, y) {
  const [left, low] = [Math.floor(x), Math.floor(y)];
  const [right, up] = [x - left, y - low];
  return [
    [left, low, (1 - right) * (1 - up)],
    [left, low + 1, (1 - right) * up],
    [left + 1, low, right * (1 - up)],
    [left + 1, low + 1, right * up],
  ];
}

/**
 * The latent at (x, y) of a plane.
 * @param {ArrayLike<number>} origin the latent at (0, 0)
 * @param {number} name of the plane, a 32-bit number
 * @param {number} x
 * @param {number} y
 * @returns {Float32Array}
 */
export function planeLatent(origin, name, x, y) {
  const [across, up] = [x, y].map((value) => Math.max(-LIMIT, Math.min(LIMIT, value)));
  const blend = new Float64Array(origin.length);
  let squares = 0;
  for (const [i, j, share] of cornersAround(across, up)) {
    if (!share) continue;
    const corner = heldCorner(origin, name, i, j);
    for (let index = 0; index < blend.length; index++) blend[index] += share * corner[index];
    squares += share * share;
  }
  const size = Math.sqrt(squares);
  return Float32Array.from(blend, (value) => value / size);
}
