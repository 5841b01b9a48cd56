/** @type {WeakMap<object, { close(): void }>} */
const keptObjects = new WeakMap();

/**
 * The one object that manages an element, from its first message until the element is removed, and the function to call at the end.
 * @template {{ readonly isConnected: boolean }} Host
 * @template {{ close(): void }} Kept
 * @param {Host} element
 * @param {(element: Host) => Kept} make
 * @returns {[it: Kept, leave: () => void]}
 */
export function kept(element, make) {
  const it = /** @type {Kept} */ (keptObjects.get(element)) ?? make(element);
  keptObjects.set(element, it);
  // Streamlit also calls this when a newer message replaces an older one, while the element stays in use.
  const leave = () => {
    setTimeout(() => {
      if (!element.isConnected && keptObjects.delete(element)) it.close();
    });
  };
  return [it, leave];
}
