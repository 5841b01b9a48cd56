import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { readTheme, template } from "../../pages/components/chart_theme.js";
import { cursorAt, moveCursor, onCursor, seekCursor } from "../../pages/components/cursor.js";
import { frameAfter, framePlace } from "../../pages/components/frames.js";
import { kept } from "../../pages/components/kept.js";
import { unpack } from "../../pages/components/payload.js";
import { Clock, numbers } from "./helpers.js";

test("a message that Python packed is unpacked", () => {
  const packed = Buffer.from(numbers.message.packed, "base64");
  const shifted = new Uint8Array(packed.length + 3); // in the middle of a buffer, as Streamlit hands it over
  shifted.set(packed, 3);
  const [header, body] = unpack(shifted.subarray(3));
  const { stamp, ...rest } = header;
  assert.deepEqual(rest, numbers.message.header);
  assert.match(stamp, /^[0-9a-f]{16}$/);
  assert.deepEqual(
    [...body],
    Array.from({ length: 256 }, (_, index) => index),
  );
});

test("one object looks after an element until that is gone", () => {
  const clock = new Clock();
  try {
    const element = { isConnected: true };
    let [made, closed] = [0, 0];
    const make = () => ({ number: ++made, close: () => closed++ });
    const [first, overtaken] = kept(element, make);
    const [second, leave] = kept(element, make);
    assert.equal(first, second);
    assert.notEqual(kept({ isConnected: true }, make)[0], first);
    overtaken(); // a newer message came, and the element is still in use
    clock.pass(0);
    assert.equal(closed, 0);
    leave();
    element.isConnected = false; // Streamlit takes it out of the page after the call
    clock.pass(0);
    overtaken();
    clock.pass(0);
    assert.equal(closed, 1);
    assert.equal(kept(element, make)[0].number, 3);
  } finally {
    clock.leave();
  }
});

afterEach(() => {
  globalThis.wganCursors = undefined;
});

test("a cursor tells where it is, and is asked to go elsewhere", () => {
  const page = new EventTarget();
  Object.assign(globalThis, {
    addEventListener: page.addEventListener.bind(page),
    dispatchEvent: page.dispatchEvent.bind(page),
  });
  const listening = new AbortController();
  /** @type {unknown[]} */
  const heard = [];
  onCursor("wgan-cursor", (place) => heard.push(place), listening.signal);
  onCursor("wgan-seek", (place) => heard.push(["seek", place]), listening.signal);
  assert.equal(cursorAt("film"), undefined);
  moveCursor("film", 3);
  seekCursor("film", 5);
  assert.deepEqual(heard, [{ cursor: "film", x: 3 }, ["seek", { cursor: "film", x: 5 }]]);
  assert.deepEqual([cursorAt("film"), cursorAt("other")], [3, undefined]);
  listening.abort();
  moveCursor("film", 4);
  assert.deepEqual([heard.length, cursorAt("film")], [2, 4]);
});

test("a film's frames lie row by row", () => {
  assert.deepEqual(
    [framePlace(0, 4, 8, 6), framePlace(3, 4, 8, 6), framePlace(9, 4, 8, 6)],
    [
      [0, 0],
      [24, 0],
      [8, 12],
    ],
  );
});

/** The frames that a film shows. */
function shown(/** @type {string} */ repeat, /** @type {number} */ count, /** @type {number} */ steps) {
  /** @type {(number | null)[]} */
  const frames = [0];
  let direction = 1;
  for (let step = 0; step < steps; step++) {
    const [next, turned] = frameAfter(frames[step] ?? 0, count, direction, repeat);
    direction = turned;
    frames.push(next);
    if (next === null) break;
  }
  return frames;
}

test("a film begins anew, goes back and forth, or ends", () => {
  assert.deepEqual(shown("loop", 3, 4), [0, 1, 2, 0, 1]);
  assert.deepEqual(shown("bounce", 3, 6), [0, 1, 2, 1, 0, 1, 2]);
  assert.deepEqual(shown("once", 3, 9), [0, 1, 2, null]);
  assert.deepEqual(shown("loop", 1, 2), [0, 0, 0]);
  assert.deepEqual(shown("bounce", 1, 2), [0, 0, 0]);
  assert.deepEqual(frameAfter(2, 5, -1, "loop"), [3, 1]); // from back and forth to round and round
});

test("the page's theme becomes Plotly's", () => {
  const style = { getPropertyValue: (/** @type {string} */ name) => ` ${name === "--st-chart-categorical-colors" ? "#a,#b" : name} ` };
  Object.assign(globalThis, { getComputedStyle: () => style });
  const theme = readTheme(/** @type {HTMLElement} */ (/** @type {unknown} */ ({})));
  assert.equal(theme.grid, "--st-border-color-light");
  const { layout } = template(theme);
  assert.deepEqual(layout.colorway, ["#a", "#b"]);
  assert.deepEqual(
    [layout.paper_bgcolor, layout.font.color, layout.xaxis.gridcolor],
    ["--st-background-color", "--st-text-color", theme.grid],
  );
});
