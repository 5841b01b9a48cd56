// Types that JSDoc cannot express, such as the variables on globalThis. Only TypeScript reads this file.

/** The arguments with which Streamlit calls a component's default export at every message. It returns a function to call when the element is removed. */
export interface ComponentArguments<Data> {
  data: Data;
  parentElement: HTMLElement | ShadowRoot;
  /** Send a value to the server. It stays until another is set. */
  setStateValue: (name: string, value: unknown) => void;
  /** Send a value to the server for one run of the script. */
  setTriggerValue: (name: string, value: unknown) => void;
}

/** An element that Plotly has drawn in. Names with _ are internal to Plotly and may change. */
export interface PlotlyElement extends HTMLElement {
  on(event: "plotly_afterplot", handler: () => void): void;
  on(event: "plotly_click", handler: (event: { points: { x: number }[] }) => void): void;
  /** Whether the user is drawing a zoom box. */
  _dragging?: boolean;
  _fullLayout?: { xaxis?: { l2p(x: number): number }; _size: { l: number; t: number; w: number; h: number } };
}

/** The element that Plotly has drawn a trace in. */
export interface PlotlyTrace extends Element {
  __data__?: { trace?: { legendgroup?: string } }[];
}

/** The parts of plotly.js that are used here. */
export interface PlotlyLibrary {
  Icons: { camera: object };
  Plots: { resize(element: HTMLElement): void };
  react(element: HTMLElement, data: object[], layout: object, config: object): Promise<unknown>;
  purge(element: HTMLElement): void;
  toImage(figure: object, options: object): Promise<string>;
  downloadImage(figure: object, options: object): Promise<string>;
}

/** An array of TensorFlow.js. It holds memory until it is disposed of. */
export interface Tensor {
  readonly rank: number;
  readonly shape: number[];
  dataSync(): Float32Array<ArrayBuffer>;
  dispose(): void;
}

/** The parts of TensorFlow.js that are used here. */
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
  mul(x: Tensor, y: Tensor): Tensor;
  tanh(x: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  leakyRelu(x: Tensor, slope: number): Tensor;
}

declare global {
  // Set by scripts.
  var Plotly: PlotlyLibrary | undefined;
  var tf: TensorFlow | undefined;
  // Shared by the components of a page, although each has its own modules.
  var wganCursors: Map<string, number> | undefined;
  var wganFrames: Map<string, import("./frame_store.js").FrameStore> | undefined;
  var wganHighlights: Map<string, string> | undefined;
  var wganPlotlyLoads: Map<string, Promise<PlotlyLibrary>> | undefined;
  var wganTensorFlow: Promise<TensorFlow> | undefined;
  var wganWeights: Map<string, import("../parts/explore/weights.js").Weights> | undefined;
}
