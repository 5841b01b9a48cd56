// Legends that charts of a page share. A legend highlights one of its entries; the charts then dim the traces of all others.

/**
 * The data of the event.
 * @typedef {object} Highlight
 * @property {string} legend
 * @property {string} entry the legendgroup of the traces to highlight; empty for none
 */

/**
 * @param {string} legend
 * @param {string} entry empty to highlight nothing
 */
export function highlight(legend, entry) {
  globalThis.wganHighlights ??= new Map();
  globalThis.wganHighlights.set(legend, entry);
  globalThis.dispatchEvent(new CustomEvent("wgan-highlight", { detail: { legend, entry } }));
}

/**
 * The entry that is highlighted; empty if none is.
 * @param {string} legend
 * @returns {string}
 */
export function highlighted(legend) {
  return globalThis.wganHighlights?.get(legend) ?? "";
}

/**
 * Call `handler` at each change, until `signal` is aborted.
 * @param {(highlight: Highlight) => void} handler
 * @param {AbortSignal} signal
 */
export function onHighlight(handler, signal) {
  globalThis.addEventListener("wgan-highlight", (each) => handler(/** @type {CustomEvent<Highlight>} */ (each).detail), { signal });
}
