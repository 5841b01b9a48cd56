/**
 * A message of payload.py's `pack`, whose header is of type Header.
 * @template Header
 * @typedef {Uint8Array<ArrayBuffer> & { readonly header?: Header }} Packed
 */

/**
 * Header and body of a message, see payload.py. The header's `stamp` is a hash of both.
 * @template Header
 * @param {Packed<Header>} message
 * @returns {[header: Header & { stamp: string }, body: Uint8Array<ArrayBuffer>]}
 */
export function unpack(message) {
  const length = new DataView(message.buffer, message.byteOffset).getUint32(0, true);
  return [JSON.parse(new TextDecoder().decode(message.subarray(4, 4 + length))), message.subarray(4 + length)];
}
