// The REST client of the page.

import { clientId } from "./events.js";
import { ApiError, request } from "./request.js";
import { COMPLETE, OWN_KIND, parameters } from "./state.js";
import * as words from "./words.js";

const { language, t } = words;
const BASE = "/api/v1";
export const TOP = 24;
const LOOK_TOP = 8; // hits of each item of a look
const MAX_IDS = 50; // that one request may name

const ask = (path, options = {}) => request(BASE + path, options, words);

export const getTaxonomy = () => ask(`/taxonomy?language=${language}`);
export const getJobs = () => ask("/jobs").then((body) => body.jobs);
export const getJob = (id) => ask(`/jobs/${encodeURIComponent(id)}`);
export const getProgress = () => ask("/progress").then((body) => body.progress);
export const getSamples = () => ask("/samples").then((body) => body.products);

const products = new Map();

/** Fetches a product by id, once. */
export function getProduct(id) {
  if (!products.has(id)) {
    const product = ask(`/products/${encodeURIComponent(id)}`);
    products.set(id, product);
    product.catch(() => products.delete(id));
  }
  return products.get(id);
}

/** Fetches products by id, those that are there; `variants` adds the other variants of each. */
export async function getProducts(ids, { variants = false, signal } = {}) {
  const parts = [];
  for (let from = 0; from < ids.length; from += MAX_IDS) parts.push(ids.slice(from, from + MAX_IDS));
  const answers = parts.map((part) => {
    const query = new URLSearchParams(part.map((id) => ["id", id]));
    if (variants) query.set("variants", "yes");
    return ask(`/products?${query}`, { signal });
  });
  return (await Promise.all(answers)).flatMap((body) => body.products);
}

export function getFacets(state, category, signal) {
  const others = { box: null, relax: null, sort: null, appearance_weight: null };
  const query = parameters({ ...state, ...others, category });
  return ask(`/facets?${query}`, { signal }).then((body) => body.facets);
}

/** Returns the parameters of a page of hits; `before` is the answer that it goes on after. */
function pageOf(state, before) {
  const query = parameters(state);
  query.set("relax", state.relax ?? OWN_KIND);
  query.set("top", TOP);
  if (clientId()) query.set("client_id", clientId());
  if (before) query.set("cursor", before.next);
  if (before) query.set("query_id", before.query_id);
  return query;
}

export function searchByProduct(state, before, signal) {
  const query = pageOf(state, before);
  return ask(`/products/${encodeURIComponent(state.like)}/similar?${query}`, { signal });
}

export function searchByWords(state, before, signal) {
  return ask(`/search?${pageOf(state, before)}`, { signal });
}

/** Searches by a photo; with `preview` the answer has it as the service sees it. */
export function searchByPhoto(state, file, before, signal, preview = false) {
  return sendPhoto(file, pageOf(state, before), signal, preview);
}

function sendPhoto(file, query, signal, preview) {
  const form = new FormData();
  form.set("image", file, file.name || "photo");
  for (const [name, value] of query) form.append(name, value);
  if (preview) form.set("preview", "yes");
  return ask("/search", { method: "POST", body: form, signal });
}

/** Searches for each item of a look: in a photo, in a product's picture, or what goes with it. */
export function searchLook(state, file, signal, preview = false) {
  const query = pageOf({ ...state, q: null, category: null, box: null });
  query.set("top", LOOK_TOP);
  if (state.look !== COMPLETE) query.set("items", "all");
  if (file) return sendPhoto(file, query, signal, preview);
  const route = state.look === COMPLETE ? "outfit" : "similar";
  return ask(`/products/${encodeURIComponent(state.like)}/${route}?${query}`, { signal });
}

/** Fetches a product's image as a file, to search with a box drawn on it. */
export async function imageFile(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new ApiError(t("image_gone"), response.status);
  return response.blob();
}
