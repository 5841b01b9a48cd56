// What is on the way from one look to the next.

/** @import { Moving } from "./look.js" */

/** Where a look's points and lines are on the way to their places. */
export class Glide {
  /** @param {Moving} to */
  constructor(to) {
    this.from = to;
    this.to = to;
    this.at = to; // where they were drawn last
  }

  /**
   * The next look: from where they are to its places, unless the mesh is another.
   * @param {Moving} to
   */
  next(to) {
    this.from = this.at.mesh.length === to.mesh.length ? this.at : to;
    this.at = this.from;
    this.to = to;
  }

  /**
   * @param {number} share of the way
   * @returns {Moving}
   */
  move(share) {
    this.at = {
      generated: mix(this.from.generated, this.to.generated, share),
      uphill: mix(this.from.uphill, this.to.uphill, share),
      mesh: mix(this.from.mesh, this.to.mesh, share),
    };
    return this.at;
  }
}

/**
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {number} share
 * @returns {Float32Array}
 */
export function mix(from, to, share) {
  return share >= 1 ? to : to.map((value, index) => from[index] + (value - from[index]) * share);
}

/**
 * The same way, begun and ended gently.
 * @param {number} share
 * @returns {number}
 */
export function ease(share) {
  return share * share * (3 - 2 * share);
}
