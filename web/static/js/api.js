// The REST interface. Every failure becomes one `Refusal` with words to show.

import { parameters } from "./state.js";

const BASE = "/api/v1";
export const TOP = 24;
const PATIENCE_MS = 60_000;

export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }

  get sentence() {
    const { message } = this;
    return `${message[0].toUpperCase()}${message.slice(1)}${/[.!?]$/.test(message) ? "" : "."}`;
  }

  /** The service, not the request, is at fault: asking again may help. */
  get away() {
    return this.status === 0 || this.status >= 500;
  }
}

async function ask(path, options = {}) {
  let response;
  const signals = [AbortSignal.timeout(PATIENCE_MS), options.signal].filter(Boolean);
  try {
    response = await fetch(BASE + path, { ...options, signal: AbortSignal.any(signals) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal("The service cannot be reached.", 0);
  }
  const body = await response.json().catch(() => null);
  if (!response.ok || body === null) {
    throw new Refusal(body?.error?.message ?? "The search service failed.", response.status);
  }
  return body;
}

export const getTaxonomy = () => ask("/taxonomy");
export const getJobs = () => ask("/jobs").then((body) => body.jobs);
export const getJob = (id) => ask(`/jobs/${encodeURIComponent(id)}`);
export const getProgress = () => ask("/progress").then((body) => body.progress);
export const getSamples = () => ask("/samples").then((body) => body.products);

const products = new Map();

/** A product by id; asked once. */
export function getProduct(id) {
  if (!products.has(id)) {
    const asked = ask(`/products/${encodeURIComponent(id)}`);
    products.set(id, asked);
    asked.catch(() => products.delete(id));
  }
  return products.get(id);
}

export function getFacets(state, category, signal) {
  const given = parameters({ ...state, box: null, appearance_weight: null, category });
  return ask(`/facets?${given}`, { signal }).then((body) => body.facets);
}

export function searchByProduct(state, signal) {
  const given = parameters(state);
  given.set("top", TOP);
  return ask(`/products/${encodeURIComponent(state.like)}/similar?${given}`, { signal });
}

export function searchByPhoto(state, file, signal) {
  const form = new FormData();
  form.set("image", file, file.name || "photo");
  for (const [name, value] of parameters(state)) form.append(name, value);
  form.set("top", TOP);
  return ask("/search", { method: "POST", body: form, signal });
}

/** A product's own image as a file, to search in a box drawn on it. */
export async function imageFile(url, signal) {
  const response = await fetch(url, { signal });
  if (!response.ok) throw new Refusal("This product's image is not there.", response.status);
  return response.blob();
}
