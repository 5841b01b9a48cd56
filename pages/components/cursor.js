// Where one component is, for others on the page to show: a film moves a cursor by its name, a chart draws it as an upright line, and a
// click on the chart asks the film to go there. Components have no other way to hear of each other without the server.

function moveCursor(cursor, x) {
  (globalThis.wganCursors ??= new Map()).set(cursor, x);
  globalThis.dispatchEvent(new CustomEvent("wgan-cursor", { detail: { cursor, x } }));
}

function cursorAt(cursor) {
  return globalThis.wganCursors?.get(cursor);
}

function seekCursor(cursor, x) {
  globalThis.dispatchEvent(new CustomEvent("wgan-seek", { detail: { cursor, x } }));
}

