// Cursors that components of a page share. A film moves a named cursor, a chart draws it as a vertical line, and a click on the chart
// asks the film to go there. This is the only way for components to communicate without the server.

/**
 * The data of both events.
 * @typedef {object} CursorPlace
 * @property {string} cursor
 * @property {number} x
 */

/**
 * @param {string} cursor
 * @param {number} x
 */
export function moveCursor(cursor, x) {
  globalThis.wganCursors ??= new Map();
  globalThis.wganCursors.set(cursor, x);
  dispatch("wgan-cursor", { cursor, x });
}

/**
 * The place that the cursor was last moved to.
 * @param {string} cursor
 * @returns {number | undefined}
 */
export function cursorAt(cursor) {
  return globalThis.wganCursors?.get(cursor);
}

/**
 * Ask the component that moves the cursor to go to a place.
 * @param {string} cursor
 * @param {number} x
 */
export function seekCursor(cursor, x) {
  dispatch("wgan-seek", { cursor, x });
}

/**
 * Call `handler` with the place of each event, until `signal` is aborted.
 * @param {"wgan-cursor" | "wgan-seek"} event
 * @param {(place: CursorPlace) => void} handler
 * @param {AbortSignal} signal
 */
export function onCursor(event, handler, signal) {
  globalThis.addEventListener(event, (each) => handler(/** @type {CustomEvent<CursorPlace>} */ (each).detail), { signal });
}

/**
 * @param {string} event
 * @param {CursorPlace} detail
 */
function dispatch(event, detail) {
  globalThis.dispatchEvent(new CustomEvent(event, { detail }));
}
