// A generator's weights for the other elements of the page. They come once; what is drawn with them changes with every move.

const kept = (globalThis.wganWeights ??= new Map());
const MOST_KEPT = 3;

export default function ({ data }) {
  const [spec, bytes] = unpack(data);
  if (kept.has(spec.id)) return;
  kept.set(spec.id, { spec, bytes });
  for (const id of [...kept.keys()].slice(0, -MOST_KEPT)) kept.delete(id);
}
