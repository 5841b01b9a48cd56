// Where one component is, for others on the page to show: a film moves a cursor by its name, a chart draws it as an upright line, and a
// click on the chart asks the film to go there. Components have no other way to hear of each other without the server.

/**
 * What both events tell.
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
  tell("wgan-cursor", { cursor, x });
}

/**
 * Where it was moved last.
 * @param {string} cursor
 * @returns {number | undefined}
 */
export function cursorAt(cursor) {
  return globalThis.wganCursors?.get(cursor);
}

/**
 * Ask whoever moves the cursor to go to a place.
 * @param {string} cursor
 * @param {number} x
 */
export function seekCursor(cursor, x) {
  tell("wgan-seek", { cursor, x });
}

/**
 * Call `handler` with each event's place until `signal` ends.
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
function tell(event, detail) {
  globalThis.dispatchEvent(new CustomEvent(event, { detail }));
}
