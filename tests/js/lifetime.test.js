// What components do when messages overtake each other, when one cannot be shown, and when their element leaves.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import liveChart from "../../pages/components/live_chart.js";
import liveImage from "../../pages/components/live_image.js";
import sketchPad from "../../pages/parts/explore/sketch_pad.js";
import { argumentsOf, FakeElement, pack, settle } from "./fake_page.js";

/** @import { PlotlyLibrary } from "../../pages/components/types.d.ts" */

// Pictures.

/** @type {Map<string, boolean>} */
const urls = new Map(); // those made, and whether they are held still
const decoding = { works: true, until: Promise.resolve() };

beforeEach(() => {
  urls.clear();
  Object.assign(decoding, { works: true, until: Promise.resolve() });
  URL.createObjectURL = () => {
    const url = `blob:${urls.size}`;
    urls.set(url, true);
    return url;
  };
  URL.revokeObjectURL = (url) => {
    if (url) urls.set(url, false);
  };
  class FakeImage extends FakeElement {
    async decode() {
      await decoding.until;
      if (!decoding.works) throw new Error("no image");
    }
  }
  Object.assign(globalThis, { Image: FakeImage });
});

function picture(/** @type {string} */ body) {
  return pack({ alt: "", caption: "words", width: null, pixelated: true }, body);
}

const held = () => [...urls].flatMap(([url, is]) => (is ? [url] : []));

test("of all pictures only the one that is shown is held", async () => {
  const root = new FakeElement();
  liveImage(argumentsOf(root, picture("one")));
  await settle();
  liveImage(argumentsOf(root, picture("two")));
  liveImage(argumentsOf(root, picture("three"))); // overtakes the second
  await settle();
  const image = root.querySelector("figure")?.querySelector("img");
  assert.deepEqual(held(), ["blob:2"]);
  assert.equal(image?.src, "blob:2");
});

test("a picture that cannot be shown is said to be so, and let go", async () => {
  const root = new FakeElement();
  decoding.works = false;
  liveImage(argumentsOf(root, picture("none")));
  await settle();
  assert.match(root.querySelector("figure")?.querySelector("figcaption")?.textContent ?? "", /cannot be shown/);
  assert.deepEqual(held(), []);
});

test("a picture that leaves is let go, also while it is decoded", async () => {
  const root = new FakeElement();
  const leave = liveImage(argumentsOf(root, picture("one")));
  await settle();
  let decoded = () => {};
  decoding.until = new Promise((resolve) => {
    decoded = resolve;
  });
  liveImage(argumentsOf(root, picture("two")));
  const figure = /** @type {FakeElement} */ (root.querySelector("figure"));
  figure.isConnected = false;
  leave();
  await new Promise((resolve) => setTimeout(resolve, 5));
  decoded();
  await settle();
  assert.equal(urls.size, 2);
  assert.deepEqual(held(), []);
});

// Charts.

/** A chart of its own, and what Plotly was asked to do with it. */
function chart() {
  const root = new FakeElement();
  /** @type {string[]} */
  const calls = [];
  const drawing = { finish: () => {}, wait: false };
  /** @type {PlotlyLibrary} */
  const plotly = {
    Icons: { camera: {} },
    Plots: { resize: () => {} },
    react: async (_host, [name]) => {
      calls.push(`react ${name}`);
      if (String(name) === "broken") throw new Error("Broken.");
      if (drawing.wait) await new Promise((resolve) => Object.assign(drawing, { finish: resolve }));
    },
    purge: () => void calls.push("purge"),
    toImage: async () => "",
    downloadImage: async () => "",
  };
  globalThis.wganPlotlyLoads = new Map([["app:/plotly.js", Promise.resolve(plotly)]]);
  const header = { url: "/plotly.js", alt: "", height: 100, revision: "", name: "", cursor: null };
  const show = (/** @type {string} */ name) => liveChart(argumentsOf(root, pack(header, JSON.stringify({ data: [name], layout: {} }))));
  const host = /** @type {FakeElement & { _dragging?: boolean }} */ (root.querySelector(".wgan-chart"));
  const message = /** @type {FakeElement} */ (root.querySelector(".wgan-chart-message"));
  const leave = async (/** @type {() => void} */ gone) => {
    host.isConnected = false;
    gone();
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { calls, drawing, show, host, message, leave };
}

test("a chart draws the newest message, and one that is drawn already not again", async () => {
  const { calls, show } = chart();
  for (const name of ["one", "two", "three"]) show(name);
  await settle();
  show("three");
  await settle();
  assert.deepEqual(calls, ["react three"]);
});

test("a message that comes while another fails is drawn", async () => {
  const { calls, show, message } = chart();
  show("broken");
  await Promise.resolve();
  await settle();
  assert.match(message.textContent, /could not be drawn: Broken\./);
  const loads = globalThis.wganPlotlyLoads ?? new Map();
  const load = loads.get("app:/plotly.js");
  loads.set("app:/plotly.js", Promise.reject(new Error("No library.")));
  show("lost");
  loads.set("app:/plotly.js", load); // the load failed, and the next one works
  show("newer");
  await settle();
  assert.deepEqual(calls, ["react broken", "react newer"]);
  assert.equal(message.hidden, true);
});

test("a chart that leaves while it is drawn is cleared after that too", async () => {
  const { calls, drawing, show, leave } = chart();
  drawing.wait = true;
  const gone = show("one");
  await settle();
  await leave(gone);
  drawing.finish();
  await settle();
  assert.deepEqual(calls, ["react one", "purge", "purge"]);
});

test("a chart that leaves while the mouse zooms no longer waits for it", async () => {
  const { calls, show, host, leave } = chart();
  host._dragging = true;
  const gone = show("one");
  await settle();
  await leave(gone);
  const timeouts = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  await new Promise((resolve) => setTimeout(resolve, 70));
  const waiting = timeouts();
  host._dragging = false; // so that a test that fails ends too
  assert.equal(waiting, 0);
  assert.deepEqual(calls, ["purge"]);
});

// Pads.

test("the sketch is as large as the images of the run that is shown now", () => {
  const root = new FakeElement();
  const canvas = /** @type {FakeElement} */ (root.querySelector(".sketch")?.querySelector("canvas"));
  sketchPad(argumentsOf(root, { size: 28 }));
  assert.deepEqual([canvas.width, canvas.height], [28, 28]);
  sketchPad(argumentsOf(root, { size: 64 }));
  assert.deepEqual([canvas.width, canvas.height], [64, 64]);
});
