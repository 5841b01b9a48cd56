// Colours of the laboratory's picture, made of the page's theme: the landscape runs from orange over the page's background to blue.

import { contextOf, make } from "../../components/elements.js";
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
 * What is drawn with: styles for lines and dots, and for the landscape pixels by the 256 steps of its scale.
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
    // Darker (or, on a dark page, lighter) than the landscape they lie on.
    real: css(blend(real, text, 0.3)),
    generated: css(blend(generated, text, 0.15)),
    mesh: css(blend(generated, text, 0.45)),
    bars: css(blend(background, text, 0.5)),
  };
}

/**
 * @param {number} index from 0, as generated points, to 255, as real ones
 * @param {Omit<Theme, "text">} theme
 * @returns {Rgb}
 */
export function scaleColour(index, { background, real, generated }) {
  const share = Math.abs(index - 127.5) / 127.5;
  return blend(background, index < 127.5 ? generated : real, 0.75 * share);
}

/**
 * The same colours under a line, for each step of its strength.
 * @param {Rgb[]} scale
 * @param {Rgb} ink
 * @param {number} most of the ink
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
 * A colour of a style sheet, however it is written there.
 * @param {string} text
 * @returns {Rgb}
 */
function rgb(text) {
  const context = contextOf(make("canvas"));
  context.fillStyle = text.trim();
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}
