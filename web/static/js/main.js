// The search page: every control changes the state, and every state is searched and shown.

import { getFacets, getProduct, imageFile, searchByPhoto, searchByProduct, searchByWords } from "./api.js";
import { clearing, showApplied } from "./applied.js";
import { showWords, takeWords } from "./ask.js";
import { plainly } from "./cards.js";
import { find, say } from "./dom.js";
import { forgetClient, watchClicks } from "./events.js";
import { showFilters } from "./filters.js";
import { watchIndexing } from "./indexing.js";
import { takePhotos } from "./intake.js";
import { detectedItems, itemAt, onlyCategory } from "./items.js";
import { itemsOf, lookFor, lookWords, showLook } from "./look.js";
import { keepPhoto, keepUpright, photoOf, restorePhotos } from "./photo.js";
import { createPicture } from "./picture.js";
import { isSoldOut, titleOf } from "./product.js";
import { addRecent, forgetRecent, showRecent } from "./recent.js";
import { showUnderstanding, sureTerms } from "./refine.js";
import { ApiError } from "./request.js";
import { addHits, foundWords, showOnward, showProblem, showResults, showWaiting } from "./results.js";
import { showSavedCount } from "./saved.js";
import { showSaved } from "./saved-page.js";
import { showSamples, showStart } from "./start.js";
import { address, createHistory, EMPTY, hasPicture, subjectOf } from "./state.js";
import { loadTerms } from "./terms.js";
import { captionOf } from "./troubles.js";
import { showVariants } from "./variants.js";
import * as words from "./words.js";

const { t } = words;
const MAX_KEPT = 30;

const goingOn = new WeakSet(); // answers whose next page is on its way
const kept = new Map(); // answers by address, so that going back is instant
const predicted = new Map(); // categories by photo or product, from answers without a choice
let asking = null; // the AbortController of the search under way

const steps = createHistory(update);
const picture = createPicture(find("picture"), words, (box) => steps.go({ box, look: null }));
const change = (patch) => steps.go(patch);
// Choices that stay when another item is searched; all others were about the item before.
const lasting = ({ filters, sold_out, sort, appearance_weight }) => ({
  ...EMPTY,
  filters,
  sold_out,
  sort,
  appearance_weight,
});
const more = (id) => steps.go({ ...lasting(steps.current), like: id });
const again = ({ like, photo }) => steps.go({ ...EMPTY, like, photo });
const another = () => find("file").click();

async function update(state, why, scroll = 0) {
  asking?.abort();
  if (subjectOf(state) !== update.subject) picture.leave();
  const lost = state.photo && !photoOf(state);
  const started = Boolean(hasPicture(state) || state.q) && !lost && !state.saved;
  showWords(state.q, started && hasPicture(state));
  find("start").hidden = started || state.saved;
  find("saved").hidden = !state.saved;
  find("search").hidden = !started;
  find("another").hidden = !started && !state.saved;
  if (!started) {
    busy(false);
    document.title = t("title");
    if (state.saved) await showSaved(more);
    else await showStart(lost ? t("lost_photo") : null, more, again);
    if (why === "history") scrollTo({ top: scroll });
    else if (state.saved) find("saved-heading").focus();
    return;
  }
  asking = new AbortController();
  const { signal } = asking;
  try {
    await search(state, why, scroll, signal);
  } catch (error) {
    if (signal.aborted) return;
    const expected = error instanceof ApiError;
    showApplied(state, null, change);
    showProblem(expected ? error : new ApiError(t("service_failed"), 0), {
      again: () => update(state, "again"),
      another: hasPicture(state) ? another : null,
      clear: clearing(state, change),
    });
    say("");
    if (!expected) throw error;
  } finally {
    if (!signal.aborted) busy(false);
  }
}

