import assert from "node:assert/strict";
import { test } from "node:test";
import { termFinder } from "../../pages/components/term_finder.js";

/**
 * @param {string} name
 * @param {string[]} words
 */
const term = (name, words) => ({ name, says: "", words, anchor: "", lesson: "", title: "" });
const find = termFinder([
  term("Critic", ["critic"]),
  term("Score", ["critic score", "scores"]),
  term("GAN", ["GAN", "WGANs"]),
  term("n_critic", ["n_critic"]),
  term("W1", ["W1", "exact W1"]),
]);

/** @param {string} text */
const names = (text) => find(text).map((found) => `${found.term.name}:${text.slice(found.start, found.end)}`);

test("terms are found in any case, those with capital letters only as they are written", () => {
  assert.deepEqual(names("Critic and critic, GAN but not gan or Gan"), ["Critic:Critic", "Critic:critic", "GAN:GAN"]);
});

test("the longer term is meant, also over a line break", () => {
  assert.deepEqual(names("the critic\n score of a critic"), ["Score:critic\n score", "Critic:critic"]);
  assert.deepEqual(names("exact W1, then W1"), ["W1:exact W1", "W1:W1"]);
});

test("a term is a whole word", () => {
  assert.deepEqual(names("n_critic"), ["n_critic:n_critic"]);
  assert.deepEqual(names("critics, critical, my_critic, critic_lr, critic-lr, critic.safetensors, runs/critic"), []);
  assert.deepEqual(names("(critic). critic's critic, “critic”—critic-"), Array(5).fill("Critic:critic"));
  assert.deepEqual(names("WGANs"), ["GAN:WGANs"]);
  assert.deepEqual(names("WGAN"), []);
});

test("no terms, nothing found", () => {
  assert.deepEqual(termFinder([])("critic"), []);
});
