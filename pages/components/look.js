// The message from lab_stage.py: one look, which is one state of the laboratory.

/**
 * @typedef {object} LookHeader
 * @property {boolean} playing
 * @property {number} restMs the pause before the next look is requested
 * @property {string[]} layers what to draw
 * @property {number} limit the picture shows the plane from -limit to limit on both axes
 * @property {number} grid places of the landscape along each axis
 * @property {number} points how many real points there are, and how many generated ones
 * @property {number} seed
 * @property {number} meshRows
 * @property {number} meshColumns 1 if the noise has one dimension
 * @property {number[]} noise the positions of the mesh's lines in the noise
 * @property {string[]} concerned the parts that this stage of the cycle is about
 * @property {string} heading
 * @property {string} caption
 * @property {string} critic what the second network is called
 * @property {string} number what its number is called
 * @property {[text: string, state: string][]} beats the boxes that show the progress of the cycle
 * @property {PanelHeader[]} panels one for each WGAN
 */

/**
 * @typedef {object} PanelHeader
 * @property {string} title
 * @property {string} numbers
 * @property {number} middle the score at the middle of the colour scale
 * @property {number} extent how far the colour scale reaches from there
 * @property {number} longest the length of the longest gradient
 * @property {string} top the text at the scale's upper end
 * @property {string} bottom the text at the scale's lower end
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
 * Everything that moves between two looks: points, the gradients there, and the generator's mesh, each as pairs x, y.
 * @typedef {{ generated: Float32Array, uphill: Float32Array, mesh: Float32Array }} Moving
 */

/** @typedef {Moving & { real: Float32Array, landscape: Float32Array }} Arrays */

/**
 * The arrays of each panel. The real points are the same for all panels.
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