async function search(state, why, scroll, signal) {
  const fresh = subjectOf(state) !== update.subject;
  update.subject = subjectOf(state);
  const key = address(state);
  const known = kept.get(key);
  if (!known) busy(true);
  if (fresh && !known) showWaiting();
  if (fresh && why !== "history") scrollTo({ top: 0 });
  const [item, answer] = await Promise.all([
    itemOf(state, signal),
    known ?? answerTo(state, null, signal),
  ]);
  if (signal.aborted) return;
  keep(key, answer);
  if (hasPicture(state)) addRecent({ ...state, ...item });
  if (state.look) showWhole(state, item, answer);
  else show(state, item, answer, signal);
  if (why === "history") scrollTo({ top: scroll });
  else if (fresh) find("results-heading").focus({ preventScroll: true });
  say(state.look ? lookWords(answer) : foundWords(answer));
  await narrow(state, answer, signal);
  if (state.look) return;
  await showVariants(answer.hits, more, signal).catch(() => null); // cards are complete without
}

function keep(key, answer) {
  kept.delete(key);
  kept.set(key, answer);
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value);
}

/** Returns the query item, `{title, url, drawable, category, worn}`, and shows its picture at once. */
async function itemOf(state, signal) {
  if (!hasPicture(state)) return { title: state.q, url: null, drawable: false, category: null };
  const photo = photoOf(state);
  let item = { title: t("your_photo"), url: photo?.url, drawable: photo?.upright, category: null };
  if (!photo) {
    const product = await getProduct(state.like);
    const url = product.product.image_url;
    const { category } = product;
    const worn = product.worn_with.length > 0;
    item = { title: titleOf(product), url, drawable: Boolean(url?.startsWith("/")), category, worn };
  }
  if (!signal.aborted) {
    const items = detectedItems(subjectOf(state));
    picture.show({ ...item, alt: item.title, box: state.box, items });
    find("caption").textContent = item.title;
  }
  return item;
}

/** Searches; `before` is the answer with the hits that are there already, if any. */
async function answerTo(state, before, signal) {
  const photo = photoOf(state);
  if (state.look) return lookFor(state, photo, signal);
  if (photo) return answerToPhoto(state, photo, before, signal);
  if (!state.like) return searchByWords(state, before, signal);
  if (!state.box) return searchByProduct(state, before, signal);
  const { product } = await getProduct(state.like);
  const file = await imageFile(product.image_url, signal);
  const answer = await searchByPhoto(state, file, before, signal);
  const own = (hit) => hit.product_id === state.like || hit.variants.includes(state.like);
  return { ...answer, hits: answer.hits.filter((hit) => !own(hit)) };
}

async function answerToPhoto(state, photo, before, signal) {
  const answer = await searchByPhoto(state, photo.file, before, signal, !photo.upright);
  const { preview, ...query } = answer.query;
  if (preview) keepUpright(photo, preview);
  return { ...answer, query };
}

/** Returns the item with the photo as the service sees it, if it is one. */
function uprightItem(state, found) {
  const photo = photoOf(state);
  return photo ? { ...found, url: photo.url, drawable: true } : found;
}

function showWhole(state, found, answer) {
  const item = uprightItem(state, found);
  const items = itemsOf(answer, state, subjectOf(state));
  picture.show({ ...item, alt: item.title, box: null, items });
  showWeight(state);
  showApplied({ ...state, category: null }, currencyOf(answer), change);
  showLook(answer, { state, item, items, act: { more, change }, point: picture.point });
  document.title = `${item.title} · Houndstooth`;
}

function show(state, found, answer, signal) {
  const { box, categories } = answer.query;
  const item = uprightItem(state, found);
  const subject = subjectOf(state);
  const items = detectedItems(subject, answer.query.items);
  find("caption").textContent = captionOf(words, item.title, answer.query);
  if (hasPicture(state)) picture.show({ ...item, alt: item.title, box, items });
  const chosen = state.category && state.category !== onlyCategory(itemAt(items, state.box));
  if (!chosen) predicted.set(subject, categories);
  const own = item.category ? [{ term: item.category, confidence: 1 }] : [];
  showUnderstanding(answer.query, {
    predicted: predicted.get(subject) ?? own,
    items,
    worn: item.worn,
    state,
    change,
    point: picture.point,
  });
  showWeight(state);
  const narrowed = showApplied(state, currencyOf(answer), change, answer.query.understood) > 0;
  const sure = sureTerms(answer.query, state);
  const on = () => goOn(state, answer, { sure, signal, act });
  const act = { more, clear: clearing(state, change), another, change, on };
  showResults(answer, { state, sure, narrowed, act });
  document.title = `${item.title} · Houndstooth`;
}

