// Types that JSDoc cannot tell: what is on the page's globalThis. Only TypeScript reads this file.

/** What Streamlit calls a component's default export with, at its first message and every later one. It returns what to call when the element leaves. */
export interface ComponentArguments<Data> {
  data: Data;
  parentElement: HTMLElement | ShadowRoot;
  /** Tell the server; the value stays until another is set. */
  setStateValue: (name: string, value: unknown) => void;
  /** Tell the server; the value holds for one run of the script. */
  setTriggerValue: (name: string, value: unknown) => void;
}

/** An element that Plotly has drawn in. Names with _ are Plotly's own, without a promise that they stay. */
export interface PlotlyElement extends HTMLElement {
  on(event: "plotly_afterplot", handler: () => void): void;
  on(event: "plotly_click", handler: (event: { points: { x: number }[] }) => void): void;
  /** The mouse is drawing a zoom box. */
  _dragging?: boolean;
  _fullLayout?: { xaxis?: { l2p(x: number): number }; _size: { l: number; t: number; w: number; h: number } };
}

/** What we use of plotly.js. */
export interface PlotlyLibrary {
  Icons: { camera: object };
  Plots: { resize(element: HTMLElement): void };
  react(element: HTMLElement, data: object[], layout: object, config: object): Promise<unknown>;
  purge(element: HTMLElement): void;
  downloadImage(figure: object, options: object): Promise<string>;
}

/** An array of TensorFlow.js; it holds memory until it is disposed. */
export interface Tensor {
  readonly rank: number;
  readonly shape: number[];
  dataSync(): Float32Array<ArrayBuffer>;
  dispose(): void;
}

/** What we use of TensorFlow.js. */
export interface TensorFlow {
  wasm: { setWasmPaths(folder: string): void; setThreadsCount(count: number): void };
  setBackend(name: string): Promise<boolean>;
  enableProdMode(): void;
  tidy(compute: () => Tensor): Tensor;
  tensor(numbers: Float32Array, shape: number[], type: "float32"): Tensor;
  tensor2d(numbers: Float32Array, shape: [number, number]): Tensor;
  reshape(x: Tensor, shape: number[]): Tensor;
  transpose(x: Tensor, axes: number[]): Tensor;
  matMul(x: Tensor, weights: Tensor): Tensor;
  conv2dTranspose(x: Tensor, filter: Tensor, shape: [number, number, number, number], stride: number, padding: number): Tensor;
  add(x: Tensor, y: Tensor): Tensor;
  tanh(x: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  leakyRelu(x: Tensor, slope: number): Tensor;
}

declare global {
  // Scripts leave these there.
  var Plotly: PlotlyLibrary | undefined;
  var tf: TensorFlow | undefined;
  // What components of one page share, though each has modules of its own.
  var wganCursors: Map<string, number> | undefined;
  var wganPlotlyLoads: Map<string, Promise<PlotlyLibrary>> | undefined;
  var wganTensorFlow: Promise<TensorFlow> | undefined;
  var wganWeights: Map<string, import("../parts/explore/weights.js").Weights> | undefined;
}
