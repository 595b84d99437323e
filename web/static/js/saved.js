// The products that the shopper has saved, in this browser.

import { find } from "./dom.js";
import { readKept, writeKept } from "./kept.js";
import { number } from "./words.js";

const KEY = "houndstooth-saved";
const MAX_SAVED = 200;

export const savedIds = () => readKept(KEY);

export const isSaved = (id) => savedIds().includes(id);

/** Saves a product, or gives it up; returns whether it is saved now. */
export function toggleSaved(id) {
  const others = savedIds().filter((one) => one !== id);
  const saved = others.length === savedIds().length;
  writeKept(KEY, saved ? [id, ...others].slice(0, MAX_SAVED) : others);
  showSavedCount();
  return saved;
}

export function showSavedCount() {
  const count = savedIds().length;
  find("saved-number").textContent = count ? number(count) : "";
}
