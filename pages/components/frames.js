// Where a film's frames are in its picture, and which frame comes next.

/**
 * The upper left corner of a frame, in pixels of the picture.
 * @param {number} index
 * @param {number} columns
 * @param {number} width of one frame
 * @param {number} height
 * @returns {[x: number, y: number]}
 */
export function framePlace(index, columns, width, height) {
  return [(index % columns) * width, Math.floor(index / columns) * height];
}

/**
 * The next frame, or null at the end, and the direction in which the film continues.
 * @param {number} frame
 * @param {number} count
 * @param {number} direction 1 or -1
 * @param {string} repeat "loop", "bounce" or "once"
 * @returns {[frame: number | null, direction: number]}
 */
export function frameAfter(frame, count, direction, repeat) {
  const last = count - 1;
  if (repeat === "once" && frame === last) return [null, 1];
  if (repeat !== "bounce") direction = 1;
  else if (frame === last) direction = -1;
  else if (frame === 0) direction = 1;
  return [last ? (frame + direction + count) % count : 0, direction];
}
