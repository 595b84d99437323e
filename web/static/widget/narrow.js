// The choices that narrow the hits: kind, colour, brand and price, each with its counts.

import { fill, make } from "../js/dom.js";
import { priceRange } from "../js/product.js";

const labels = new Map(); // promises of labels by language: those of the service's taxonomy

/** Fetches the labels of categories and colours, by term, once. */
export function fetchLabels(widget) {
  const { language } = widget.words;
  if (!labels.has(language)) {
    const fetched = widget.ask(`taxonomy?language=${language}`).then((taxonomy) => {
      const values = taxonomy.groups.flatMap((group) => group.values);
      return new Map([...taxonomy.categories, ...values].map(({ term, label }) => [term, label]));
    });
    fetched.catch(() => labels.delete(language));
    labels.set(language, fetched);
  }
  return labels.get(language);
}

const fieldOf = (filter) => filter.split(/[:=]/)[0];

/** Shows the choices; `change(patch)` is called with a patch of the search's state. */
export function showNarrowing(place, { widget, facets, state, labelOf, currency, change }) {
  const { words } = widget;
  const { t } = words;
  const fixed = new Set(widget.filters.map(fieldOf)); // the shop has decided about these
  const colour = state.require.find((term) => term.startsWith("colour:")) ?? "";

  /** Makes a choice among the values of a shop's field. */
  function ofField(field, name, label) {
    if (fixed.has(field)) return null;
    const others = state.filters.filter((filter) => fieldOf(filter) !== field);
    const chosen = state.filters.find((filter) => fieldOf(filter) === field) ?? "";
    const values = (facets[field] ?? []).map(({ value, count }) => [`${field}:${value}`, label(value), count]);
    const choose = (filter) => change({ filters: filter ? [...others, filter] : others });
    return choice(words, { key: field, name, any: t("any"), chosen, values, choose });
  }

  const byLabel = (counts) => (counts ?? []).map(({ value, count }) => [value, labelOf(value), count]);
  fill(
    place,
    choice(words, {
      key: "category",
      name: t("kind"),
      any: t("as_recognised"),
      chosen: state.category ?? "",
      values: byLabel(facets.category),
      choose: (term) => change({ category: term || null }),
    }),
    choice(words, {
      key: "colour",
      name: t("colour"),
      any: t("any"),
      chosen: colour,
      values: byLabel(facets.colour),
      choose: (term) => change({ require: term ? [term] : [] }),
    }),
    ofField("brand", t("brand"), (value) => value),
    ofField("price", t("price"), (range) => priceRange(words, range, currency)),
  );
}

/** Makes a labelled menu of values, `[value, label, count]` each; null where none can be chosen. */
function choice({ number }, { key, name, any, chosen, values, choose }) {
  if (values.length < 2 && !chosen) return null;
  const all = values.some(([value]) => value === chosen) || !chosen ? values : [[chosen, chosen, 0], ...values];
  const option = ([value, label, count]) =>
    make("option", { value, selected: value === chosen }, `${label} (${number(count)})`);
  return make(
    "label",
    { class: "choice", part: "facet" },
    make("span", {}, name),
    make(
      "select",
      { "data-key": key, onchange: ({ currentTarget }) => choose(currentTarget.value) },
      make("option", { value: "" }, any),
      all.map(option),
    ),
  );
}
