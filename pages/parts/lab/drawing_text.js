// A drawing as text for links, in the format of wgan_core/lab/drawing.py: two bytes per point, in URL-safe base64 without padding.

/** @typedef {number[]} Point two whole numbers from 0 to 255 */

/**
 * @param {Point[]} points
 * @returns {string}
 */
export function toText(points) {
  return btoa(String.fromCharCode(...points.flat()))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/**
 * @param {string} text
 * @returns {Point[]}
 */
export function fromText(text) {
  const bytes = [...atob(text.replaceAll("-", "+").replaceAll("_", "/"))].map((character) => character.charCodeAt(0));
  return Array.from({ length: bytes.length / 2 }, (_, index) => [bytes[2 * index], bytes[2 * index + 1]]);
}
