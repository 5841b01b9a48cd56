// Keeps the learner's progress in the browser, and the lesson and step in the address of the page.

/** @import { ComponentArguments } from "../../components/types.d.ts" */

const KEY = "wgan-learn";

/**
 * What keeper.py sends.
 * @typedef {object} KeeperData
 * @property {string | null} progress to keep; null asks for what is kept
 * @property {Record<string, string>} place lesson and step, for the page's address; empty for the list of lessons
 */

/** @param {ComponentArguments<KeeperData>} component */
export default function keeper({ data, setTriggerValue }) {
  if (data.progress === null) setTriggerValue("kept", read());
  else write(data.progress);
  showPlace(data.place);
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
