// The weights named `id`, once they are there; undefined if `giveUp` says that nobody wants them any more.
async function weightsOf(id, giveUp) {
  for (let tries = 0; tries < 600 && !giveUp(); tries++) {
    const found = globalThis.wganWeights?.get(id);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  if (giveUp()) return undefined;
  throw new Error("its weights did not arrive.");
}
