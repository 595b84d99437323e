// The choices that narrow the search, each with a way to drop it.

import { fill, find, make } from "./dom.js";
import { rangeWords } from "./filters.js";
import { labelOf, phraseOf } from "./terms.js";
import { number, t } from "./words.js";

/** Choices that narrow a search; the empty ones clear it. */
export const NO_CHOICES = Object.freeze({
  filters: [],
  require: [],
  exclude: [],
  sold_out: null,
  category: null,
});

/** Shows the choices above the hits; calls `change(patch)` to drop one or all. */
export function showApplied(state, currency, change) {
  const list = choices(state, currency);
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
      { type: "button", class: "plain", "data-key": "clear", onclick: () => change(NO_CHOICES) },
      t("clear_all"),
    );
  const applied = find("applied");
  applied.hidden = !list.length;
  fill(applied, [...list.map(chip), list.length > 1 ? all() : null].filter(Boolean).map((one) => make("li", {}, one)));
  find("refine-count").textContent = list.length ? number(list.length) : "";
  return list.length;
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
