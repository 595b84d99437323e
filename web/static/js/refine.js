// The recognised category, attributes and box, as controls that change the search.

import { swatch } from "./colours.js";
import { fill, find, make } from "./dom.js";
import { itemAt, itemChips, lookChips, onlyCategory, reveal } from "./items.js";
import { toggleMenu } from "./menu.js";
import { hasPicture } from "./state.js";
import { categoriesByGreatCategory, groupLabel, groupOf, labelOf, phraseOf } from "./terms.js";
import { showsNoItem } from "./troubles.js";
import { t } from "./words.js";

const MAX_CATEGORIES = 4;

/** Tells whether a recognised term is sure: measured to be right often, or a product's own. */
const isSure = ({ precision, confidence }) => precision !== null || confidence === 1;

/** Returns the sure terms of a query, the surest first, and before them those that are required. */
export function sureTerms(query, state) {
  const sure = query.attributes.filter(isSure);
  sure.sort((one, other) => other.confidence - one.confidence);
  return [...new Set([...state.require, ...sure.map(({ term }) => term)])];
}

/**
 * Shows `query` of an answer in `#understood` and `#looks`; calls `change(patch)` with a patch of
 * the search state. `predicted` are the categories from the answer without a chosen category,
 * `items` the detections in the picture, `worn` whether a product is shown with others;
 * `point(item)` highlights an item.
 */
export function showUnderstanding(query, { predicted, items, worn, state, change, point }) {
  if (!hasPicture(state)) {
    fill(find("understood"));
    fill(find("looks"), attributes(query, state, change));
    return;
  }
  if (showsNoItem(query)) {
    for (const id of ["understood", "looks"]) fill(find(id));
    return;
  }
  fill(
    find("understood"),
    state.like ? lookChips(state, worn, change) : null,
    itemChips(items, query.box, false, change, point),
    query.box_source === "whole" && !items.length
      ? make("p", { class: "hint" }, t("stands_out"))
      : null,
    categories(query, predicted, state, change),
    state.box ? plain("box-auto", t("find_again"), () => change(withoutBox(items, state))) : null,
  );
  reveal(find("understood"));
  fill(find("looks"), attributes(query, state, change));
}

const plain = (key, words, onclick) =>
  make("button", { type: "button", class: "plain", "data-key": key, onclick }, words);

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
  const chip = ({ term }) =>
    make(
      "button",
      {
        type: "button",
        class: "chip category",
        "data-key": `category-${term}`,
        "data-term": term,
        "aria-pressed": String(term === chosen),
        onclick: () => change({ category: term }),
      },
      labelOf(term),
    );
  return make(
    "div",
    { class: "group categories", role: "group", "aria-labelledby": "category-heading" },
    make("h3", { id: "category-heading" }, t("what_it_is")),
    make("div", { class: "chips" }, choices.map(chip), otherCategories(chosen, change)),
    state.category
      ? plain("category-auto", t("decide_picture"), () => change({ category: null }))
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
      "aria-label": t("another_kind"),
      "data-key": "other-category",
      onchange: (event) => event.target.value && change({ category: event.target.value }),
    },
    make("option", { value: "" }, t("other")),
    options,
  );
}

/** Makes the chips of the sure terms and of the chosen ones; the guesses unfold. */
function attributes(query, state, change) {
  const chosen = [...state.require, ...state.exclude];
  const recognised = query.attributes.map(({ term }) => term);
  const guesses = query.attributes.filter((one) => !isSure(one) && !chosen.includes(one.term));
  const unsure = guesses.map(({ term }) => term);
  const shown = [...new Set([...recognised, ...chosen])].filter((term) => !unsure.includes(term));
  if (!shown.length && !unsure.length) return null;
  const chips = (terms) =>
    make(
      "div",
      { class: "chips" },
      terms.map((term) => attributeChip(term, state, change, sureness(query.attributes, term))),
    );
  return make(
    "div",
    { class: "group attributes", role: "group", "aria-labelledby": "attributes-heading" },
    make("h3", { id: "attributes-heading" }, t("looks_like")),
    shown.length ? chips(shown) : null,
    unsure.length
      ? make(
          "details",
          { class: "guesses", open: !shown.length },
          make("summary", { "data-key": "guesses" }, t("less_sure")),
          chips(unsure),
        )
      : null,
  );
}

/** Says how often such recognised terms were right where that was measured. */
function sureness(attributes, term) {
  const found = attributes.find((one) => one.term === term);
  if (!found || (found.precision === null && found.confidence === 1)) return "";
  if (found.precision === null) return t("a_guess");
  return t("right_times", { count: Math.round(100 * found.precision) });
}

const WORDS = { required: t("required"), excluded: t("excluded") };
const MARKS = { required: "✓", excluded: "✕", neutral: "" };

/** Makes the chip of a term; its menu requires it, leaves it out, or does neither. */
export function attributeChip(term, state, change, hint = "") {
  const standing = state.require.includes(term)
    ? "required"
    : state.exclude.includes(term)
      ? "excluded"
      : "neutral";
  const [require, exclude] = [state.require, state.exclude].map((list) =>
    list.filter((other) => other !== term),
  );
  const choices = [
    { key: "require", words: t("must_have"), act: () => change({ require: [...require, term], exclude }) },
    { key: "exclude", words: t("leave_out"), act: () => change({ require, exclude: [...exclude, term] }) },
    { key: "neither", words: t("does_not_matter"), act: () => change({ require, exclude }) },
  ];
  const own = { require: "required", exclude: "excluded", neither: "neutral" };
  for (const choice of choices) choice.chosen = own[choice.key] === standing;
  const name = `${groupLabel(groupOf(term))}: ${labelOf(term)}`;
  return make(
    "button",
    {
      type: "button",
      class: `chip attribute ${standing}`,
      "data-key": `attribute-${term}`,
      "data-term": term,
      "aria-expanded": "false",
      onclick: (event) => toggleMenu(event.currentTarget, name, choices, hint),
    },
    MARKS[standing] ? make("span", { class: "mark", "aria-hidden": "true" }, MARKS[standing]) : null,
    swatch(term),
    phraseOf(term),
    WORDS[standing] ? make("span", { class: "unseen" }, `, ${WORDS[standing]}`) : null,
    make("span", { class: "caret", "aria-hidden": "true" }),
  );
}
