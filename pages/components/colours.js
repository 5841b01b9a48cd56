// The colours of the laboratory's picture, based on the page's theme. The landscape runs from orange through the background colour to green.

import { contextOf, make } from "./elements.js";
import { LINE_STEPS } from "./landscape.js";

/** @typedef {number[]} Rgb red, green, blue from 0 to 255 */

/** @typedef {{ text: Rgb, background: Rgb, real: Rgb, generated: Rgb }} Theme */

/** @typedef {ReturnType<typeof makeColours> & { key: string }} Colours */

/** @type {Colours | null} */
let known = null;

/**
 * @param {HTMLElement} element
 * @returns {Colours}
 */
export function readColours(element) {
  const style = getComputedStyle(element);
  const names = ["--st-text-color", "--st-background-color", "--real", "--generated"].map((name) => style.getPropertyValue(name));
  const key = names.join();
  if (known?.key === key) return known;
  const [text, background, real, generated] = names.map(rgb);
  known = { key, ...makeColours({ text, background, real, generated }) };
  return known;
}

/**
 * All colours for drawing: styles for lines and dots, and for the landscape a pixel value for each of the 256 steps of its scale.
 * @param {Theme} theme
 */
export function makeColours({ text, background, real, generated }) {
  const scale = Array.from({ length: 256 }, (_, index) => scaleColour(index, { background, real, generated }));
  return {
    ramp: Uint32Array.from(scale, toPixel),
    lines: underLines(scale, text, 0.35),
    plain: new Uint32Array(256).fill(toPixel(background)),
    plainLines: underLines(new Array(256).fill(background), text, 0.5),
    text: css(text),
    background: css(background),
    // Darker than the landscape behind them (or, on a dark page, lighter).
    real: css(blend(real, text, 0.3)),
    generated: css(blend(generated, text, 0.15)),
    mesh: css(blend(generated, text, 0.45)),
    bars: css(blend(background, text, 0.5)),
  };
}

/**
 * @param {number} index from 0, the colour of generated points, to 255, the colour of real ones
 * @param {Omit<Theme, "text">} theme
 * @returns {Rgb}
 */
export function scaleColour(index, { background, real, generated }) {
  const share = Math.abs(index - 127.5) / 127.5;
  return blend(background, index < 127.5 ? generated : real, 0.75 * share);
}

/**
 * The colours of the scale under a line, for each step of the strength of the line.
 * @param {Rgb[]} scale
 * @param {Rgb} ink
 * @param {number} most the share of ink at full strength
 */
function underLines(scale, ink, most) {
  const steps = Array.from({ length: LINE_STEPS }, (_, step) => (most * (step + 1)) / LINE_STEPS);
  return Uint32Array.from(steps.flatMap((share) => scale.map((colour) => toPixel(blend(colour, ink, share)))));
}

/**
 * @param {Rgb} from
 * @param {Rgb} to
 * @param {number} share 0: from, 1: to
 * @returns {Rgb}
 */
export function blend(from, to, share) {
  return from.map((value, index) => value + (to[index] - value) * share);
}

/**
 * An opaque pixel as ImageData holds it, on machines that store the lowest byte first.
 * @param {Rgb} colour
 * @returns {number}
 */
export function toPixel([red, green, blue]) {
  return ((255 << 24) | (Math.round(blue) << 16) | (Math.round(green) << 8) | Math.round(red)) >>> 0;
}

/** @param {Rgb} colour */
function css(colour) {
  return `rgb(${colour.map(Math.round).join()})`;
}

/**
 * Parse a colour from a style sheet, in whatever notation.
 * @param {string} text
 * @returns {Rgb}
 */
function rgb(text) {
  const context = contextOf(make("canvas"));
  context.fillStyle = text.trim();
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}
