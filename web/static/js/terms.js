// Labels of the taxonomy's terms, in the language of the page.

import { getTaxonomy } from "./api.js";
import { known, t } from "./words.js";

const labels = new Map([["unknown", t("something_else")]]);
const groups = new Map();
let categories = [];
let greatCategories = [];

export async function loadTerms() {
  const taxonomy = await getTaxonomy();
  categories = taxonomy.categories;
  greatCategories = taxonomy.great_categories;
  for (const category of categories) labels.set(category.term, category.label);
  for (const group of taxonomy.groups) {
    groups.set(group.name, group.label);
    for (const value of group.values) labels.set(value.term, value.label);
  }
}

export const labelOf = (term) => labels.get(term) ?? term;

/** Returns a phrase that is clear alone: "Long sleeve" for the label "Long". */
export function phraseOf(term) {
  const value = labelOf(term);
  return known(`phrase.${term}`, { value }) ?? known(`phrase.${groupOf(term)}`, { value }) ?? value;
}

export const groupOf = (term) => term.split(":")[0];
export const groupLabel = (name) => groups.get(name) ?? name;
export const groupsOf = (category) => categories.find(({ term }) => term === category)?.groups ?? [];
export const greatCategoryOf = (category) =>
  categories.find(({ term }) => term === category)?.great_category ?? null;

/** Formats a name that has no label: "Sports bag" for "sports-bag". */
const spaced = (name) => name[0].toUpperCase() + name.slice(1).replaceAll("-", " ");

/** Returns the label of a detector's class. */
export const itemLabel = (name) => known(`item.${name}`) ?? spaced(name);

/** Returns `[["Top", [category, …]], …]` in the taxonomy's order. */
export const categoriesByGreatCategory = () =>
  greatCategories.map((name) => [
    known(`great.${name}`) ?? spaced(name),
    categories.filter((category) => category.great_category === name),
  ]);
