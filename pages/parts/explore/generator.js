// A generator that runs in the browser with TensorFlow.js.

import { fromHalf } from "./half_floats.js";

/** @import { Tensor, TensorFlow } from "../../components/types.d.ts" */
/** @import { Layer, Weights } from "./weights.js" */

/** @typedef {{ layer: Layer, weights: Tensor, bias: Tensor }} Loaded a layer whose weights are held by TensorFlow.js */

export class Generator {
  /**
   * @param {TensorFlow} tf
   * @param {Weights} weights
   */
  constructor(tf, { spec, bytes }) {
    this.tf = tf;
    this.shape = spec.shape;
    const numbers = spec.half ? fromHalf(bytes) : new Float32Array(bytes.slice().buffer);
    let at = 0;
    /** @param {number[]} shape */
    const take = (shape) => {
      const size = shape.reduce((product, part) => product * part, 1);
      at += size;
      return tf.tensor(numbers.subarray(at - size, at), shape, "float32");
    };
    /** @type {Loaded[]} */
    this.layers = spec.layers.map((layer) => ({ layer, weights: take(weightShape(layer)), bias: take([layer.outputs]) }));
  }

  /**
   * The samples of `count` latents, which follow each other in z: pixels in [-1, 1] [count, height, width, channels], or points [count, 2].
   * @param {Float32Array} z
   * @param {number} count
   * @returns {Float32Array}
   */
  samples(z, count) {
    const { tf } = this;
    const [channels, height, width] = this.shape;
    const made = tf.tidy(() => {
      const latents = tf.tensor2d(z, [count, z.length / count]);
      /** @type {Tensor[]} */
      const results = [];
      for (const loaded of this.layers) {
        const { source = results.length - 1, plus } = loaded.layer;
        results.push(this.apply(loaded, results[source] ?? latents, plus === undefined ? undefined : results[plus], count));
      }
      const x = results[results.length - 1];
      // Dense layers output one channel after the other, convolutions one pixel after the other.
      return x.rank === 2 && height && channels > 1 ? tf.transpose(tf.reshape(x, [count, channels, height, width]), [0, 2, 3, 1]) : x;
    });
    const numbers = made.dataSync();
    made.dispose();
    return numbers;
  }

  /**
   * @param {Loaded} loaded
   * @param {Tensor} x
   * @param {Tensor | undefined} plus what is added before the activation
   * @param {number} count
   * @returns {Tensor}
   */
  apply({ layer, weights, bias }, x, plus, count) {
    const { tf } = this;
    const sum = tf.add(this.product(layer, weights, x, count), bias);
    const y = plus ? tf.add(sum, plus) : sum;
    if (layer.activation === "tanh") return tf.tanh(y);
    if (layer.activation === "leaky") return layer.slope ? tf.leakyRelu(y, layer.slope) : tf.relu(y);
    return y;
  }

  /**
   * @param {Layer} layer
   * @param {Tensor} weights
   * @param {Tensor} x
   * @param {number} count
   * @returns {Tensor}
   */
  product({ kind, inputs, outputs, kernel = 1, stride = 1, padding = 0 }, weights, x, count) {
    const { tf } = this;
    if (kind === "dense") return tf.matMul(x, weights);
    const across = Math.round(Math.sqrt((x.shape[1] ?? inputs) / inputs)); // of features that a dense layer made
    const image = x.rank === 2 ? tf.reshape(x, [count, across, across, inputs]) : x;
    if (kind === "affine") return tf.mul(image, weights);
    const side = outputSide(image.shape[1], kernel, stride, padding);
    return tf.conv2dTranspose(image, weights, [count, side, side, outputs], stride, padding);
  }

  dispose() {
    for (const { weights, bias } of this.layers) {
      weights.dispose();
      bias.dispose();
    }
  }
}

/**
 * @param {Layer} layer
 * @returns {number[]}
 */
export function weightShape({ kind, inputs, outputs, kernel = 1 }) {
  if (kind === "affine") return [outputs];
  return kind === "dense" ? [inputs, outputs] : [kernel, kernel, outputs, inputs];
}

/**
 * How many pixels wide the output of a transposed convolution is.
 * @param {number} side of the input
 * @param {number} kernel
 * @param {number} stride
 * @param {number} padding
 * @returns {number}
 */
export function outputSide(side, kernel, stride, padding) {
  return (side - 1) * stride - 2 * padding + kernel;
}
