// Converts a place on a slider's track, from 0 to 1, into the slider's value, and back.

const REACH = 4; // standard deviations at a slider's ends
const BEND = 0.6; // 0 gives an even scale; the closer to 1, the finer the scale is near 0

/**
 * @typedef {object} Scale
 * @property {number} low
 * @property {number} high
 * @property {number[]} ticks
 * @property {(place: number) => number} valueAt
 * @property {(value: number) => number} placeOf
 */

/** @type {Scale} finer near 0: p in [-1, 1] means REACH · p · (1 − BEND + BEND · p²) standard deviations */
export const fineScale = {
  low: -REACH,
  high: REACH,
  ticks: [-3, -2, -1, 0, 1, 2, 3],
  valueAt: (place) => REACH * bent(2 * place - 1),
  placeOf: (value) => 0.5 + (Math.sign(value) * unbent(Math.abs(value) / REACH)) / 2,
};

/** @type {Scale} even, from 0 to 1 */
export const evenScale = { low: 0, high: 1, ticks: [0, 0.5, 1], valueAt: (place) => place, placeOf: (value) => value };

/** @param {number} p */
function bent(p) {
  return p * (1 - BEND + BEND * p * p);
}

/**
 * Where `bent` gives this share of the reach, found by halving.
 * @param {number} share from 0 to 1
 * @returns {number}
 */
function unbent(share) {
  let low = 0;
  let high = 1;
  for (let round = 0; round < 30; round++) {
    const middle = (low + high) / 2;
    if (bent(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * @param {Scale} scale
 * @param {number} value
 * @returns {number}
 */
export function within({ low, high }, value) {
  return Math.max(low, Math.min(high, value));
}

/**
 * Rounded to as many digits as links have.
 * @param {number} value
 * @returns {number}
 */
export function toThousandths(value) {
  return Math.round(value * 1000) / 1000;
}
