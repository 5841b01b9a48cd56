// The moves away from an origin, and the latent that they lead to. The same as wgan_core/latent/place.py, in the browser.

import { planeLatent } from "./latent_plane.js";

/**
 * @typedef {object} Place
 * @property {number} x on the plane of latents
 * @property {number} y
 * @property {Record<string, number>} dimensions values of single dimensions, which replace the plane's
 * @property {Record<string, number>} directions how far to move along each, in its own unit
 * @property {number} truncation a factor that the latent is multiplied by at the end
 * @property {number} mix how far to go from one class to another, from 0 to 1
 */

/** @typedef {{ count: number, from: number, to: number, weight: number }} Classes their number, two of them, and what stands for a class */

/** @typedef {{ latent: Float32Array, plane: number }} Origin the latent at (0, 0), and the name of the plane around it */

/** @typedef {{ name: string, sd: number, vector: Float32Array }} Direction */

/** @typedef {{ kind: "dimensions" | "directions" | "truncation" | "mix", key: string }} Setting one part of a place; key: which one of its kind */

/** @returns {Place} the origin itself */
export function atOrigin() {
  return { x: 0, y: 0, dimensions: withoutPrototype({}), directions: withoutPrototype({}), truncation: 1, mix: 0 };
}

/**
 * A place that was received from the server.
 * @param {Place} place
 * @returns {Place}
 */
export function fromServer(place) {
  return { ...place, dimensions: withoutPrototype(place.dimensions), directions: withoutPrototype(place.directions) };
}

/**
 * A copy without a prototype, so that a direction may be called "constructor".
 * @param {Record<string, number>} numbers
 * @returns {Record<string, number>}
 */
function withoutPrototype(numbers) {
  return Object.assign(Object.create(null), numbers);
}

/**
 * The latent before directions and truncation are applied. This is what the sliders of the dimensions set.
 * @param {Place} place
 * @param {Origin} origin
 * @returns {Float32Array}
 */
export function latentBefore({ x, y, dimensions }, origin) {
  const z = planeLatent(origin.latent, origin.plane, x, y);
  for (const [dimension, value] of Object.entries(dimensions)) if (Number(dimension) < z.length) z[Number(dimension)] = value;
  return z;
}

/**
 * The latent that all moves from an origin lead to.
 * @param {Place} place
 * @param {Origin} origin
 * @param {Direction[]} directions those that are known
 * @returns {Float32Array}
 */
export function latentAt(place, origin, directions) {
  const z = latentBefore(place, origin);
  for (const { name, sd, vector } of directions) {
    const amount = place.directions[name];
    if (amount) for (let index = 0; index < z.length; index++) z[index] += amount * sd * vector[index];
  }
  if (place.truncation !== 1) for (let index = 0; index < z.length; index++) z[index] *= place.truncation;
  return z;
}

/**
 * What a generator that is told classes gets behind the latent.
 * @param {Place} place
 * @param {Classes} classes
 * @returns {Float32Array}
 */
export function classRow({ mix }, { count, from, to, weight }) {
  const row = new Float32Array(count);
  row[from] += (1 - mix) * weight;
  row[to] += mix * weight;
  return row;
}

/**
 * @param {Place} place
 * @param {Setting} setting
 * @param {Float32Array} before the latent before directions and truncation
 * @returns {number}
 */
export function numberOf(place, { kind, key }, before) {
  if (kind === "truncation" || kind === "mix") return place[kind];
  return kind === "directions" ? (place.directions[key] ?? 0) : before[Number(key)];
}

/**
 * @param {Place} place
 * @param {Setting} setting
 * @returns {boolean}
 */
export function isSet(place, { kind, key }) {
  if (kind === "mix") return place.mix !== 0;
  return kind === "truncation" ? place.truncation !== 1 : key in place[kind];
}

/**
 * @param {Place} place is changed
 * @param {Setting} setting
 * @param {number} value
 */
export function set(place, { kind, key }, value) {
  if (kind === "truncation" || kind === "mix") place[kind] = value;
  else place[kind][key] = value;
}

/**
 * @param {Place} place is changed
 * @param {Setting} setting
 */
export function unset(place, { kind, key }) {
  if (kind === "mix") place.mix = 0;
  else if (kind === "truncation") place.truncation = 1;
  else delete place[kind][key];
}
