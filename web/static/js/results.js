// The grid of hits with what leads on, and the messages shown instead of it.

import { card } from "./cards.js";
import { fill, find, make } from "./dom.js";
import { hasPicture, OTHER_KINDS } from "./state.js";
import { labelOf } from "./terms.js";
import { errorDetails, errorWords, noteWords, showsNoItem } from "./troubles.js";
import * as words from "./words.js";

const { known, number, t } = words;

const SORTED_HITS = 200; // the service sorts so many hits
const SEEN_AT_ONCE = 4; // cards whose pictures are not waited for until they are in view
const UNKNOWN = "unknown";
const AGAIN = [401, 403, 429]; // HTTP statuses of requests that may succeed later
const NEWEST = [
  ...["published_at", "created_at", "date_published", "date_created", "date_added", "added_at"],
  ...["release_date", "available_from", "new_since"],
]; // names of facts that say since when a product is sold

const isOther = (hit, query) => ![query.category.term, UNKNOWN].includes(hit.category);

/**
 * Shows an answer. `act` has what is done on a click: `more(product_id)`, `on()` for further hits,
 * `clear()` to remove all choices (null: there are none), `another()` for another photo, `change(patch)` of the search state. `sure` are terms that cards
 * may name, `narrowed` whether there are choices.
 */
export function showResults(answer, { state, sure, narrowed, act }) {
  const { hits, query } = answer;
  fill(find("look"));
  const relaxed = find("relaxed");
  relaxed.textContent = hits.length ? remark(query, state) : "";
  relaxed.hidden = !relaxed.textContent;
  fill(find("results"));
  find("results").dataset.queryId = answer.query_id;
  addHits(answer, 0, { state, sure, more: act.more });
  const found = hasPicture(state) ? t("heading") : t("heading_words");
  head(hits.length ? found : t("nothing_found"));
  fill(find("problem"), hits.length ? null : nothing(answer, state, narrowed, act));
  showOnward(answer, state, act);
  showSort(answer, state, act.change);
  showTiming(answer.took_ms);
}

/** Says for a screen reader what was found. */
export const foundWords = ({ hits, query }) =>
  query.box
    ? t("found", { count: hits.length, category: labelOf(query.category.term) })
    : t("found_words", { count: hits.length });

/** Says what is to be known about the order of the hits; "" if nothing is. */
function remark(query, state) {
  if (state.sort) return t("sorted_hint", { count: SORTED_HITS });
  return query.relaxed === "fewer-attributes" ? t("fewer_attributes") : "";
}

/** Adds the hits of an answer from a place on; those of other kinds have a heading of their own. */
export function addHits(answer, from, { state, sure, more }) {
  const { hits, query } = answer;
  const first = state.sort ? -1 : hits.findIndex((hit) => isOther(hit, query));
  const parts = hits.slice(from).flatMap((hit, place) => [
    from + place === first && query.category.term !== UNKNOWN
      ? make("li", { class: "other-kinds" }, make("h2", {}, t("other_kinds")))
      : null,
    card(hit, { more, sure, loading: from + place < SEEN_AT_ONCE ? "eager" : "lazy" }),
  ]);
  find("results").append(...parts.filter(Boolean));
}

const button = (label, onclick, key = null) =>
  make("button", { type: "button", class: "button", "data-key": key, onclick }, label);

/** Shows what leads on: further hits, or other kinds where those of this kind are all there. */
export function showOnward(answer, state, { on, change }) {
  const { hits, next, query } = answer;
  const category = labelOf(query.category.term);
  const kind = query.category.term !== UNKNOWN && hasPicture(state) && !showsNoItem(query);
  const parts = [];
  if (next) {
    parts.push(button(t("show_more"), on, "show-more"));
  } else if (kind && !state.relax) {
    const key = hits.length ? "kind_count" : "kind_none";
    parts.push(make("p", {}, t(key, { count: hits.length, category })));
    parts.push(button(t("show_other_kinds"), () => change({ relax: OTHER_KINDS }), "other-kinds"));
  } else if (kind) {
    parts.push(plain(t("only_kind", { category }), () => change({ relax: null }), "only-kind"));
  }
  fill(find("onward"), parts);
}

