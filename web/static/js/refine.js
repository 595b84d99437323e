// The recognised category, attributes and box, as controls that change the search.

import { fill, find, make } from "./dom.js";
import { itemAt, itemChips, onlyCategory } from "./items.js";
import { categoriesByGreatCategory, groupLabel, groupOf, labelOf, paintOf, phraseOf } from "./terms.js";

const MAX_CATEGORIES = 4;
const NOTHING_FOUND = "No item stands out, so all of the picture counts. Drag a box around yours.";

/**
 * Shows `query` of an answer in `#understood`; calls `change(patch)` with a patch of the search
 * state. `predicted` are the categories from the answer without a chosen category, `items` the
 * detections in the picture; `point(item)` highlights one.
 */
export function showUnderstanding(query, { predicted, items, state, change, point }) {
  fill(
    find("understood"),
    itemChips(items, query.box, change, point),
    query.box_source === "whole" && !items.length
      ? make("p", { class: "hint" }, NOTHING_FOUND)
      : null,
    categories(query, predicted, state, change),
    attributes(query, state, change),
    state.box
      ? make(
          "button",
          { type: "button", class: "plain", "data-key": "box-auto", onclick: () => change(withoutBox(items, state)) },
          "Find the item by itself again",
        )
      : null,
  );
}

/** Returns the patch that removes the box, and the category if it came with the box. */
function withoutBox(items, state) {
  const { category } = state;
  const fromItem = category === onlyCategory(itemAt(items, state.box));
  return { box: null, category: fromItem ? null : category };
}

function categories(query, predicted, state, change) {
  const chosen = query.category.term;
  const choices = predicted.slice(0, MAX_CATEGORIES);
  if (!choices.some(({ term }) => term === chosen)) choices.unshift(query.category);
  const chip = ({ term, confidence }) =>
    make(
      "button",
      {
        type: "button",
        class: "chip category",
        "data-key": `category-${term}`,
        "data-term": term,
        "aria-pressed": String(term === chosen),
        title: confidence > 0 ? `${Math.round(100 * confidence)} % sure` : null,
        onclick: () => change({ category: term }),
      },
      labelOf(term),
    );
  return make(
    "div",
    { class: "group categories", role: "group", "aria-labelledby": "category-heading" },
    make("h3", { id: "category-heading" }, "What it is"),
    make("div", { class: "chips" }, choices.map(chip), otherCategories(chosen, change)),
    state.category
      ? make(
          "button",
          { type: "button", class: "plain", "data-key": "category-auto", onclick: () => change({ category: null }) },
          "Decide from the picture",
        )
      : null,
  );
}

function otherCategories(chosen, change) {
  const options = categoriesByGreatCategory().map(([label, categories]) =>
    make(
      "optgroup",
      { label },
      categories.map(({ term, label: name }) =>
        make("option", { value: term, disabled: term === chosen }, name),
      ),
    ),
  );
  return make(
    "select",
    {
      class: "chip other",
      id: "other-category",
      "aria-label": "Another kind",
      "data-key": "other-category",
      onchange: (event) => event.target.value && change({ category: event.target.value }),
    },
    make("option", { value: "" }, "Other…"),
    options,
  );
}

const WORDS = { required: "required", excluded: "left out", neutral: "" };
const MARKS = { required: "✓", excluded: "✕", neutral: "" };

function attributes(query, state, change) {
  const recognised = query.attributes.map(({ term }) => term);
  const chosen = [...state.require, ...state.exclude].filter((term) => !recognised.includes(term));
  const terms = [...recognised, ...chosen];
  if (!terms.length) return null;
  return make(
    "div",
    { class: "group attributes", role: "group", "aria-labelledby": "attributes-heading" },
    make("h3", { id: "attributes-heading" }, "What it looks like"),
    make(
      "div",
      { class: "chips" },
      terms.map((term) => attributeChip(term, state, change, sureness(query.attributes, term))),
    ),
    make("p", { class: "hint" }, "Press once to require, twice to leave out."),
  );
}

/** Says how sure a recognised term is, and how often such terms were right where it was measured. */
function sureness(attributes, term) {
  const found = attributes.find((one) => one.term === term);
  if (!found) return "";
  const share = `, ${Math.round(100 * found.confidence)} % sure`;
  if (found.precision === null) return `${share}: a guess, only preferred`;
  return `${share}: such are right ${Math.round(100 * found.precision)} times in 100`;
}

export function attributeChip(term, state, change, sure = "") {
  const standing = state.require.includes(term)
    ? "required"
    : state.exclude.includes(term)
      ? "excluded"
      : "neutral";
  const without = (list) => list.filter((other) => other !== term);
  const next = {
    neutral: { require: [...state.require, term] },
    required: { require: without(state.require), exclude: [...state.exclude, term] },
    excluded: { exclude: without(state.exclude) },
  }[standing];
  const group = groupLabel(groupOf(term));
  const name = `${group}: ${labelOf(term)}${WORDS[standing] && `, ${WORDS[standing]}`}`;
  return make(
    "button",
    {
      type: "button",
      class: `chip attribute ${standing}`,
      "data-key": `attribute-${term}`,
      "data-term": term,
      "aria-label": name,
      title: `${name}${sure}`,
      onclick: () => change(next),
    },
    MARKS[standing] ? make("span", { class: "mark", "aria-hidden": "true" }, MARKS[standing]) : null,
    swatch(term),
    phraseOf(term),
  );
}

export function swatch(term) {
  const paint = paintOf(term);
  return paint && make("span", { class: "swatch", "aria-hidden": "true", style: { background: paint } });
}
