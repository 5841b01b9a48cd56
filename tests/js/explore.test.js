import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { outputSide, weightShape } from "../../pages/parts/explore/generator.js";
import { fromHalf } from "../../pages/parts/explore/half_floats.js";
import { firstCell, paintSheet, sheetOf } from "../../pages/parts/explore/image_picture.js";
import { cornerLatent, planeLatent } from "../../pages/parts/explore/latent_plane.js";
import { toLevel } from "../../pages/parts/explore/levels.js";
import { Pace } from "../../pages/parts/explore/pace.js";
import { atOrigin, fromServer, isSet, latentAt, latentBefore, numberOf, set, unset } from "../../pages/parts/explore/place.js";
import { dragged, gridLines, stepped } from "../../pages/parts/explore/plane_pad.js";
import { gridValues, nearest, spotOf } from "../../pages/parts/explore/point_picture.js";
import { evenScale, fineScale, toThousandths, within } from "../../pages/parts/explore/slider_scale.js";
import { holdWeights, weightsOf } from "../../pages/parts/explore/weights.js";
import { assertClose, Clock, numbers, sha256 } from "./helpers.js";

/** @import { Place, Setting } from "../../pages/parts/explore/place.js" */

// Numbers that are Python's too.

test("all 65,536 half floats are NumPy's", () => {
  const bits = Uint16Array.from({ length: 65536 }, (_, index) => index);
  const values = fromHalf(new Uint8Array(bits.buffer));
  assert.deepEqual([...fromHalf(new Uint8Array(Uint16Array.from(numbers.halves.bits).buffer))], numbers.halves.values);
  assert.equal(values.filter(Number.isNaN).length, numbers.halves.nans);
  assert.equal(sha256(values.map((value) => (Number.isNaN(value) ? 0 : value))), numbers.halves.sha256);
});

test("half floats may begin at an odd address", () => {
  assert.deepEqual([...fromHalf(Uint8Array.of(9, 0, 0x3c, 0, 0xc0).subarray(1))], [1, -2]);
});

test("levels are PyTorch's: half to even, and within 0 and 255", () => {
  assert.deepEqual(numbers.levels.values.map(toLevel), numbers.levels.levels);
  // Ties, where the arithmetic is exact: 127.5 is the only one in [-1, 1].
  assert.equal(toLevel(0), 128);
  assert.equal(toLevel(-2), 0);
  assert.equal(toLevel(2), 255);
});

test("corners and places of the latent plane are Python's", () => {
  for (const { origin, name, corners, spots } of numbers.latent_plane.cases) {
    const own = Float32Array.from(origin);
    for (const [i, j, latent] of /** @type {[number, number, number[]][]} */ (corners))
      assertClose(cornerLatent(own, name, i, j), latent, 1e-12);
    for (const [x, y, latent] of /** @type {[number, number, number[]][]} */ (spots))
      assertClose(planeLatent(own, name, x, y), latent, 2e-7);
  }
});

test("another origin under the same name is not taken for the first", () => {
  const [one, other] = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
  assert.deepEqual([planeLatent(one, 5, 0, 0), planeLatent(other, 5, 0, 0)], [one, other]);
});

test("a place names the same latent as in Python", () => {
  const { origin, plane, directions, cases } = numbers.places;
  const known = directions.map((way) => ({ ...way, vector: Float32Array.from(way.vector) }));
  for (const { place, before, latent } of cases) {
    const taken = fromServer(/** @type {Place} */ (/** @type {unknown} */ (place))); // JSON has no type for objects with any keys
    const from = { latent: Float32Array.from(origin), plane };
    assertClose(latentBefore(taken, from), before, 1e-6);
    assertClose(latentAt(taken, from, known), latent, 2e-6);
  }
});

