// The filters with their counts: category, colour, price, brand and the other attributes.

import { fill, find, make } from "./dom.js";
import { swatch } from "./colours.js";
import { priceRange } from "./product.js";
import { groupLabel, groupOf, groupsOf, greatCategoryOf, labelOf } from "./terms.js";
import * as words from "./words.js";

const { number, t } = words;
const MAX_VALUES = 10; // shown at once for each facet; the others unfold
const opened = new Set(); // keys of the facets that are unfolded

/** Shows the facets in `#filters`; calls `change(patch)` with a patch of the search state. */
export function showFilters({ facets, category, currency, soldOut, state, change }) {
  const groups = groupsOf(category).filter((name) => name !== "colour");
  const parts = [
    hideSoldOut(soldOut, state, change),
    categories(facets.category ?? [], category, state, change),
    terms("colour", facets, state, change),
    prices(facets.price ?? [], currency, state, change),
    brands(facets.brand ?? [], state, change),
    ...groups.map((name) => terms(name, facets, state, change)),
  ].filter(Boolean);
  fill(find("filters"), parts);
}

/** Makes the choice to leave out what is sold out, where something is. */
function hideSoldOut(some, state, change) {
  const checked = state.sold_out === "hide";
  if (!some && !checked) return null;
  return option({
    type: "checkbox",
    group: "sold-out",
    key: "hide-sold-out",
    checked,
    label: t("hide_sold_out"),
    onchange: () => change({ sold_out: checked ? null : "hide" }),
  });
}

/** Makes one facet: its title, the chosen values, and all values with their counts. */
function facet(name, title, chosen, children) {
  const [first, rest] = [children.slice(0, MAX_VALUES), children.slice(MAX_VALUES)];
  return folded(
    name,
    "facet",
    [make("span", {}, title), make("span", { class: "chosen" }, chosen)],
    make(
      "div",
      { class: `checks ${name}`, role: "group", "aria-label": title },
      first,
      rest.length ? folded(`${name}-rest`, "rest", t("more_values", { count: rest.length }), ...rest) : null,
    ),
  );
}

function folded(key, className, words, ...children) {
  return make(
    "details",
    {
      class: className,
      open: opened.has(key),
      ontoggle: (event) => opened[event.currentTarget.open ? "add" : "delete"](key),
    },
    make("summary", { "data-key": `facet-${key}` }, words),
    children,
  );
}

function option({ type = "radio", group, key, checked, label, count, onchange }) {
  return make(
    "label",
    { class: "check" },
    make("input", { type, name: `facet-${group}`, checked, onchange, "data-key": key }),
    label,
    make("span", { class: "count" }, count === undefined ? "" : number(count)),
  );
}

const any = (group, checked, label, onchange) =>
  option({ group, key: `any-${group}`, checked, label, onchange });

/** Makes the category facet, with the item's great category first. */
function categories(counts, category, state, change) {
  const related = ({ value }) => greatCategoryOf(value) === greatCategoryOf(category);
  const ordered = [...counts.filter(related), ...counts.filter((one) => !related(one))];
  if (ordered.length < 2 && !state.category) return null;
  const choices = ordered.map(({ value, count }) =>
    option({
      group: "category",
      key: `facet-${value}`,
      checked: state.category === value,
      label: labelOf(value),
      count,
      onchange: () => change({ category: value }),
    }),
  );
  const automatic = any("category", !state.category, t("as_recognised"), () => change({ category: null }));
  return facet("category", t("kind"), state.category ? labelOf(state.category) : "", [
    automatic,
    ...choices,
  ]);
}

/** Makes the facet of an attribute group, for one value: few products have two. */
function terms(group, facets, state, change) {
  const counts = new Map((facets[group] ?? []).map(({ value, count }) => [value, count]));
  const others = state.require.filter((term) => groupOf(term) !== group);
  const chosen = state.require.find((term) => groupOf(term) === group);
  const values = [...new Set([chosen, ...counts.keys()].filter(Boolean))];
  if (values.length < 2 && !chosen) return null;
  const choices = values.map((term) =>
    option({
      group,
      key: `facet-${term}`,
      checked: term === chosen,
      label: [swatch(term), labelOf(term)].filter(Boolean),
      count: counts.get(term) ?? 0,
      onchange: () =>
        change({
          require: [...others, term],
          exclude: state.exclude.filter((other) => other !== term),
        }),
    }),
  );
  const none = any(group, !chosen, t("any"), () => change({ require: others }));
  return facet(group, groupLabel(group), chosen ? labelOf(chosen) : "", [none, ...choices]);
}

function brands(facetCounts, state, change) {
  const chosen = state.filters.filter((filter) => filter.startsWith("brand:"));
  const counts = new Map(facetCounts.map(({ value, count }) => [`brand:${value}`, count]));
  const values = [...new Set([...chosen, ...counts.keys()])];
  if (values.length < 2 && !chosen.length) return null;
  const nameOf = (filter) => filter.slice("brand:".length);
  const toggled = (filter) =>
    chosen.includes(filter)
      ? state.filters.filter((other) => other !== filter)
      : [...state.filters, filter];
  return facet(
    "brand",
    t("brand"),
    chosen.map(nameOf).join(", "),
    values.map((filter) =>
      option({
        type: "checkbox",
        group: "brand",
        key: filter,
        checked: chosen.includes(filter),
        label: nameOf(filter),
        count: counts.get(filter) ?? 0,
        onchange: () => change({ filters: toggled(filter) }),
      }),
    ),
  );
}

const isPrice = (filter) => /^price:.*\.\./.test(filter);

/** Makes the price facet: ranges with counts, and a form for any other range. */
function prices(bands, currency, state, change) {
  const chosen = state.filters.find(isPrice)?.slice("price:".length);
  if (!bands.length && !chosen) return null;
  const others = state.filters.filter((filter) => !isPrice(filter));
  const choose = (range) => change({ filters: range ? [...others, `price:${range}`] : others });
  const choices = bands.map(({ value, count }) =>
    option({
      group: "price",
      key: `price:${value}`,
      checked: value === chosen,
      label: rangeWords(value, currency),
      count,
      onchange: () => choose(value),
    }),
  );
  return facet("price", t("price"), chosen ? rangeWords(chosen, currency) : "", [
    any("price", !chosen, t("any"), () => choose("")),
    ...choices,
    priceForm(chosen ?? "..", choose),
  ]);
}

export const rangeWords = (range, currency) => priceRange(words, range, currency);

function priceForm(chosen, choose) {
  const [low, high] = chosen.split("..");
  const input = (name, value, label) =>
    make("input", {
      type: "number",
      min: "0",
      step: "any",
      inputmode: "decimal",
      name,
      value,
      placeholder: label,
      "aria-label": `${t("price")} ${label}`,
      "data-key": `price-${name}`,
    });
  const read = (form) => {
    const ends = ["low", "high"].map((name) => form.elements[name].value);
    if (ends[0] && ends[1] && Number(ends[0]) > Number(ends[1])) ends.reverse();
    choose(ends.join("") && ends.join(".."));
  };
  return make(
    "form",
    {
      class: "prices",
      onsubmit: (event) => {
        event.preventDefault();
        read(event.currentTarget);
      },
    },
    input("low", low, t("price_low")),
    make("span", { "aria-hidden": "true" }, "–"),
    input("high", high, t("price_high")),
    make("button", { class: "plain", "data-key": "price-apply" }, t("apply")),
  );
}
