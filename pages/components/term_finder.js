// Finds the terms of the glossary in a text.

/**
 * One term, from terms.py.
 * @typedef {object} Term
 * @property {string} name
 * @property {string} says
 * @property {string[]} words the forms in which it occurs; those without capital letters are found in any case
 * @property {string} anchor its place on the Glossary page
 * @property {string} lesson the address of its lesson; empty if there is none
 * @property {string} title of that lesson
 */

/** @typedef {{ start: number, end: number, term: Term }} Found a place in a text */

/**
 * A function that finds all terms in a text, from left to right. Where two begin at the same place, the longer one is meant.
 * @param {Term[]} terms
 * @returns {(text: string) => Found[]}
 */
export function termFinder(terms) {
  /** @type {Map<string, Term>} */
  const exact = new Map();
  /** @type {Map<string, Term>} */
  const anyCase = new Map();
  for (const term of terms) for (const word of term.words) (word === word.toLowerCase() ? anyCase : exact).set(word, term);
  const words = [...exact.keys(), ...anyCase.keys()].sort((one, other) => other.length - one.length);
  if (words.length === 0) return () => [];
  const pattern = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/ /g, "\\s+")).join("|");
  // A term is a whole word: not part of a longer one, of a file name or of a setting's name.
  const search = new RegExp(`(?<![\\p{L}\\p{N}_/.-])(?:${pattern})(?![\\p{L}\\p{N}_/]|[-.][\\p{L}\\p{N}])`, "giu");
  return (text) => {
    const found = [];
    for (const match of text.matchAll(search)) {
      const word = match[0].replace(/\s+/g, " ");
      const term = exact.get(word) ?? anyCase.get(word.toLowerCase());
      if (term) found.push({ start: match.index, end: match.index + match[0].length, term });
    }
    return found;
  };
}
