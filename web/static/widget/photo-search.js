// A search by photo within the dialog: the item and its box, what was found, and what leads on.

import { fill, make } from "../js/dom.js";
import { createPicture } from "../js/picture.js";
import { reduced } from "../js/reduce.js";
import { EMPTY, OTHER_KINDS, OWN_KIND, parameters, sameBox } from "../js/state.js";
import { errorDetails, noteWords, showsNoItem } from "../js/troubles.js";
import { card } from "./card.js";
import { fetchLabels, showNarrowing } from "./narrow.js";

const TOP = 24;
const MAX_ITEMS = 8;
const SEEN_AT_ONCE = 4; // cards whose pictures are not waited for until they are in view
const UNKNOWN = "unknown";
const BUSY = 429; // HTTP status

/** Returns the function that searches for a photo and shows in `place` what is found. */
export function createSearch(widget, place, another) {
  const { t } = widget.words;
  const frame = make("div", { class: "picture" });
  const chips = make("div", { class: "chips", role: "group", "aria-label": t("which") });
  const narrowing = make("div", { class: "narrowing", part: "facets" });
  const heading = make("h3", { class: "heading", part: "heading", tabindex: "-1" });
  const problem = make("div", { class: "problem", part: "note", role: "alert" });
  const list = make("ol", { class: "grid", part: "hits" });
  const onward = make("div", { class: "onward" });
  const status = make("p", { class: "unseen", role: "status" });
  const results = make("div", { class: "results" }, heading, narrowing, problem, list, onward);
  const item = make("div", { class: "item" }, frame, chips, button(t("choose_another"), another));
  place.append(item, results, status);
  const picture = createPicture(frame, widget.words, (box) => change({ box }));

  let asking = null; // the AbortController of the search under way
  let photo = null; // `{file, url, upright}`
  let items = []; // found in the photo; a search with a box returns none
  let labels = new Map(); // by term
  let state = EMPTY;

  function button(words, onclick) {
    return make("button", { type: "button", class: "button", part: "action", onclick }, words);
  }

  function change(patch) {
    state = { ...state, relax: null, ...patch };
    return search();
  }

  /** Searches as the state says, and shows the answer. */
  async function search({ fresh = false } = {}) {
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    busy(true);
    if (fresh) wait();
    if (heading.getBoundingClientRect().top < 0) heading.scrollIntoView(); // scrolled past
    try {
      const [answer, found] = await Promise.all([
        fetchHits(null, signal),
        fetchLabels(widget).catch(() => labels), // terms are shown as they are without
      ]);
      if (signal.aborted) return;
      labels = found;
      show(answer, signal);
      widget.tellQuery("photo", answer);
      if (fresh) heading.focus({ preventScroll: true });
      await narrow(answer, signal);
    } catch (error) {
      if (!signal.aborted) fail(error);
    } finally {
      if (!signal.aborted) busy(false);
    }
  }

  /**
   * Fetches hits, or those after an answer's. The first answer has the photo as the service sees
   * it: boxes lie on that.
   */
  async function fetchHits(before, signal) {
    const form = new FormData();
    form.set("image", photo.file, photo.file.name || "photo");
    for (const [name, value] of parameters(state)) form.append(name, value);
    form.set("relax", state.relax ?? OWN_KIND);
    form.set("top", TOP);
    if (widget.client) form.set("client_id", widget.client);
    if (before) form.set("cursor", before.next);
    if (before) form.set("query_id", before.query_id); // all pages are one query
    if (!photo.upright) form.set("preview", "yes");
    const answer = await widget.ask("search", { method: "POST", body: form, signal });
    const { preview } = answer.query;
    if (preview) {
      URL.revokeObjectURL(photo.url);
      Object.assign(photo, { url: preview, upright: true });
    }
    return answer;
  }

  function show(answer, signal) {
    const { hits, query } = answer;
    if (query.items.length) items = query.items.slice(0, MAX_ITEMS);
    const shown = items.length > 1 ? items : [];
    picture.show({ url: photo.url, alt: t("your_photo"), box: query.box, drawable: true, items: shown });
    fill(chips, shown.map((one) => itemChip(one, query.box)));
    chips.hidden = !shown.length;
    heading.textContent = t(hits.length ? "heading" : "nothing_found");
    fill(problem, query.notes.map((note) => make("p", {}, noteWords(widget.words, note))));
    fill(list);
    add(answer, 0);
    lead(answer, signal);
    say(t("found", { count: hits.length, category: labelOf(query.category.term) }));
  }

  const labelOf = (term) => labels.get(term) ?? (term === UNKNOWN ? t("something_else") : term);

  /** Makes the chip of an item; items of one label are numbered. */
  function itemChip(one, box) {
    const alike = items.filter(({ label }) => label === one.label);
    const name = widget.words.known(`item.${one.label}`) ?? one.label;
    const category = one.categories.length === 1 ? one.categories[0] : null;
    return make(
      "button",
      {
        type: "button",
        class: "chip",
        part: "chip",
        "data-key": `item-${items.indexOf(one)}`,
        "aria-pressed": String(sameBox(one.box, box)),
        onclick: () => change({ box: one.box, category, require: [] }),
        onpointerenter: () => picture.point(one),
        onpointerleave: () => picture.point(null),
      },
      alike.length > 1 ? `${name} ${alike.indexOf(one) + 1}` : name,
    );
  }

  /** Adds the hits of an answer from a place on. */
  function add(answer, from) {
    const cards = answer.hits.slice(from).map((hit, at) => {
      const loading = from + at < SEEN_AT_ONCE ? "eager" : "lazy";
      return card(widget, hit, { by: "photo", query: answer.query_id, place: from + at + 1, loading });
    });
    list.append(...cards);
  }

  /** Shows what leads on: further hits, or other kinds where those of this kind are all there. */
  function lead(answer, signal) {
    const { hits, next, query } = answer;
    const category = query.category.term;
    if (next) return fill(onward, button(t("show_more"), () => goOn(answer, signal)));
    if (category === UNKNOWN || state.relax || showsNoItem(query)) return fill(onward);
    const key = hits.length ? "kind_count" : "kind_none";
    const words = t(key, { count: hits.length, category: labelOf(category) });
    const others = () => change({ relax: OTHER_KINDS });
    return fill(onward, make("p", {}, words), button(t("show_other_kinds"), others));
  }

  async function goOn(answer, signal) {
    const from = answer.hits.length;
    fill(onward);
    busy(true);
    try {
      const next = await fetchHits(answer, signal);
      if (signal.aborted) return;
      answer.hits = [...answer.hits, ...next.hits];
      answer.next = next.next;
      add(answer, from);
      widget.tellQuery("photo", next);
      say(t("more_came", { count: next.hits.length }));
      list.children[from]?.querySelector(".card-link").focus({ preventScroll: true });
    } catch {
      if (!signal.aborted) say(t("more_failed"));
    } finally {
      if (!signal.aborted) {
        busy(false);
        lead(answer, signal);
      }
    }
  }

  /** Fetches the facets after the hits are shown, so that these need not wait for them. */
  async function narrow({ hits, query }, signal) {
    const asked = { ...state, box: null, relax: null, category: query.category.term };
    const facets = await widget.ask(`facets?${parameters(asked)}`, { signal }).catch(() => null);
    if (signal.aborted || !facets) return;
    const currency = hits.find((hit) => hit.product.currency)?.product.currency;
    showNarrowing(narrowing, { widget, facets: facets.facets, state, labelOf, currency, change });
  }

  function fail(error) {
    heading.textContent = t("did_not_work");
    for (const part of [list, onward, narrowing]) fill(part);
    const mayPass = (error.unavailable && !error.fault) || error.status === BUSY;
    const again = mayPass ? button(t("try_again"), () => search()) : null;
    fill(problem, make("p", {}, widget.explain(error)), again, errorDetails(widget.words, error));
    say("");
  }

  function wait() {
    for (const part of [chips, narrowing, problem, onward]) fill(part);
    heading.textContent = t("looking");
    const ghost = () =>
      make("li", { class: "card ghost", "aria-hidden": "true" }, make("span", { class: "plate" }));
    fill(list, Array.from({ length: 8 }, ghost));
  }

  function busy(waiting) {
    results.setAttribute("aria-busy", String(waiting));
  }

  function say(words) {
    status.textContent = words;
  }

  return async (file) => {
    asking?.abort();
    picture.leave();
    if (photo) URL.revokeObjectURL(photo.url);
    photo = { file, url: URL.createObjectURL(file), upright: false };
    items = [];
    state = { ...EMPTY, filters: widget.filters };
    picture.show({ url: photo.url, alt: t("your_photo"), box: null, drawable: false });
    const mine = photo;
    const copy = await reduced(file);
    if (mine !== photo) return; // another photo came meanwhile
    photo.file = copy;
    await search({ fresh: true });
  };
}