test("a slider's values and places are those of its formula, both ways", () => {
  const { along, values, wanted, places, reach } = numbers.slider;
  assert.deepEqual([fineScale.low, fineScale.high], [-reach, reach]);
  assertClose(along.map(fineScale.valueAt), values, 1e-12);
  assertClose(wanted.map(fineScale.placeOf), places, 1e-8);
  for (const place of along) assertClose([fineScale.placeOf(fineScale.valueAt(place))], [place], 1e-8);
  for (const value of fineScale.ticks) assertClose([fineScale.valueAt(fineScale.placeOf(value))], [value], 1e-7);
  const [centre, end] = [fineScale.valueAt(0.51), fineScale.valueAt(1) - fineScale.valueAt(0.99)];
  assert.ok(centre < end / 4, "not fine near 0");
});

// What only the browser has.

test("truncation has an even scale, and values stay within theirs", () => {
  assert.deepEqual([evenScale.valueAt(0.3), evenScale.placeOf(0.3)], [0.3, 0.3]);
  assert.deepEqual([within(evenScale, 2), within(evenScale, -1), within(fineScale, 9)], [1, 0, 4]);
  assert.deepEqual([toThousandths(1.23456), toThousandths(-0.0004)], [1.235, -0]);
});

test("settings of a place: read, set, and taken back", () => {
  const place = atOrigin();
  const before = Float32Array.of(0.5, -0.5);
  const [dimension, direction, truncation] = /** @type {Setting[]} */ ([
    { kind: "dimensions", key: "1" },
    { kind: "directions", key: "constructor" },
    { kind: "truncation", key: "" },
  ]);
  const all = [dimension, direction, truncation];
  assert.deepEqual(
    all.map((each) => isSet(place, each)),
    [false, false, false],
  );
  assert.deepEqual(
    all.map((each) => numberOf(place, each, before)),
    [-0.5, 0, 1],
  );
  for (const each of all) set(place, each, 0.25);
  assert.deepEqual([place.dimensions[1], place.directions.constructor, place.truncation], [0.25, 0.25, 0.25]);
  assert.deepEqual(
    all.map((each) => isSet(place, each)),
    [true, true, true],
  );
  for (const each of all) unset(place, each);
  assert.deepEqual(place, atOrigin());
});

test("the plane goes with the finger: 52 pixels a step, ten times as fine with Shift", () => {
  assert.deepEqual(dragged({ x: 1, y: 1 }, { x: 52, y: 104 }, false), { x: 0, y: 3 });
  assert.deepEqual(dragged({ x: 0, y: 0 }, { x: -52, y: 0 }, true), { x: 0.1, y: 0 });
});

test("arrow keys move by a tenth or a hundredth, Home goes to the origin, others do nothing", () => {
  const place = { x: 1, y: 2 };
  assert.deepEqual(stepped(place, "ArrowLeft", false), { x: 0.9, y: 2 });
  assert.deepEqual(stepped(place, "ArrowUp", true), { x: 1, y: 2.01 });
  assert.deepEqual(stepped(place, "Home", false), { x: 0, y: 0 });
  assert.equal(stepped(place, "constructor", false), null);
});

test("the pad's lines are at whole numbers and cover it", () => {
  const lines = gridLines({ x: 2.25, y: -0.5 }, 208, 52);
  const two = lines.find(({ column }) => column === 2);
  assert.equal(two?.across, 104 - 0.25 * 52);
  const none = lines.find(({ row }) => row === 0);
  assert.equal(none?.down, 104 - 0.5 * 52);
  assert.ok(Math.min(...lines.map(({ across }) => across)) <= 0 && Math.max(...lines.map(({ across }) => across)) >= 208);
});

test("images lie in a square, a pixel apart", () => {
  assert.deepEqual(sheetOf(1, [1, 8, 8]), { columns: 1, gap: 0, across: 8, down: 8 });
  assert.deepEqual(sheetOf(64, [1, 32, 32]), { columns: 8, gap: 1, across: 263, down: 263 });
  assert.deepEqual(sheetOf(3, [1, 2, 4]), { columns: 2, gap: 1, across: 9, down: 5 });
});

test("the frame of the first image covers it, whatever the shape of images and sheet", () => {
  assert.deepEqual(firstCell(64, [1, 32, 32]), { share: 32 / 263, ratio: 1 });
  const { share, ratio } = firstCell(3, [1, 2, 4]);
  assertClose([share, share / ratio], [4 / 9, 2 / 5], 1e-12);
});

