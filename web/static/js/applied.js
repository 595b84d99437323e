// The choices that narrow the search, each with a way to drop it.

import { fill, find, make } from "./dom.js";
import { rangeWords } from "./filters.js";
import { address, hasPicture } from "./state.js";
import { labelOf, phraseOf } from "./terms.js";
import { number, t } from "./words.js";

const MAX_KINDS = 3; // that a chip names

/** Choices that narrow a search; the empty ones clear it. */
const NO_CHOICES = Object.freeze({
  filters: [],
  require: [],
  exclude: [],
  sold_out: null,
  category: null,
});

/** Returns the patch that clears all choices; words are one of them beside a picture. */
const cleared = (state) => (hasPicture(state) ? { ...NO_CHOICES, q: null } : NO_CHOICES);

/** Returns what clears all that was chosen for a search; null where that would change nothing. */
export function clearing(state, change) {
  const patch = { ...cleared(state), box: null, look: null, sort: null };
  return address({ ...state, ...patch }) === address(state) ? null : () => change(patch);
}

/**
 * Shows the choices above the hits, and what was `understood` of the words; calls `change(patch)` to
 * drop one or all.
 */
export function showApplied(state, currency, change, understood = null) {
  const chosen = choices(state, currency);
  const list = [...wordChoices(understood, currency), ...chosen];
  const chip = ({ words, patch }, place) =>
    make(
      "button",
      {
        type: "button",
        class: "chip applied",
        "data-key": `applied-${place}`,
        "aria-label": t("remove", { choice: words }),
        onclick: () => change(patch),
      },
      make("span", { class: "applied-words" }, words),
      make("span", { class: "mark", "aria-hidden": "true" }, "✕"),
    );
  const all = () =>
    make(
      "button",
      { type: "button", class: "plain", "data-key": "clear", onclick: () => change(cleared(state)) },
      t("clear_all"),
    );
  const clearable = list.length > 1 && (chosen.length || hasPicture(state));
  const applied = find("applied");
  applied.hidden = !list.length;
  fill(applied, [...list.map(chip), clearable ? all() : null].filter(Boolean).map((one) => make("li", {}, one)));
  find("refine-count").textContent = list.length ? number(list.length) : "";
  return list.length;
}

/** Lists what was understood of the words; each part is dropped by the words without it. */
function wordChoices(understood, currency) {
  if (!understood) return [];
  const { category, required, excluded, price, rest } = understood;
  const chip = (words, { without }) => ({ words, patch: { q: without || null } });
  const kinds = category?.terms.slice(0, MAX_KINDS).map(labelOf).join(" / ");
  const more = category?.terms.length > MAX_KINDS ? " …" : "";
  return [
    category && chip(kinds + more, category),
    ...required.map((part) => chip(phraseOf(part.term), part)),
    ...excluded.map((part) => chip(t("not_term", { term: phraseOf(part.term) }), part)),
    price && chip(rangeWords(`${price.low ?? ""}..${price.high ?? ""}`, currency), price),
    rest && chip(t("quoted", { text: rest.text }), rest),
  ].filter(Boolean);
}

function choices(state, currency) {
  const without = (name, value) => ({ [name]: state[name].filter((other) => other !== value) });
  return [
    state.category && { words: labelOf(state.category), patch: { category: null } },
    ...state.require.map((term) => ({ words: phraseOf(term), patch: without("require", term) })),
    ...state.exclude.map((term) => ({
      words: t("not_term", { term: phraseOf(term) }),
      patch: without("exclude", term),
    })),
    ...state.filters.map((filter) => ({
      words: filterWords(filter, currency),
      patch: without("filters", filter),
    })),
    state.sold_out === "hide" && { words: t("hide_sold_out"), patch: { sold_out: null } },
  ].filter(Boolean);
}

function filterWords(filter, currency) {
  const [name, ...rest] = filter.split(":");
  const value = rest.join(":");
  return name === "price" && value.includes("..") ? rangeWords(value, currency) : value;
}
