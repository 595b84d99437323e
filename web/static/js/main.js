// The search page: every control changes the state, and every state is searched and shown.

import {
  getFacets,
  getProduct,
  imageFile,
  ApiError,
  searchByPhoto,
  searchByProduct,
} from "./api.js";
import { find, say } from "./dom.js";
import { showFilters } from "./filters.js";
import { watchIndexing } from "./indexing.js";
import { takePhotos } from "./intake.js";
import { detectedItems, itemAt, onlyCategory } from "./items.js";
import { createPicture } from "./picture.js";
import { showUnderstanding } from "./refine.js";
import { isSoldOut, showProblem, showResults, showWaiting, titleOf } from "./results.js";
import { showSamples, showStart } from "./start.js";
import { address, createHistory, EMPTY, keepPhoto, keepUpright, photoOf } from "./state.js";
import { labelOf, loadTerms } from "./terms.js";

const LOST_PHOTO =
  "This address was made with a photo that only its owner has. Add one of yours: the choices made with it are kept.";
const MAX_KEPT = 30;

const kept = new Map(); // answers by address, so that going back is instant
const predicted = new Map(); // categories by photo or product, from answers without a choice
let asking = null; // the AbortController of the search under way

const steps = createHistory(update);
const picture = createPicture((box) => steps.go({ box }));
const change = (patch) => steps.go(patch);
// Choices that stay when another item is searched.
const lasting = ({ filters, sold_out, appearance_weight }) => ({
  ...EMPTY,
  filters,
  sold_out,
  appearance_weight,
});
const more = (id) => steps.go({ ...lasting(steps.current), like: id });
const NO_CHOICES = {
  filters: [],
  require: [],
  exclude: [],
  sold_out: null,
  category: null,
  box: null,
};
const clear = () => steps.go(NO_CHOICES);

async function update(state, why, scroll = 0) {
  asking?.abort();
  if (subjectOf(state) !== update.subject) picture.leave();
  const lost = state.photo && !photoOf(state);
  const started = Boolean(state.like || state.photo) && !lost;
  find("start").hidden = started;
  find("search").hidden = !started;
  find("another").hidden = !started;
  if (!started) {
    busy(false);
    document.title = "Houndstooth: find it by how it looks";
    await showStart(lost ? LOST_PHOTO : null, more);
    if (why === "history") scrollTo({ top: scroll });
    return;
  }
  asking = new AbortController();
  const { signal } = asking;
  try {
    await search(state, why, scroll, signal);
  } catch (error) {
    if (signal.aborted) return;
    const expected = error instanceof ApiError;
    const chosen = address(state) !== address({ ...state, ...NO_CHOICES });
    showProblem(expected ? error : new ApiError("The search failed.", 0), {
      again: () => update(state, "again"),
      another: () => find("file").click(),
      clear: chosen ? clear : null,
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
    known ?? answerTo(state, signal),
  ]);
  if (signal.aborted) return;
  keep(key, answer);
  show(state, item, answer);
  if (why === "history") scrollTo({ top: scroll });
  else if (fresh) find("results-heading").focus({ preventScroll: true });
  say(`${answer.hits.length} products found, taken for ${labelOf(answer.query.category.term)}.`);
  await narrow(state, answer, signal);
}

const subjectOf = (state) => (state.like ? `like:${state.like}` : `photo:${state.photo}`);

function keep(key, answer) {
  kept.delete(key);
  kept.set(key, answer);
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value);
}

/** Returns the query item, `{title, url, drawable, category}`, and shows its picture at once. */
async function itemOf(state, signal) {
  const photo = photoOf(state);
  let item = { title: "Your photo", url: photo?.url, drawable: photo?.upright, category: null };
  if (!photo) {
    const product = await getProduct(state.like);
    const url = product.product.image_url;
    const { category } = product;
    item = { title: titleOf(product), url, drawable: Boolean(url?.startsWith("/")), category };
  }
  if (!signal.aborted) {
    const items = detectedItems(subjectOf(state));
    picture.show({ ...item, alt: item.title, box: state.box, items });
    find("caption").textContent = item.title;
  }
  return item;
}

async function answerTo(state, signal) {
  const photo = photoOf(state);
  if (photo) return answerToPhoto(state, photo, signal);
  if (!state.box) return searchByProduct(state, signal);
  const { product } = await getProduct(state.like);
  const answer = await searchByPhoto(state, await imageFile(product.image_url, signal), signal);
  const own = (hit) => hit.product_id === state.like || hit.variants.includes(state.like);
  return { ...answer, hits: answer.hits.filter((hit) => !own(hit)) };
}

async function answerToPhoto(state, photo, signal) {
  const answer = await searchByPhoto(state, photo.file, signal, !photo.upright);
  const { preview, ...query } = answer.query;
  if (preview) keepUpright(photo, preview);
  return { ...answer, query };
}

function show(state, found, answer) {
  const { box, categories } = answer.query;
  const photo = photoOf(state);
  const item = photo ? { ...found, url: photo.url, drawable: true } : found;
  const subject = subjectOf(state);
  const items = detectedItems(subject, answer.query.items);
  find("caption").textContent = [item.title, ...answer.query.notes].join(": ");
  picture.show({ ...item, alt: item.title, box, items });
  const chosen = state.category && state.category !== onlyCategory(itemAt(items, state.box));
  if (!chosen) predicted.set(subject, categories);
  const own = item.category ? [{ term: item.category, confidence: 1 }] : [];
  showUnderstanding(answer.query, {
    predicted: predicted.get(subject) ?? own,
    items,
    state,
    change,
    point: picture.point,
  });
  const weight = state.appearance_weight ?? Number(document.body.dataset.appearanceWeight);
  find("appearance-weight").value = String(1 - weight);
  const lists = [state.filters, state.require, state.exclude];
  const narrowed = lists.some((list) => list.length) || state.sold_out === "hide";
  showResults(answer, { more, clear, narrowed });
  document.title = `Like ${item.title} · Houndstooth`;
}

/** Fetches the facets after the grid is shown, so that it need not wait for them. */
async function narrow(state, answer, signal) {
  const wide = answer.query.relaxed.endsWith("category") && !state.category;
  const category = answer.query.category.term;
  const facets = await getFacets(state, wide ? null : category, signal).catch(() => ({}));
  const currency = answer.hits.find((hit) => hit.product.currency)?.product.currency;
  const soldOut = answer.hits.some(isSoldOut);
  if (!signal.aborted) showFilters({ facets, category, currency, soldOut, state, change });
}

function busy(waiting) {
  find("results").setAttribute("aria-busy", String(waiting));
  find("progress").hidden = !waiting;
}

takePhotos((file) => {
  const { current } = steps;
  const lost = current.photo && !photoOf(current);
  steps.go({ ...(lost ? current : lasting(current)), photo: keepPhoto(file) });
});
find("appearance-weight").addEventListener("change", (event) =>
  change({ appearance_weight: Math.round(100 * (1 - event.target.value)) / 100 }),
);
find("home").addEventListener("click", (event) => {
  event.preventDefault();
  steps.go(EMPTY);
});

/** Forgets kept answers, which lack the new products; the page itself stays as it is. */
function arrived() {
  kept.clear();
  if (!find("start").hidden) showSamples(more);
}

find("filters").open = matchMedia("(min-width: 901px)").matches; // closed on a phone

loadTerms()
  .catch(() => null) // terms are shown as they are where their labels cannot be had
  .then(() => watchIndexing(arrived))
  .then(() => update(steps.current, "arrived"));