function showWeight(state) {
  const weight = state.appearance_weight ?? Number(document.body.dataset.appearanceWeight);
  find("appearance-weight").value = String(1 - weight);
}

const hitsOf = (answer) => answer.items?.flatMap(({ hits }) => hits) ?? answer.hits;
const currencyOf = (answer) => hitsOf(answer).find((hit) => hit.product.currency)?.product.currency;

/** Adds the next page of hits to the answer and to the grid. */
async function goOn(state, answer, { sure, signal, act }) {
  if (goingOn.has(answer)) return;
  goingOn.add(answer);
  const from = answer.hits.length;
  busy(true);
  try {
    const next = await answerTo(state, answer, signal);
    answer.hits = [...answer.hits, ...next.hits];
    answer.next = next.next;
    if (next.hits.length) answer.query.relaxed = next.query.relaxed;
  } catch {
    if (!signal.aborted) say(t("more_failed"));
    return;
  } finally {
    goingOn.delete(answer);
    if (!signal.aborted) busy(false);
  }
  if (signal.aborted) return;
  addHits(answer, from, { state, sure, more });
  showOnward(answer, state, act);
  say(t("more_came", { count: answer.hits.length - from }));
  const fresh = answer.hits.slice(from);
  if (fresh.length) {
    const first = `.card[data-id="${CSS.escape(fresh[0].product_id)}"] .card-link`;
    find("results").querySelector(first)?.focus({ preventScroll: true });
    await showVariants(fresh, more, signal).catch(() => null);
  }
}

/** Fetches the facets after the grid is shown, so that it need not wait for them. */
async function narrow(state, answer, signal) {
  const category = state.look ? null : answer.query.category.term;
  const wide = state.look || (answer.query.relaxed.endsWith("category") && !state.category);
  const asked = hasPicture(state) ? (wide ? null : category) : state.category;
  const facets = await getFacets(state, asked, signal).catch(() => ({}));
  if (state.look) delete facets.category; // each item has its own
  const soldOut = hitsOf(answer).some(isSoldOut);
  const currency = currencyOf(answer);
  if (!signal.aborted) showFilters({ facets, category, currency, soldOut, state, change });
}

function busy(waiting) {
  find("results").setAttribute("aria-busy", String(waiting));
  find("progress").hidden = !waiting;
}

takePhotos(async (file) => {
  busy(true);
  const photo = await keepPhoto(file);
  const { current } = steps;
  const lost = current.photo && !photoOf(current);
  const patch = { ...(lost ? current : lasting(current)), photo };
  if (!steps.go(patch)) await update(current, "again"); // the photo that is searched for already
});
takeWords((q) => steps.go(hasPicture(steps.current) ? { q } : { ...EMPTY, q }));
find("appearance-weight").addEventListener("change", (event) =>
  change({ appearance_weight: Math.round(100 * (1 - event.target.value)) / 100 }),
);
find("home").addEventListener("click", plainly(() => steps.go(EMPTY)));
find("saved-link").addEventListener("click", plainly(() => steps.go({ ...EMPTY, saved: true })));
find("forget").addEventListener("click", async () => {
  await forgetRecent(null);
  forgetClient();
  showRecent(again);
});

/** Forgets kept answers, which lack the new products; the page itself stays as it is. */
function arrived() {
  kept.clear();
  if (!find("start").hidden) showSamples(more);
}

find("refine").open = matchMedia("(min-width: 901px)").matches; // closed on a phone
showSavedCount();
for (const id of ["results", "look"]) watchClicks(find(id));

Promise.all([
  restorePhotos(),
  loadTerms().catch(() => null), // terms are shown as they are where their labels cannot be had
])
  .then(() => watchIndexing(arrived))
  .then(() => update(steps.current, "arrived"));
