// Loads plotly.js once for all charts of the page, and configures the buttons above a chart.

import { loadScript } from "./load_script.js";

/** @import { PlotlyLibrary } from "./types.d.ts" */

/**
 * Load plotly.js. A failed load is forgotten, so that the next message tries again.
 * @param {string} url
 * @returns {Promise<PlotlyLibrary>}
 */
export function loadPlotly(url) {
  globalThis.wganPlotlyLoads ??= new Map();
  const loads = globalThis.wganPlotlyLoads;
  const address = new URL(url, document.baseURI).href;
  const load = loads.get(address) ?? loadFrom(address);
  if (!loads.has(address)) {
    loads.set(address, load);
    load.catch(() => loads.delete(address));
  }
  return load;
}

/**
 * @param {string} address
 * @returns {Promise<PlotlyLibrary>}
 */
async function loadFrom(address) {
  const loaded = await loadScript(address).then(
    () => globalThis.Plotly,
    () => undefined,
  );
  if (!loaded) throw new Error(`plotly.js could not be loaded from ${address}.`);
  return loaded;
}

/**
 * @param {PlotlyLibrary} Plotly
 * @param {string} filename of the downloaded picture, without its ending
 */
export function chartConfig(Plotly, filename) {
  const download = {
    name: "download",
    title: "Download as PNG",
    icon: Plotly.Icons.camera,
    /** @param {HTMLElement & { data: object[], layout: { font?: object } }} chart */
    click: ({ data, layout, clientWidth: width, clientHeight: height }) => {
      // A picture cannot contain the page's font: texts would be measured in one font and drawn in another.
      const font = { ...layout.font, family: "Arial, sans-serif" };
      return Plotly.downloadImage({ data, layout: { ...layout, font } }, { format: "png", filename, scale: 2, width, height });
    },
  };
  return {
    displaylogo: false,
    scrollZoom: false,
    modeBarButtons: [
      ["zoom2d", "pan2d"],
      ["resetScale2d", download],
    ],
  };
}
