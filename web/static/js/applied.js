// The choices that narrow the search, each with a way to drop it.

import { fill, find, make } from "./dom.js";
import { rangeWords } from "./filters.js";
import { hasPicture } from "./state.js";
import { labelOf, phraseOf } from "./terms.js";
import { number, t } from "./words.js";

const MAX_KINDS = 3; // that a chip names

/** Choices that narrow a search; the empty ones clear it. */
export const NO_CHOICES = Object.freeze({
  filters: [],
  require: [],
  exclude: [],
  sold_out: null,
  category: null,
});

/**
 * Shows the choices above the hits, and what was `understood` of the words; calls `change(patch)` to
 * drop one or all.
 */
export function showApplied(state, currency, change, understood = null) {
  const list = [...wordChoices(understood, currency), ...choices(state, currency)];
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
  const none = hasPicture(state) ? { ...NO_CHOICES, q: null } : NO_CHOICES;
  const all = () =>
    make(
      "button",
      { type: "button", class: "plain", "data-key": "clear", onclick: () => change(none) },
      t("clear_all"),
    );
  const applied = find("applied");
  applied.hidden = !list.length;
  fill(applied, [...list.map(chip), list.length > 1 ? all() : null].filter(Boolean).map((one) => make("li", {}, one)));
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
    rest && chip(`“${rest.text}”`, rest),
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
