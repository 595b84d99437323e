// How a job's feed was read: columns by role, and counts with examples.

import { make } from "./dom.js";

export const count = (number) => number.toLocaleString("en");

/** Shows what each role was read from, and what was left out, changed or decided. */
export function reading({ survey, left_out, notes, categories }) {
  return [
    survey && make("p", {}, `Read as ${survey.read_as}.`),
    survey && rolesTable(survey),
    survey?.empty.length ? make("p", {}, `Empty: ${survey.empty.join(", ")}.`) : null,
    survey?.other_columns.length
      ? make("p", {}, `Stored as facts, not understood: ${survey.other_columns.join(", ")}.`)
      : null,
    survey?.folded ? make("p", {}, `Folded into other rows: ${count(survey.folded)} rows.`) : null,
    survey && Object.keys(survey.inherited).length
      ? make(
          "p",
          {},
          "Variants took from their product: ",
          Object.entries(survey.inherited)
            .map(([role, number]) => `${role} (${count(number)})`)
            .join(", "),
        )
      : null,
    tally("Left out", left_out),
    tally("Noted", notes),
    tally("Categories", categories),
  ].flat();
}

const rolesTable = ({ roles, products }) =>
  make(
    "table",
    {},
    make(
      "thead",
      {},
      make("tr", {}, ["Role", "Read from", "Filled"].map((name) => make("th", { scope: "col" }, name))),
    ),
    make(
      "tbody",
      {},
      Object.entries(roles).map(([role, { columns, filled }]) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, role),
          make("td", {}, columns.join(", ")),
          make("td", {}, filled === null ? "" : `${count(filled)} of ${count(products)}`),
        ),
      ),
    ),
  );

/** Shows counts by kind with their examples; nothing if there are none. */
function tally(title, kinds) {
  const entries = Object.entries(kinds);
  if (!entries.length) return null;
  return [
    make("h3", {}, title),
    make(
      "ul",
      { class: "tally" },
      entries.map(([kind, found]) =>
        make(
          "li",
          {},
          `${kind}: ${count(found.count)}`,
          make("ul", { class: "examples" }, found.examples.map((example) => make("li", {}, example))),
        ),
      ),
    ),
  ];
}
