// "Which of these?": what was found in the photo, as chips, and an outline of each on the picture.

import { make } from "./dom.js";
import { sameBox } from "./state.js";
import { wordsOf } from "./terms.js";

const MOST = 8;

const found = new Map(); // what each photo showed; with a box drawn on it nobody looks again

/** Items to choose from in `subject`, whose newest answer brought `items`; none if only one. */
export function foundItems(subject, items = []) {
  if (items.length) found.set(subject, items);
  const known = found.get(subject) ?? [];
  return known.length > 1 ? known.slice(0, MOST) : [];
}

export const itemAt = (items, box) => items.find((item) => sameBox(item.box, box)) ?? null;

/** The category that an item can only have, or null. */
export const onlyCategory = (item) => (item?.categories.length === 1 ? item.categories[0] : null);

/** The patch that asks for an item; what was said of another item's looks does not hold for it. */
const asking = (item) => ({ box: item.box, category: onlyCategory(item), require: [], exclude: [] });

/** Several of one label are numbered: "Shoes 1", "Shoes 2". */
function nameOf(item, items) {
  const alike = items.filter(({ label }) => label === item.label);
  return wordsOf(item.label) + (alike.length > 1 ? ` ${alike.indexOf(item) + 1}` : "");
}

/** The chips; `change(patch)` when one is pressed, `point(item)` while one is looked at. */
export function itemChips(items, box, change, point) {
  if (!items.length) return null;
  const used = itemAt(items, box);
  const chip = (item) =>
    make(
      "button",
      {
        type: "button",
        class: "chip item",
        "data-key": `item-${items.indexOf(item)}`,
        "aria-pressed": String(item === used),
        title: `${Math.round(100 * item.score)} % sure`,
        onclick: () => change(asking(item)),
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
    make("h3", { id: "items-heading" }, "Which of these?"),
    make("div", { class: "chips" }, items.map(chip)),
  );
}
