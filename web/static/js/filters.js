// Narrowing down by what the catalogue counts: brand, colour, price.

import { fill, find, make } from "./dom.js";
import { swatch } from "./refine.js";
import { labelOf } from "./terms.js";

const MOST = 10;

/** Shows facets in `#filters`; calls `change(patch)` with what is to change. */
export function showFilters(facets, state, hasPrices, change) {
  const parts = [
    brands(facets.brand ?? [], state, change),
    terms("Colour", "colour", facets, state, change),
    terms("Pattern", "pattern", facets, state, change),
    terms("For", "gender", facets, state, change),
    hasPrices || priceOf(state) ? prices(state, change) : null,
  ].filter(Boolean);
  const used = state.filters.length + state.require.length + state.exclude.length;
  if (used) parts.push(clearing(change));
  find("filters").hidden = !parts.length;
  find("filter-count").textContent = used ? String(used) : "";
  fill(find("filter-body"), parts);
}

const clearing = (change) =>
  make(
    "button",
    {
      type: "button",
      class: "plain",
      "data-key": "clear",
      onclick: () => change({ filters: [], require: [], exclude: [] }),
    },
    "Clear all choices",
  );

const toggled = (list, item) =>
  list.includes(item) ? list.filter((other) => other !== item) : [...list, item];

function box(key, checked, label, count, onchange) {
  return make(
    "label",
    { class: "check" },
    make("input", { type: "checkbox", checked, onchange, "data-key": key }),
    label,
    make("span", { class: "count" }, count ?? ""),
  );
}

function brands(values, state, change) {
  const chosen = state.filters.filter((filter) => filter.startsWith("brand:"));
  const counts = new Map(values.map(({ value, count }) => [`brand:${value}`, count]));
  const shown = [...new Set([...chosen, ...[...counts.keys()].slice(0, MOST)])];
  if (shown.length < 2 && !chosen.length) return null;
  return fieldset(
    "Brand",
    shown.map((filter) =>
      box(filter, chosen.includes(filter), filter.slice("brand:".length), counts.get(filter), () =>
        change({ filters: toggled(state.filters, filter) }),
      ),
    ),
  );
}

function terms(title, group, facets, state, change) {
  const counted = facets[group] ?? [];
  const chosen = state.require.filter((term) => term.startsWith(`${group}:`));
  const counts = new Map(counted.map(({ value, count }) => [value, count]));
  const shown = [...new Set([...chosen, ...[...counts.keys()].slice(0, MOST)])];
  if (shown.length < 2 && !chosen.length) return null;
  return fieldset(
    title,
    shown.map((term) =>
      box(
        `facet-${term}`,
        chosen.includes(term),
        [swatch(term), labelOf(term)].filter(Boolean),
        counts.get(term),
        () =>
          change({
            require: toggled(state.require, term),
            exclude: state.exclude.filter((other) => other !== term),
          }),
      ),
    ),
  );
}

const fieldset = (title, boxes) =>
  make("fieldset", {}, make("legend", {}, title), make("div", { class: "checks" }, boxes));

const priceOf = (state) => state.filters.find((filter) => /^price:.*\.\./.test(filter));

function prices(state, change) {
  const [low, high] = priceOf(state)?.slice("price:".length).split("..") ?? ["", ""];
  const input = (name, value, label) =>
    make("input", {
      type: "number",
      min: "0",
      step: "any",
      inputmode: "decimal",
      name,
      value,
      placeholder: label,
      "aria-label": `Price ${label}`,
      "data-key": `price-${name}`,
    });
  const read = (form) => {
    const [from, to] = ["low", "high"].map((name) => form.elements[name].value);
    const others = state.filters.filter((filter) => filter !== priceOf(state));
    const ends = from && to && Number(from) > Number(to) ? [to, from] : [from, to];
    change({ filters: ends.join("") ? [...others, `price:${ends.join("..")}`] : others });
  };
  return fieldset("Price", [
    make(
      "form",
      {
        class: "prices",
        onchange: (event) => read(event.currentTarget),
        onsubmit: (event) => {
          event.preventDefault();
          read(event.currentTarget);
        },
      },
      input("low", low, "from"),
      make("span", { "aria-hidden": "true" }, "–"),
      input("high", high, "to"),
    ),
  ]);
}
