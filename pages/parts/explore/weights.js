// Generator weights that one component receives and others use. Components share no modules, so the weights are kept on globalThis.

/**
 * The description that wgan_core/latent/browser.py makes.
 * @typedef {object} Spec
 * @property {string} id a hash of the weights
 * @property {Layer[]} layers
 * @property {number[]} shape of a sample: channels, height, width, or 2 for points
 * @property {boolean} half whether weights have 16 bits instead of 32
 * @property {Cloud} [points] only if the generator makes points
 */

/**
 * @typedef {object} Layer
 * @property {"dense" | "deconv" | "affine"} kind an affine one multiplies each channel with a weight and adds the bias
 * @property {number} inputs
 * @property {number} outputs
 * @property {number} [kernel] these three only for a transposed convolution
 * @property {number} [stride]
 * @property {number} [padding]
 * @property {"leaky" | "tanh" | "none"} activation
 * @property {number} [slope] only for "leaky"
 * @property {number} [source] the layer whose result it takes; without it, the layer before
 * @property {number} [plus] the layer whose result is added before the activation
 */

/**
 * The points in the background of the picture.
 * @typedef {object} Cloud
 * @property {number} limit the picture shows the plane from -limit to limit on both axes
 * @property {[x: number, y: number][]} generated
 * @property {[x: number, y: number][] | null} real
 */

/** @typedef {{ spec: Spec, bytes: Uint8Array<ArrayBuffer> }} Weights */

const MOST_HELD = 3;

/** @param {Weights} weights */
export function holdWeights(weights) {
  globalThis.wganWeights ??= new Map();
  const held = globalThis.wganWeights;
  if (held.has(weights.spec.id)) return;
  held.set(weights.spec.id, weights);
  for (const id of [...held.keys()].slice(0, -MOST_HELD)) held.delete(id);
}

/**
 * Wait for the weights with this id. Returns undefined if `giveUp` says that they are no longer needed.
 * @param {string} id
 * @param {() => boolean} giveUp
 * @returns {Promise<Weights | undefined>}
 */
export async function weightsOf(id, giveUp) {
  for (let tries = 0; tries < 600 && !giveUp(); tries++) {
    const found = globalThis.wganWeights?.get(id);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (giveUp()) return undefined;
  throw new Error("Its weights did not arrive.");
}
