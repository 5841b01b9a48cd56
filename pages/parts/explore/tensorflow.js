// TensorFlow.js on WebAssembly, loaded once for all components of the page.

import { loadScript } from "../../components/load_script.js";

/** @import { TensorFlow } from "../../components/types.d.ts" */

/**
 * Load the library. A failed load is forgotten, so that the next message tries again.
 * @param {string} folder the library's URL, relative to the page
 * @returns {Promise<TensorFlow>}
 */
export function loadTensorFlow(folder) {
  if (globalThis.wganTensorFlow) return globalThis.wganTensorFlow;
  const load = start(new URL(folder, document.baseURI).href);
  globalThis.wganTensorFlow = load;
  load.catch(() => {
    globalThis.wganTensorFlow = undefined;
  });
  return load;
}

/**
 * @param {string} base
 * @returns {Promise<TensorFlow>}
 */
async function start(base) {
  for (const name of ["tf-core.min.js", "tf-backend-wasm.min.js"]) await loadScript(`${base}/${name}`);
  const { tf } = globalThis;
  if (!tf) throw new Error(`TensorFlow.js was not found at ${base}.`);
  tf.wasm.setWasmPaths(`${base}/`);
  tf.wasm.setThreadsCount(1);
  if (!(await tf.setBackend("wasm"))) throw new Error("It does not support WebAssembly.");
  tf.enableProdMode();
  return tf;
}
