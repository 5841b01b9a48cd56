// Decodes 16-bit floats with a table, because not every browser has Float16Array.

/** @type {Float32Array | undefined} */
let halves;

/**
 * @param {Uint8Array} bytes little endian
 * @returns {Float32Array<ArrayBuffer>}
 */
export function fromHalf(bytes) {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => halfOf(bits));
  const table = halves;
  return Float32Array.from(new Uint16Array(bytes.slice().buffer), (bits) => table[bits]);
}

/**
 * @param {number} bits
 * @returns {number}
 */
function halfOf(bits) {
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  const size =
    exponent === 31 ? (fraction ? NaN : Infinity) : exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction;
  return bits >> 15 ? -size : size;
}
