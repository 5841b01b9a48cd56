import assert from "node:assert/strict";
import { test } from "node:test";
import { drawArrow } from "../../pages/components/arrows.js";
import { blend, makeColours, scaleColour, toPixel } from "../../pages/components/colours.js";
import { ease, Glide, mix } from "../../pages/components/glide.js";
import { barHeights, isBeyond } from "../../pages/components/histogram.js";
import { readArrays } from "../../pages/components/look.js";
import { cellShade, meshSpots, signedArea } from "../../pages/components/mesh.js";
import { fromText, toText } from "../../pages/parts/lab/drawing_text.js";
import { assertClose, numbers, sha256 } from "./helpers.js";

test("the landscape's colours and those under its lines are NumPy's", () => {
  const made = makeColours(numbers.colours.theme);
  assert.equal(sha256(made.ramp), numbers.colours.ramp);
  assert.equal(sha256(made.lines), numbers.colours.lines);
  assert.equal(sha256(made.plainLines), numbers.colours.plainLines);
  assert.deepEqual(new Set(made.plain), new Set([toPixel([250, 251, 252])]));
  assert.equal(made.text, "rgb(20,30,40)");
});

test("the scale runs from generated over the background to real", () => {
  const { theme } = numbers.colours;
  assertClose(scaleColour(0, theme), blend(theme.background, theme.generated, 0.75));
  assertClose(scaleColour(255, theme), blend(theme.background, theme.real, 0.75));
  assertClose(scaleColour(127, theme), theme.background, 0.01);
});

test("a pixel is opaque, its lowest byte red", () => {
  assert.equal(toPixel([1, 2, 3]), 0xff030201);
  assert.equal(toPixel([254.6, 0, 0.4]), 0xff0000ff);
});

test("drawings as text are Python's, both ways", () => {
  for (const { points, text } of numbers.drawings.cases) {
    assert.equal(toText(points), text);
    assert.deepEqual(fromText(text), points);
  }
  assert.deepEqual([toText([]), fromText("")], ["", []]);
});

/** One point and a mesh of so many knots, all numbers the same. */
function moving(/** @type {number} */ value, knots = 1) {
  return {
    generated: Float32Array.of(value, value),
    uphill: Float32Array.of(value, value),
    mesh: new Float32Array(2 * knots).fill(value),
  };
}

test("points glide from where they are to where they belong", () => {
  const glide = new Glide(moving(0));
  assert.deepEqual(glide.move(0.5), moving(0));
  glide.next(moving(4));
  assert.deepEqual(glide.move(0.25), moving(1));
  glide.next(moving(3)); // comes while they are on the way
  assert.deepEqual(glide.move(0.5), moving(2));
  assert.deepEqual(glide.move(1), moving(3));
});

test("a look that comes before the last one was drawn is taken all the same", () => {
  const glide = new Glide(moving(0));
  glide.next(moving(4));
  glide.next(moving(8));
  assert.deepEqual(glide.move(0.5), moving(4));
});

test("another mesh begins at its place, whether or not the one before was drawn", () => {
  const glide = new Glide(moving(0));
  glide.next(moving(4, 3));
  assert.deepEqual(glide.move(0), moving(4, 3));
  glide.next(moving(5, 2));
  glide.next(moving(7, 2));
  assert.deepEqual(glide.move(0.5), moving(6, 2));
});

test("at the end of the way nothing is copied", () => {
  const to = Float32Array.of(1);
  assert.equal(mix(Float32Array.of(0), to, 1), to);
  assert.deepEqual([0, 0.5, 1].map(ease), [0, 0.5, 1]);
  assert.ok(ease(0.1) < 0.1 && ease(0.9) > 0.9);
});

test("a look's arrays lie one after the other, the real points once", () => {
  const panel = { title: "", numbers: "", middle: 0, extent: 1, longest: 1, top: "", bottom: "", alt: "", weights: [] };
  const header = { points: 2, grid: 2, meshRows: 3, meshColumns: 1, panels: [panel, panel] };
  const all = Float32Array.from({ length: 4 + 2 * (4 + 4 + 4 + 6) }, (_, index) => index);
  const body = new Uint8Array(all.byteLength + 1).subarray(1); // at an odd address, as after a header
  body.set(new Uint8Array(all.buffer));
  const [first, second] = readArrays(header, body);
  assert.deepEqual([...first.real], [0, 1, 2, 3]);
  assert.equal(second.real, first.real);
  assert.deepEqual([first.landscape[0], first.generated[0], first.uphill[0], first.mesh[0]], [4, 8, 12, 16]);
  assert.deepEqual([second.landscape[0], second.mesh[0], second.mesh.length], [22, 34, 6]);
});

test("the mesh begins as the noise and ends where the generator takes it", () => {
  const header = { meshRows: 2, meshColumns: 2, noise: [-2, 2], limit: 4 };
  const mesh = Float32Array.of(0, 0, 0, 1, 1, 0, 1, 1);
  const place = (/** @type {number} */ x, /** @type {number} */ y) => /** @type {[number, number]} */ ([x, y]);
  assert.deepEqual(meshSpots(header, mesh, 0, place), [
    [
      [-3, -3],
      [-3, 3],
    ],
    [
      [3, -3],
      [3, 3],
    ],
  ]);
  assert.deepEqual(meshSpots(header, mesh, 1, place)[1], [
    [1, 0],
    [1, 1],
  ]);
  assert.deepEqual(meshSpots({ ...header, meshColumns: 1 }, mesh, 0, place), [[[-3, 0]], [[3, 0]]]);
});

test("cells: their areas, turned over too, and the shade of the small ones", () => {
  /** @type {[number, number][]} */
  const corners = [
    [0, 0],
    [4, 0],
    [5, 3],
    [0, 2],
  ];
  assert.equal(signedArea(corners), 11);
  assert.equal(signedArea([...corners].reverse()), -11);
  assert.deepEqual(
    [0, 9, 39, 1e6].map((area) => cellShade(area, 20)),
    [4, 4, 2, 0],
  );
  assert.equal(cellShade(-39, 20), 2);
});

test("an arrow has its tip where the gradient leads, and none is drawn for less than a pixel", () => {
  /** @type {[string, number, number][]} */
  const calls = [];
  const path = {
    moveTo: (/** @type {number} */ x, /** @type {number} */ y) => calls.push(["move", x, y]),
    lineTo: (/** @type {number} */ x, /** @type {number} */ y) => calls.push(["line", x, y]),
  };
  drawArrow(path, 10, 20, 8, 0, 2);
  assert.deepEqual(calls.slice(0, 2), [
    ["move", 10, 20],
    ["line", 18, 20],
  ]);
  assertClose(calls[2].slice(1).map(Number), [16, 21.2]);
  assertClose(calls[4].slice(1).map(Number), [16, 18.8]);
  drawArrow(path, 0, 0, 0.6, 0.6, 2);
  assert.equal(calls.length, 5);
});

test("bars are as high as roots of the counts, and those beyond c are told apart", () => {
  assert.deepEqual(barHeights([0, 1, 4], 10), [0, 5, 10]);
  assert.deepEqual(barHeights([0, 0], 10), [0, 0]);
  assert.deepEqual(
    [0, 1, 2, 3].map((bin) => isBeyond(bin, 4, 0.5)),
    [true, false, false, true],
  );
  assert.equal(isBeyond(0, 4, null), false);
});
