// Animates points and lines from one look to the next.

/** @import { Moving } from "./look.js" */

/** The points and lines while they move to their new places. */
export class Glide {
  /** @param {Moving} to */
  constructor(to) {
    this.from = to;
    this.to = to;
    this.at = to; // where they were last drawn
  }

  /**
   * Move on to the next look, from the current places to its places. If the size of the mesh has changed, jump to them.
   * @param {Moving} to
   */
  next(to) {
    this.from = this.at.mesh.length === to.mesh.length ? this.at : to;
    this.at = this.from;
    this.to = to;
  }

  /**
   * @param {number} share of the way, from 0 to 1
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
 * Slow down the start and the end of the movement.
 * @param {number} share
 * @returns {number}
 */
export function ease(share) {
  return share * share * (3 - 2 * share);
}
