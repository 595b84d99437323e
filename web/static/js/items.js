// The choice among the detections in a photo, as chips and as outlines on the picture.

import { make } from "./dom.js";
import { COMPLETE, sameBox, WHOLE } from "./state.js";
import { itemLabel } from "./terms.js";
import { t } from "./words.js";

const MAX_ITEMS = 8;

const detections = new Map(); // by photo or product; a search with a box returns none

/** Returns the items to choose from; `items` are those of the newest answer, if any. */
export function detectedItems(subject, items = []) {
  if (items.length) detections.set(subject, items);
  const known = detections.get(subject) ?? [];
  return known.length > 1 ? known.slice(0, MAX_ITEMS) : [];
}

export const itemAt = (items, box) => items.find((item) => sameBox(item.box, box)) ?? null;

/** Returns the item's category if there is only one, else null. */
export const onlyCategory = (item) => (item?.categories.length === 1 ? item.categories[0] : null);

const NO_ITEM = Object.freeze({ box: null, category: null, require: [], exclude: [], look: null });

/** Returns the patch that searches for an item, without the attributes chosen for another. */
export const itemPatch = (item) => ({ ...NO_ITEM, box: item.box, category: onlyCategory(item) });

/** Scrolls rows of chips sideways so that the chosen one is in view: on a phone they are one line. */
export function reveal(place) {
  for (const row of place.querySelectorAll(".chips")) {
    const chosen = row.querySelector("[aria-pressed=true]")?.getBoundingClientRect();
    if (!chosen) continue;
    const { left, right } = row.getBoundingClientRect();
    row.scrollLeft += Math.max(0, Math.min(chosen.right - right, chosen.left - left));
  }
}

/** Names an item, numbered if others have the same label: "Shoes 1", "Shoes 2". */
function nameOf(item, items) {
  const alike = items.filter(({ label }) => label === item.label);
  return (item.name ?? itemLabel(item.label)) + (alike.length > 1 ? ` ${alike.indexOf(item) + 1}` : "");
}

/** Makes the chips; calls `change(patch)` on a click, `point(item)` on hover and focus. */
export function itemChips(items, box, whole, change, point) {
  if (!items.length) return null;
  const selected = whole ? null : itemAt(items, box);
  const chip = (item) =>
    make(
      "button",
      {
        type: "button",
        class: "chip item",
        "data-key": `item-${items.indexOf(item)}`,
        "aria-pressed": String(item === selected),
        title: item.score ? t("sure", { percent: Math.round(100 * item.score) }) : null,
        onclick: () => change(itemPatch(item)),
        onpointerenter: () => point(item),
        onpointerleave: () => point(null),
        onfocus: () => point(item),
        onblur: () => point(null),
      },
      nameOf(item, items),
    );
  return make(
    "div",
    { class: "group items", role: "group", "aria-labelledby": "items-heading" },
    make("h3", { id: "items-heading" }, t("which")),
    make("div", { class: "chips" }, lookChip(t("whole_look"), WHOLE, whole, change), items.map(chip)),
  );
}

const lookChip = (words, look, pressed, change) =>
  make(
    "button",
    {
      type: "button",
      class: "chip look",
      "data-key": `look-${look ?? "none"}`,
      "aria-pressed": String(pressed),
      onclick: () => change({ ...NO_ITEM, look }),
    },
    words,
  );

/** Makes the chips of a product: what looks like it, is worn with it, or goes with it. */
export function lookChips(state, isWorn, change) {
  const chip = (words, look) => lookChip(words, look, state.look === look, change);
  return make(
    "div",
    { class: "group looks", role: "group", "aria-label": t("show_what") },
    make(
      "div",
      { class: "chips" },
      chip(t("heading"), null),
      isWorn ? chip(t("worn_with"), WHOLE) : null,
      chip(t("goes_with"), COMPLETE),
    ),
  );
}
