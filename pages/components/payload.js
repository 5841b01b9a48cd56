/**
 * A message made by `pack` in payload.py, with a header of type Header.
 * @template Header
 * @typedef {Uint8Array<ArrayBuffer> & { readonly header?: Header }} Packed
 */

/**
 * The header and body of a message, see payload.py. The header's `stamp` is a hash of both.
 * @template Header
 * @param {Packed<Header>} message
 * @returns {[header: Header & { stamp: string }, body: Uint8Array<ArrayBuffer>]}
 */
export function unpack(message) {
  const length = new DataView(message.buffer, message.byteOffset).getUint32(0, true);
  return [JSON.parse(new TextDecoder().decode(message.subarray(4, 4 + length))), message.subarray(4 + length)];
}
