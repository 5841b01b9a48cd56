// The places of a knob's values on its slider. The stops lie evenly on a log scale, so a place is a (broken) number of stops.

/**
 * @param {number[]} stops ascending, above 0
 * @param {number} value
 * @returns {number} from 0, the first stop, to the number of the last one; a value beyond the ends counts as the end
 */
export function placeOf(stops, value) {
  const above = stops.findIndex((stop) => stop >= value);
  if (above < 0) return stops.length - 1;
  if (above === 0) return 0;
  const [low, high] = [Math.log(stops[above - 1]), Math.log(stops[above])];
  return above - 1 + (Math.log(value) - low) / (high - low);
}

/**
 * @param {number[]} stops
 * @param {number} value
 * @returns {number} the place in percent of the slider's length
 */
export function percentOf(stops, value) {
  return (100 * placeOf(stops, value)) / (stops.length - 1);
}
