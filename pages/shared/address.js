// Keeps the browser's Back button useful. A page of this app writes its state into its address, and Streamlit adds an entry to the
// browser's history for each such change: after three random latents, Back would have to be pressed four times to leave Explore. Here a
// change of the parameters alone replaces the current entry. Other pages, and other runs on the Train page, are new entries.

(() => {
  const MARK = "wganAddress";
  /** @type {Record<string, string>} the parameter that tells what a page shows, where another value is like another page */
  const SUBJECTS = { train: "run" };

  if (document.documentElement.dataset[MARK]) return;
  document.documentElement.dataset[MARK] = "kept";
  const { pushState, replaceState } = history;

  /** @param {URL} next */
  function opensAnother(next) {
    if (next.pathname !== location.pathname) return true;
    const name = SUBJECTS[next.pathname.split("/").at(-1) ?? ""];
    // Without parameters so far, the page has only just been opened, and completes its own address.
    if (!name || !location.search) return false;
    return next.searchParams.get(name) !== new URLSearchParams(location.search).get(name);
  }

  history.pushState = (state, unused, url) => {
    const change = opensAnother(new URL(url ?? "", location.href)) ? pushState : replaceState;
    change.call(history, state, unused, url);
  };

  // A fast page has completed its address before this script ran, perhaps in several changes: go back to the entry that it was opened
  // with, without a rerun.
  const entries = window.navigation?.entries() ?? [];
  const last = window.navigation?.currentEntry?.index ?? 0;
  let first = last;
  for (
    let before = entries[first - 1];
    before?.sameDocument && before.url && !opensAnother(new URL(before.url));
    before = entries[first - 1]
  ) {
    first -= 1;
  }
  if (first === last) return;
  const { href } = location;
  const arrived = (/** @type {Event} */ event) => {
    event.stopImmediatePropagation();
    replaceState.call(history, history.state, "", href);
  };
  addEventListener("popstate", arrived, { capture: true, once: true });
  history.go(first - last);
})();
