// What lab_stage.py packs: one look at the laboratory.

/**
 * @typedef {object} LookHeader
 * @property {boolean} playing
 * @property {number} rest ms to wait before the next look is asked for
 * @property {string[]} layers what is to be drawn
 * @property {number} limit the picture shows the plane from -limit to limit both ways
 * @property {number} grid places of the landscape along either axis
 * @property {number} points how many real ones, and how many generated ones
 * @property {number} seed
 * @property {number} meshRows
 * @property {number} meshColumns 1 where the noise has one dimension
 * @property {number[]} noise where the mesh's lines lie in the noise
 * @property {string[]} concerned which parts the stage of the cycle is about
 * @property {string} heading
 * @property {string} caption
 * @property {[text: string, state: string][]} beats of the cycle
 * @property {PanelHeader[]} panels one for each WGAN
 */

/**
 * @typedef {object} PanelHeader
 * @property {string} title
 * @property {string} numbers
 * @property {number} middle the score in the middle of the colours
 * @property {number} extent how far they reach from there
 * @property {number} longest of the gradients
 * @property {string} top words at the scale's upper end
 * @property {string} bottom and at its lower one
 * @property {string} alt
 * @property {LayerHeader[]} weights
 */

/**
 * One layer's histogram of weights, whose edges run from -reach to reach.
 * @typedef {object} LayerHeader
 * @property {number[]} counts
 * @property {number | null} c the clip value as a share of reach
 * @property {string} words
 */

/**
 * What moves from one look to the next: points, gradients there, the generator's mesh; pairs x, y.
 * @typedef {{ generated: Float32Array, uphill: Float32Array, mesh: Float32Array }} Moving
 */

/** @typedef {Moving & { real: Float32Array, landscape: Float32Array }} Arrays */

/**
 * The arrays of each panel; the real points are the same for all.
 * @param {Pick<LookHeader, "points" | "grid" | "meshRows" | "meshColumns" | "panels">} header
 * @param {Uint8Array} body
 * @returns {Arrays[]}
 */
export function readArrays(header, body) {
  let at = 0;
  /** @param {number} count */
  const floats = (count) => {
    at += 4 * count;
    return new Float32Array(body.slice(at - 4 * count, at).buffer);
  };
  const real = floats(2 * header.points);
  return header.panels.map(() => ({
    real,
    landscape: floats(header.grid * header.grid),
    generated: floats(2 * header.points),
    uphill: floats(2 * header.points),
    mesh: floats(2 * header.meshRows * header.meshColumns),
  }));
}
