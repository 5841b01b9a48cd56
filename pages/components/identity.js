// Keeps who somebody is in the browser: name, colour, and the secret that proves that the runs are theirs.

/** @import { ComponentArguments } from "./types.d.ts" */

const KEY = "wgan-person";

/**
 * What identity.py sends.
 * @typedef {object} IdentityData
 * @property {string | null} keep to keep; null asks for what is kept; empty forgets it
 */

/** What was sent already, so that a text that the server cannot use is not sent for ever. */
let sent = "";

/** @param {ComponentArguments<IdentityData>} component */
export default function identity({ data, setTriggerValue }) {
  if (data.keep !== null) {
    write(data.keep);
    return;
  }
  const kept = read();
  if (kept && kept !== sent) {
    sent = kept;
    setTriggerValue("kept", kept);
  }
}

// A browser may forbid this, for example in a private window. Then nothing is kept.

function read() {
  try {
    return localStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} text */
function write(text) {
  try {
    if (text) localStorage.setItem(KEY, text);
    else localStorage.removeItem(KEY);
  } catch {
    // nothing is kept
  }
}
