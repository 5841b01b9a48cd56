import assert from "node:assert/strict";
import { test } from "node:test";
import { LINE_STEPS, lineStrength, paintLandscape, scoreAt, scoreRow, shade } from "../../pages/components/landscape.js";
import { assertClose, numbers } from "./helpers.js";

const { grid, size, middle, extent } = numbers.landscape;
const landscape = { values: Float32Array.from(numbers.landscape.values), grid, middle, extent };

/** All rows of a landscape, in lines from the middle. */
function scoresOf(/** @type {typeof landscape} */ of, /** @type {number} */ side) {
  return Array.from({ length: side }, (_, y) => {
    const row = new Float32Array(side);
    scoreRow(row, y, of);
    return row;
  });
}

/** Colours that name themselves: c without a line, and 256 more for each step of a line's strength. */
const ink = { ramp: Uint32Array.from({ length: 256 }, (_, c) => c), lines: Uint32Array.from({ length: 1024 }, (_, c) => c + 256) };

test("scores are interpolated as SciPy does, the highest row first", () => {
  assertClose(
    scoresOf(landscape, size).flatMap((row) => [...row]),
    numbers.landscape.scores,
    1e-5,
  );
});

test("colours and lines of a whole picture are NumPy's", () => {
  const pixels = new Uint32Array(size * size);
  paintLandscape(pixels, size, landscape, ink);
  let lines = 0;
  pixels.forEach((pixel, index) => {
    const strength = numbers.landscape.lines[index];
    const step = pixel < 256 ? 0 : Math.floor((pixel - 256) / 256) + 1;
    assert.equal(pixel % 256, numbers.landscape.colours[index], `colour of pixel ${index}`);
    // Where the strength is at the border of two steps, float32 decides.
    const near = [strength - 1e-4, strength + 1e-4].map((each) => (each > 0.1 ? Math.ceil(each * LINE_STEPS) : 0));
    assert.ok(near.includes(step), `line at pixel ${index}: step ${step} at strength ${strength}`);
    lines += step ? 1 : 0;
  });
  assert.ok(lines > 50 && lines < size * size - 50);
});

test("without lines there are only the colours of the scores", () => {
  const pixels = new Uint32Array(size * size);
  paintLandscape(pixels, size, landscape, { ramp: ink.ramp, lines: null });
  assert.deepEqual([...pixels], numbers.landscape.colours);
});

test("contour lines lie where the score crosses their heights", () => {
  const { values, crossings, ...shape } = numbers.contours;
  const rising = { values: Float32Array.from(values), grid: shape.grid, middle: 0, extent: shape.extent };
  const row = scoresOf(rising, shape.size)[50];
  const strengths = [...row].map((score, x) => lineStrength(score, row[x ? x - 1 : 1], score));
  const peaks = strengths.flatMap((strength, x) => (strength > (strengths[x - 1] ?? 0) && strength >= (strengths[x + 1] ?? 0) ? [x] : []));
  const inner = peaks.filter((x) => x > 1 && x < shape.size - 2); // both edges are lines too: the scores there are those of the scale's ends
  assert.equal(inner.length, crossings.length);
  inner.forEach((x, index) => {
    assert.ok(Math.abs(x - crossings[index]) <= 0.5 + 1e-6, `line ${index} at ${x}, not ${crossings[index]}`);
  });
});

test("a flat landscape has no lines", () => {
  assert.equal(lineStrength(0, 0, 0), 0);
  assert.equal(lineStrength(2, 2, 2 + 1e-7), 0);
  assert.equal(lineStrength(2, 2, 2.5), 1);
  assert.equal(lineStrength(2.5, 2, 2.5), 0);
  assert.equal(lineStrength(2.25, 2.25, 1.75), 0.5);
});

test("the scale's ends hold what is beyond them", () => {
  assert.deepEqual([-1e9, -6, 0, 6, 1e9].map(shade), [0, 0, 128, 255, 255]);
});

test("score and slope under the pointer are SciPy's", () => {
  for (const [u, v, score, slope] of numbers.landscape.spots) {
    const found = scoreAt(landscape, u, v, 3);
    assertClose([found.score, found.slope], [score, slope], 1e-5);
  }
});

test("at the picture's edges, and beyond, the last cell counts", () => {
  const corner = scoreAt(landscape, 1, 1, 3);
  assertClose([corner.score], [landscape.values[grid * grid - 1]], 1e-2);
  assert.deepEqual(scoreAt(landscape, 1.2, 2, 3), corner);
  assertClose([scoreAt(landscape, -0.1, 0, 3).score], [landscape.values[0]]);
});
