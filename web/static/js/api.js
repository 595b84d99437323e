// The REST client. Every failure becomes an `ApiError` with a message to show.

import { parameters } from "./state.js";

const BASE = "/api/v1";
export const TOP = 24;
const TIMEOUT_MS = 60_000;

export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }

  get sentence() {
    const { message } = this;
    return `${message[0].toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? "" : "."}`;
  }

  /** Whether the service and not the request is at fault, so that a retry may succeed. */
  get unavailable() {
    return this.status === 0 || this.status >= 500;
  }
}

async function ask(path, options = {}) {
  let response;
  const signals = [AbortSignal.timeout(TIMEOUT_MS), options.signal].filter(Boolean);
  try {
    response = await fetch(BASE + path, { ...options, signal: AbortSignal.any(signals) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The service cannot be reached.", 0);
  }
  const body = await response.json().catch(() => null);
  if (!response.ok || body === null) {
    throw new ApiError(body?.error?.message ?? "The search service failed.", response.status);
  }
  return body;
}

export const getTaxonomy = () => ask("/taxonomy");
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

export function getFacets(state, category, signal) {
  const query = parameters({ ...state, box: null, appearance_weight: null, category });
  return ask(`/facets?${query}`, { signal }).then((body) => body.facets);
}

export function searchByProduct(state, signal) {
  const query = parameters(state);
  query.set("top", TOP);
  return ask(`/products/${encodeURIComponent(state.like)}/similar?${query}`, { signal });
}

/** Searches by a photo; with `preview` the answer has it as the service sees it. */
export function searchByPhoto(state, file, signal, preview = false) {
  const form = new FormData();
  form.set("image", file, file.name || "photo");
  for (const [name, value] of parameters(state)) form.append(name, value);
  form.set("top", TOP);
  if (preview) form.set("preview", "yes");
  return ask("/search", { method: "POST", body: form, signal });
}

/** Fetches a product's image as a file, to search with a box drawn on it. */
export async function imageFile(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new ApiError("This product's image is not there.", response.status);
  return response.blob();
}
