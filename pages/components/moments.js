// Where a cursor stands in the time of a run: its stops, the nearest kept moment, the value of the curve, and the settings in force.

/**
 * The index of the number in `sorted` that is nearest to `x`, the earlier one of two; -1 if there is none.
 * @param {ArrayLike<number>} sorted ascending
 * @param {number} x
 * @returns {number}
 */
export function nearest(sorted, x) {
  const after = firstAbove(sorted, x);
  if (after === 0) return sorted.length ? 0 : -1;
  if (after === sorted.length) return after - 1;
  return sorted[after] - x < x - sorted[after - 1] ? after : after - 1;
}

/**
 * The index of the first number in `sorted` that is larger than `x`; the length if there is none.
 * @param {ArrayLike<number>} sorted ascending
 * @param {number} x
 * @returns {number}
 */
export function firstAbove(sorted, x) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] > x) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * The stop that is `count` stops after `at`, or before it if `count` is negative. null, the end, comes after the last stop.
 * @param {number[]} stops ascending
 * @param {number | null} at
 * @param {number} count not 0
 * @param {number} end
 * @returns {number | null}
 */
export function stopAfter(stops, at, count, end) {
  const before = stops.filter((step) => step < end); // a stop at the end is the end
  if (!before.length) return null;
  if (count > 0) {
    if (at === null) return null;
    return before[firstAbove(before, at) + count - 1] ?? null;
  }
  const place = at === null ? before.length : firstAbove(before, at - 1);
  return before[Math.max(0, place + count)];
}

/**
 * A step that was typed: digits with or without separators. null if it is not one.
 * @param {string} text
 * @returns {number | null}
 */
export function stepIn(text) {
  const digits = text.trim().replace(/(?<=\d)[,.\s'_](?=\d{3}(\D|$))/g, "");
  return /^\d{1,15}$/.test(digits) ? Number(digits) : null;
}

/**
 * The value of a curve at its point nearest to `x`; NaN if it has no points.
 * @param {Curve} curve
 * @param {number} x
 * @returns {number}
 */
export function valueAt({ steps, values }, x) {
  const index = nearest(steps, x);
  return index < 0 ? Number.NaN : values[index];
}

/** @typedef {{ steps: ArrayLike<number>, values: ArrayLike<number> }} Curve steps ascending */

/**
 * What is in force at `x`: the last entry that begins there or before, or the first one.
 * @template Entry
 * @param {[from: number, entry: Entry][]} entries ascending, at least one
 * @param {number} x
 * @returns {Entry}
 */
export function inForce(entries, x) {
  const starts = entries.map(([from]) => from);
  return entries[Math.max(0, firstAbove(starts, x) - 1)][1];
}

/**
 * Where a point of one scale is on another, linear between the points that are given and beyond them.
 * @param {number[]} from ascending
 * @param {number[]} to as long, ascending
 * @param {number} x
 * @returns {number}
 */
export function across(from, to, x) {
  if (from.length < 2) return from.length ? to[0] : Number.NaN;
  const right = Math.min(from.length - 1, Math.max(1, firstAbove(from, x)));
  const width = from[right] - from[right - 1];
  return width > 0 ? to[right - 1] + ((x - from[right - 1]) / width) * (to[right] - to[right - 1]) : to[right];
}

/**
 * Numbers as people write them: 12,800 or 0.01234.
 * @param {number} value
 * @returns {string}
 */
export function inWords(value) {
  if (!Number.isFinite(value)) return "not known";
  if (Number.isInteger(value) && Math.abs(value) >= 1000) return value.toLocaleString("en-US");
  return String(Number(value.toPrecision(4)));
}
