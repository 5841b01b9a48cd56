// As much of a page as the components' own logic needs; what is seen is tested in a real browser.

/** An element that finds one element of each kind that is asked for, and remembers what it was told. */
export class FakeElement extends EventTarget {
  constructor() {
    super();
    this.isConnected = true;
    this.hidden = false;
    this.textContent = "";
    this.src = "";
    this.width = this.height = this.clientWidth = this.naturalWidth = this.naturalHeight = 100;
    /** @type {Record<string, string>} */
    this.dataset = {};
    /** @type {Record<string, any>} */
    this.style = {
      setProperty: (/** @type {string} */ name, /** @type {string} */ value) => {
        this.style[name] = value;
      },
    };
    /** @type {Record<string, string>} */
    this.attributes = {};
    /** @type {Set<string>} */
    this.classes = new Set();
    this.classList = {
      toggle: (/** @type {string} */ name, /** @type {boolean} */ on) => void (on ? this.classes.add(name) : this.classes.delete(name)),
    };
    /** @type {unknown[]} */
    this.children = [];
    this.value = "";
    /** @type {Map<string, FakeElement>} */
    this.found = new Map();
  }

  /** @param {string} selector */
  querySelector(selector) {
    if (!this.found.has(selector)) this.found.set(selector, new FakeElement());
    return this.found.get(selector);
  }

  querySelectorAll() {
    return /** @type {FakeElement[]} */ (this.children);
  }

  /** @param {unknown[]} children */
  replaceChildren(...children) {
    this.children = children;
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  setAttribute(name, value) {
    this.attributes[name] = value;
  }

  getContext() {
    return { fillRect() {}, clearRect() {}, drawImage() {} };
  }

  getBoundingClientRect() {
    return { left: 0, width: 100 };
  }

  getRootNode() {}
  setPointerCapture() {}
  focus() {}
  matches() {
    return false;
  }
}

class Nothing {
  observe() {}
  disconnect() {}
}

const page = new EventTarget();
const kinds = ["", "Canvas", "Image", "Input", "Button", "Select"].map((kind) => `HTML${kind}Element`);
const elements = [...kinds, "SVGElement"];
Object.assign(globalThis, {
  ...Object.fromEntries(elements.map((name) => [name, FakeElement])),
  ResizeObserver: Nothing,
  document: { baseURI: "app:/", createElement: () => new FakeElement() },
  ShadowRoot: Nothing,
  cancelAnimationFrame: () => {},
  getComputedStyle: () => ({ getPropertyValue: () => "" }),
  addEventListener: page.addEventListener.bind(page),
  dispatchEvent: page.dispatchEvent.bind(page),
});

/**
 * What Streamlit calls a component with.
 * @template Data
 * @param {FakeElement} root
 * @param {Data} data
 */
export function argumentsOf(root, data) {
  const parentElement = /** @type {HTMLElement} */ (/** @type {unknown} */ (root));
  return { data, parentElement, setStateValue: () => {}, setTriggerValue: () => {} };
}

/**
 * A message as payload.py packs it.
 * @template {object} Header
 * @param {Header} header
 * @param {string} body
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function pack(header, body) {
  const text = new TextEncoder().encode(JSON.stringify({ stamp: `${JSON.stringify(header)} ${body}`, ...header }));
  const message = new Uint8Array([0, 0, 0, 0, ...text, ...new TextEncoder().encode(body)]);
  new DataView(message.buffer).setUint32(0, text.length, true);
  return message;
}

/** Let everything happen that waits for nothing but its turn. */
export async function settle() {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}
