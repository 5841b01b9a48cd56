// A generator that runs in the browser, with TensorFlow.js on WebAssembly.

// One load for all components of the page; a failed one is forgotten, so that the next message tries again.
function loadTensorFlow(folder) {
  globalThis.wganTensorFlow ??= (async () => {
    const base = new URL(folder, document.baseURI).href;
    for (const name of ["tf-core.min.js", "tf-backend-wasm.min.js"]) await loadScript(`${base}/${name}`);
    const { tf } = globalThis;
    tf.wasm.setWasmPaths(`${base}/`);
    tf.wasm.setThreadsCount(1);
    if (!(await tf.setBackend("wasm"))) throw new Error("This browser runs no WebAssembly.");
    tf.enableProdMode();
    return tf;
  })();
  globalThis.wganTensorFlow.catch(() => (globalThis.wganTensorFlow = undefined));
  return globalThis.wganTensorFlow;
}

function loadScript(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = () => {
      script.remove();
      reject(new Error(`${address} did not load.`));
    };
    document.head.append(script);
  });
}

class Generator {
  // spec: what export/browser.py describes; bytes: its weights.
  constructor(tf, spec, bytes) {
    this.tf = tf;
    this.spec = spec;
    const numbers = spec.half ? fromHalf(bytes) : new Float32Array(bytes.slice().buffer);
    let at = 0;
    const take = (shape) => {
      const size = shape.reduce((product, part) => product * part, 1);
      at += size;
      return tf.tensor(numbers.subarray(at - size, at), shape, "float32");
    };
    this.layers = spec.layers.map((layer) => ({
      ...layer,
      weights: take(
        layer.kind === "dense" ? [layer.inputs, layer.outputs] : [layer.kernel, layer.kernel, layer.outputs, layer.inputs],
      ),
      bias: take([layer.outputs]),
    }));
  }

  // What it makes of `count` latents, one after the other in z: pixels in [-1, 1], Float32Array [count, height, width, channels], or
  // points [count, 2].
  samples(z, count) {
    const { tf } = this;
    const [channels, height, width] = this.spec.shape;
    const made = tf.tidy(() => {
      let x = tf.tensor2d(z, [count, z.length / count]);
      for (const layer of this.layers) x = this.apply(layer, x, count);
      // Dense layers make channel after channel, convolutions pixel after pixel.
      return x.rank === 2 && height && channels > 1 ? tf.transpose(tf.reshape(x, [count, channels, height, width]), [0, 2, 3, 1]) : x;
    });
    const numbers = made.dataSync();
    made.dispose();
    return numbers;
  }

  apply(layer, x, count) {
    const { tf } = this;
    if (layer.kind === "dense") x = tf.matMul(x, layer.weights);
    else {
      if (x.rank === 2) x = tf.reshape(x, [count, 1, 1, layer.inputs]);
      const side = (x.shape[1] - 1) * layer.stride - 2 * layer.padding + layer.kernel;
      x = tf.conv2dTranspose(x, layer.weights, [count, side, side, layer.outputs], layer.stride, layer.padding);
    }
    x = tf.add(x, layer.bias);
    if (layer.activation === "tanh") return tf.tanh(x);
    if (layer.activation === "leaky") return layer.slope ? tf.leakyRelu(x, layer.slope) : tf.relu(x);
    return x;
  }

  dispose() {
    for (const { weights, bias } of this.layers) {
      weights.dispose();
      bias.dispose();
    }
  }
}

// 16-bit floats by a table: not every browser has Float16Array.
let halves;
function fromHalf(bytes) {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
    const size = exponent === 31 ? (fraction ? NaN : Infinity) : exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction;
    return bits >> 15 ? -size : size;
  });
  return Float32Array.from(new Uint16Array(bytes.slice().buffer), (bits) => halves[bits]);
}

// Pixels in [-1, 1] as levels from 0 to 255, rounded as PyTorch rounds, half to even.
function toLevel(value) {
  const scaled = (value + 1) * 127.5;
  const low = Math.floor(scaled);
  const rest = scaled - low;
  const level = rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
  return Math.max(0, Math.min(255, level));
}
