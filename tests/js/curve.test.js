import assert from "node:assert/strict";
import { test } from "node:test";
import { polyline, stroke } from "../../pages/parts/learn/curve_pad.js";

test("a stroke draws a straight line between two places, in both directions, and leaves the others", () => {
  assert.deepEqual(stroke([0, 0, 0, 0, 0], [1, 0.2], [3, 0.6]), [0, 0.2, 0.4, 0.6, 0]);
  assert.deepEqual(
    stroke([0, 0, 0, 0, 0], [3, 0.6], [1, 0.2]).map((height) => Number(height.toFixed(6))),
    [0, 0.2, 0.4, 0.6, 0],
  );
  assert.deepEqual(stroke([0, 0, 0], null, [1, 0.7]), [0, 0.7, 0]);
  assert.deepEqual(stroke([0, 0, 0], [1, 0.2], [1, 0.9]), [0, 0.9, 0]);
});

test("the curve reaches from edge to edge, and higher is further up", () => {
  assert.equal(polyline([0, 1]), "12,148 388,12");
  assert.equal(polyline([]), "");
});