const plain = (label, onclick, key) =>
  make("button", { type: "button", class: "plain", "data-key": key, onclick }, label);

function nothing(answer, state, narrowed, { clear, another }) {
  const { query } = answer;
  if (showsNoItem(query)) {
    const lines = query.notes.map((note) => make("p", {}, noteWords(words, note)));
    return make("div", { class: "empty" }, lines, button(t("choose_another"), another));
  }
  const other = query.category.term !== UNKNOWN && hasPicture(state) && !state.relax;
  if (!narrowed && other) return null;
  return make(
    "div",
    { class: "empty" },
    make("p", {}, narrowed ? t("no_piece") : state.q ? t("nothing_found") : t("empty")),
    narrowed && clear ? button(t("clear_all"), clear) : null,
  );
}

/** Shows the orders of the hits; by the newest only where the shop has a field for it. */
export function showSort({ hits }, state, change) {
  const newest = NEWEST.find((name) => hits.some((hit) => hit.product[name] != null));
  const orders = [
    ["", t("sort_looks")],
    ["price:asc", t("sort_price_up")],
    ["price:desc", t("sort_price_down")],
    newest ? [`${newest}:desc`, t("sort_newest")] : null,
  ].filter(Boolean);
  const chosen = state.sort ?? "";
  if (!orders.some(([value]) => value === chosen)) orders.push([chosen, chosen]);
  const select = find("sort");
  fill(select, orders.map(([value, label]) => make("option", { value, selected: value === chosen }, label)));
  select.onchange = () => change({ sort: select.value || null });
  find("sort-line").hidden = !hits.length;
}

const STAGES = ["decode", "extract", "candidates", "rerank", "fetch", "total"];

export function showTiming(took) {
  const timing = find("timing");
  timing.hidden = false;
  const row = (stage) => [
    make("dt", {}, t(`stage.${stage}`)),
    make("dd", {}, `${number(Math.round(10 * took[stage]) / 10)} ms`),
  ];
  fill(timing.querySelector("dl"), STAGES.filter((stage) => stage in took).flatMap(row));
}

/**
 * Shows an error and a way out: `again()` if a retry may succeed, `clear()` if the choices were
 * refused, else `another()`; null where there is no such way.
 */
export function showProblem(error, { again, another, clear }) {
  reset();
  fill(find("results"));
  head(t(error.unavailable ? "unavailable" : "did_not_work"));
  const away = error.unavailable && !known(`error.${error.code}`);
  const [label, onclick] = error.unavailable || AGAIN.includes(error.status)
    ? [t("try_again"), again]
    : error.status === 400 && clear
      ? [t("clear_all"), clear]
      : [t("choose_another"), another];
  fill(
    find("problem"),
    make(
      "div",
      { class: "empty" },
      make("p", {}, away ? t("unavailable_words") : errorWords(words, error)),
      onclick ? button(label, onclick) : null,
      errorDetails(words, error),
    ),
  );
}

/** Shows grey placeholders for the hits and clears the last item's category and attributes. */
export function showWaiting(count = 8) {
  reset();
  for (const id of ["understood", "looks", "filters", "problem"]) fill(find(id));
  find("applied").hidden = true;
  head(t("looking"));
  fill(
    find("results"),
    Array.from({ length: count }, () =>
      make("li", { class: "card ghost", "aria-hidden": "true" }, make("span", { class: "plate" })),
    ),
  );
}

export function reset() {
  for (const id of ["relaxed", "timing", "sort-line"]) find(id).hidden = true;
  for (const id of ["onward", "look"]) fill(find(id));
}

export function head(words) {
  find("results-heading").textContent = words;
}
