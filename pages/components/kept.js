// The one object that looks after an element, from its first message until the element is gone, and what to call then.
const keptObjects = new WeakMap();
function kept(element, make) {
  if (!keptObjects.has(element)) keptObjects.set(element, make(element));
  const it = keptObjects.get(element);
  // Streamlit also calls this for a message that a newer one has overtaken, while the element stays in use.
  const leave = () =>
    setTimeout(() => {
      if (!element.isConnected && keptObjects.delete(element)) it.close();
    });
  return [it, leave];
}

