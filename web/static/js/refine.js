// How the item was understood, as things to press: its kind, its attributes, the box.

import { fill, find, make } from "./dom.js";
import { itemAt, itemChips, onlyCategory } from "./items.js";
import { categoriesByKind, groupLabel, groupOf, labelOf, paintOf, phraseOf } from "./terms.js";

const LIKELY = 4;
const NOTHING_FOUND = "No item stands out, so all of the picture counts. Drag a box around yours.";

/**
 * Shows `query` of an answer in `#understood`; calls `change(patch)` with what is to change.
 * `likely` are the categories that were found when none was chosen, `items` what else is in the
 * picture; `point(item)` shows where.
 */
export function showUnderstanding(query, { likely, items, state, change, point }) {
  fill(
    find("understood"),
    itemChips(items, query.box, change, point),
    query.box_source === "whole" && !items.length
      ? make("p", { class: "hint" }, NOTHING_FOUND)
      : null,
    kinds(query, likely, state, change),
    attributes(query, state, change),
    state.box
      ? make(
          "button",
          { type: "button", class: "plain", "data-key": "box-auto", onclick: () => change(unboxed(items, state)) },
          "Find the item by itself again",
        )
      : null,
  );
}

/** Without the box, and without the category where that came with the box's item. */
function unboxed(items, state) {
  const { category } = state;
  const came = category === onlyCategory(itemAt(items, state.box));
  return { box: null, category: came ? null : category };
}

function kinds(query, likely, state, change) {
  const chosen = query.category.term;
  const shown = likely.slice(0, LIKELY);
  if (!shown.some(({ term }) => term === chosen)) shown.unshift(query.category);
  const chip = ({ term, confidence }) =>
    make(
      "button",
      {
        type: "button",
        class: "chip kind",
        "data-key": `kind-${term}`,
        "data-term": term,
        "aria-pressed": String(term === chosen),
        title: confidence > 0 ? `${Math.round(100 * confidence)} % sure` : null,
        onclick: () => change({ category: term }),
      },
      labelOf(term),
    );
  return make(
    "div",
    { class: "group kinds", role: "group", "aria-labelledby": "kind-heading" },
    make("h3", { id: "kind-heading" }, "What it is"),
    make("div", { class: "chips" }, shown.map(chip), otherKinds(chosen, change)),
    state.category
      ? make(
          "button",
          { type: "button", class: "plain", "data-key": "kind-auto", onclick: () => change({ category: null }) },
          "Decide from the picture",
        )
      : null,
  );
}

function otherKinds(chosen, change) {
  const options = categoriesByKind().map(([label, categories]) =>
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
      id: "other-kind",
      "aria-label": "Another kind",
      "data-key": "other-kind",
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
      terms.map((term) => attributeChip(term, state, change)),
    ),
    make("p", { class: "hint" }, "Press once to require, twice to leave out."),
  );
}

export function attributeChip(term, state, change) {
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
      title: name,
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
