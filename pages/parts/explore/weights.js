// The weights of generators, which one component brings and others wait for: each component has modules of its own, the page they share.

/**
 * What wgan_core/latent/browser.py describes.
 * @typedef {object} Spec
 * @property {string} id a hash of the weights
 * @property {Layer[]} layers
 * @property {number[]} shape of a sample: channels, height, width, or 2 for points
 * @property {boolean} half 16 bits a weight, not 32
 * @property {Cloud} [points] where the generator makes points
 */

/**
 * @typedef {object} Layer
 * @property {"dense" | "deconv"} kind
 * @property {number} inputs
 * @property {number} outputs
 * @property {number} [kernel] these three of a transposed convolution
 * @property {number} [stride]
 * @property {number} [padding]
 * @property {"leaky" | "tanh" | "none"} activation
 * @property {number} [slope] of "leaky"
 */

/**
 * What points are shown among.
 * @typedef {object} Cloud
 * @property {number} limit the picture shows the plane from -limit to limit both ways
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
 * The weights named `id`, once they are there; undefined if `giveUp` says that nobody wants them any more.
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
  throw new Error("its weights did not arrive.");
}
