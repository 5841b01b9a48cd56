// Keeps the learner's progress in the browser, and the lesson and step in the address of the page.

/** @import { ComponentArguments } from "../../components/types.d.ts" */

const KEY = "wgan-learn";

/**
 * What keeper.py sends.
 * @typedef {object} KeeperData
 * @property {string | null} progress to keep; null asks for what is kept
 * @property {Record<string, string>} place lesson and step, for the page's address; empty for the list of lessons
 * @property {number} drawn when the page was drawn, in milliseconds
 */

/** When the newest page that was shown was drawn. */
let newest = 0;

/** @param {ComponentArguments<KeeperData>} component */
export default function keeper({ data, setTriggerValue }) {
  // Between a lesson and the list the component changes its place on the page, and its old place may be drawn once more after the new one.
  if (data.drawn < newest) return;
  newest = data.drawn;
  if (data.progress === null) setTriggerValue("kept", read());
  else write(data.progress);
  showPlace(data.place);
  return followNavigation("lesson" in data.place, () => setTriggerValue("list", true));
}

let listeners = new AbortController();

/**
 * Let Learn in the navigation show the list of lessons: Streamlit would keep the address of the lesson, because the page stays the same.
 * @param {boolean} inLesson
 * @param {() => void} showList
 * @returns {() => void} to be called when the page is left
 */
function followNavigation(inLesson, showList) {
  listeners.abort();
  listeners = new AbortController();
  const { signal } = listeners;
  const pressed = (/** @type {MouseEvent} */ event) => {
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    const opensTab = event.ctrlKey || event.metaKey || event.shiftKey;
    if (!inLesson || opensTab || link?.href !== location.origin + location.pathname) return;
    event.preventDefault();
    event.stopPropagation();
    showList();
  };
  document.addEventListener("click", pressed, { capture: true, signal });
  const mine = listeners;
  return () => mine.abort();
}

/**
 * Put the place into the address, in place of the current entry of the browser's history. Going through the steps adds no entries, so Back
 * leaves the page at the first press.
 * @param {Record<string, string>} place
 */
function showPlace(place) {
  const address = new URL(location.href);
  for (const name of ["lesson", "step"]) {
    if (name in place) address.searchParams.set(name, place[name]);
    else address.searchParams.delete(name);
  }
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

// A browser may forbid this, for example in a private window. Then nothing is kept.

function read() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} progress */
function write(progress) {
  try {
    localStorage.setItem(KEY, progress);
  } catch {
    // nothing is kept
  }
}