test("pixels of grey and of coloured images", () => {
  const grey = new Uint8ClampedArray(4 * 5);
  paintSheet(grey, Float32Array.of(-1, 1, 0, -1), 2, [1, 1, 2]);
  assert.deepEqual([...grey], [0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 0, 128, 128, 128, 255, 0, 0, 0, 255]);
  const coloured = new Uint8ClampedArray(4 * 2);
  paintSheet(coloured, Float32Array.of(-1, 0, 1, 1, -1, -1), 1, [3, 2, 1]);
  assert.deepEqual([...coloured], [0, 128, 255, 255, 255, 0, 0, 255]);
});

test("points: where they lie, which is nearest, and the lines behind them", () => {
  assert.deepEqual(spotOf(2, -1, 4, 80), [60, 50]);
  assert.deepEqual(spotOf(-4, 4, 4, 80), [0, 0]);
  const points = Float32Array.of(0, 0, 3, 3, -3, 1);
  assert.equal(nearest(points, 68, 12, 4, 80), 1);
  assert.equal(nearest(points, 12, 28, 4, 80), 2);
  assert.equal(nearest(new Float32Array(), 12, 28, 4, 80), -1);
  assert.deepEqual(gridValues(4), [-4, -3, -2, -1, 0, 1, 2, 3, 4]);
  assert.deepEqual(gridValues(60), [-60, -50, -40, -30, -20, -10, 0, 10, 20, 30, 40, 50, 60]);
});

test("the pace is the middle of the newest times, without the first two", () => {
  const pace = new Pace();
  assert.deepEqual(
    [900, 800, 5, 1, 3].map((took) => pace.add(took)),
    [undefined, undefined, 5, 5, 3],
  );
  for (let round = 0; round < 30; round++) pace.add(7);
  assert.deepEqual([pace.times.length, pace.add(1)], [20, 7]);
  pace.forget();
  assert.equal(pace.add(2), 2);
});

test("shapes of weights, and how wide a transposed convolution's result is", () => {
  const after = /** @type {const} */ ({ activation: "none" });
  assert.deepEqual(weightShape({ kind: "dense", inputs: 3, outputs: 5, ...after }), [3, 5]);
  assert.deepEqual(weightShape({ kind: "deconv", inputs: 3, outputs: 5, kernel: 4, stride: 2, padding: 1, ...after }), [4, 4, 5, 3]);
  assert.deepEqual(weightShape({ kind: "affine", inputs: 5, outputs: 5, ...after }), [5]);
  assert.deepEqual([outputSide(1, 4, 1, 0), outputSide(4, 4, 2, 1), outputSide(4, 3, 2, 1)], [4, 8, 7]);
});

// Weights that one component brings and another waits for.

function weights(/** @type {string} */ id) {
  return { spec: { id, layers: [], shape: [1, 8, 8], half: false }, bytes: new Uint8Array() };
}

afterEach(() => {
  globalThis.wganWeights = undefined;
});

test("the three newest generators are held, and one that comes again stays itself", async () => {
  const first = weights("a");
  holdWeights(first);
  holdWeights(weights("a"));
  assert.equal(await weightsOf("a", () => false), first);
  for (const id of ["b", "c", "d"]) holdWeights(weights(id));
  assert.deepEqual([...(globalThis.wganWeights?.keys() ?? [])], ["b", "c", "d"]);
});

test("weights are waited for until they come, or nobody wants them", async () => {
  const clock = new Clock();
  const settle = async () => {
    clock.pass(50);
    for (let turn = 0; turn < 5; turn++) await undefined;
  };
  try {
    let wanted = true;
    const later = weightsOf("a", () => false);
    const given = weightsOf("b", () => !wanted);
    await settle();
    wanted = false;
    const late = weights("a");
    holdWeights(late);
    await settle();
    assert.deepEqual([await later, await given], [late, undefined]);
    const never = weightsOf("c", () => false);
    const failed = assert.rejects(never, /did not arrive/);
    for (let turn = 0; turn < 601; turn++) await settle();
    await failed;
  } finally {
    clock.leave();
  }
});
