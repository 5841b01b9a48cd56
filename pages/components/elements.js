/**
 * The first element in `root` that matches `selector`. Throws if there is none or if it is of another kind.
 * @template {Element} Kind
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function find(root, selector, kind) {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`The component has no ${selector} of the kind ${kind.name}.`);
  return found;
}

/**
 * The 2D drawing context of a canvas.
 * @param {HTMLCanvasElement} canvas
 * @returns {CanvasRenderingContext2D}
 */
export function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser cannot draw on a canvas.");
  return context;
}

/**
 * A new element with a class and content.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} className
 * @param {string} html
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, className = "", html = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.innerHTML = html;
  return element;
}

/**
 * Set the text of an element if it has changed, so that screen readers do not announce it again.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Set the size of a canvas, which is square by default. If the size is the same, the canvas keeps its drawing.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
export function setSize(canvas, width, height = width) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
