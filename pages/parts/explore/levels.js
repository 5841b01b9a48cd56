/**
 * A pixel in [-1, 1] as a level from 0 to 255, rounded as PyTorch rounds, half to even.
 * @param {number} value
 * @returns {number}
 */
export function toLevel(value) {
  const scaled = (value + 1) * 127.5;
  const low = Math.floor(scaled);
  const rest = scaled - low;
  const level = rest > 0.5 || (rest === 0.5 && low % 2) ? low + 1 : low;
  return Math.max(0, Math.min(255, level));
}
