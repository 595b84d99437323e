// The card of a product: a hit, or one that was saved.

import { make } from "./dom.js";
import { badge, isSoldOut, picture, priceLine, shopUrl, titleOf } from "./product.js";
import { isSaved, toggleSaved } from "./saved.js";
import { address, EMPTY } from "./state.js";
import { phraseOf } from "./terms.js";
import * as words from "./words.js";

const { t } = words;
const MAX_MATCHED = 5; // attributes that a card names

export const similarUrl = (id) => address({ ...EMPTY, like: id });

/** Shows a product's first picture, or the one that is nearest if that cannot be had. */
export function plate(item, loading = "lazy") {
  const urls = new Set([item.product.image_url, item.view?.image_url].filter(Boolean));
  return picture(words, [...urls], loading);
}

/** Calls `act()` on a plain click; one that opens another tab is left to the browser. */
export const plainly = (act) => (event) => {
  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
  event.preventDefault();
  act();
};

/** Returns the sizes that the shop states of a product. */
export const sizesOf = ({ product }) =>
  Object.entries(product)
    .filter(([name, value]) => /^sizes?$/i.test(name) && value !== null)
    .flatMap(([, value]) => value)
    .map(String);

/** Shows sizes on a card. */
export function showSizes(place, sizes) {
  const unseen = make("span", { class: "unseen" }, `${t("sizes")}: `);
  place.hidden = !sizes.length;
  place.replaceChildren(unseen, sizes.join(" · "));
}

/**
 * Makes a card; calls `more(product_id)` for similar ones. `sure` are terms to name, best first;
 * `loading` is "eager" for a card that is seen at once.
 */
export function card(item, { more, sure = [], loading }) {
  const url = shopUrl(item);
  const similar = () => more(item.product_id);
  const link = url
    ? { href: url, rel: "noopener" }
    : { href: similarUrl(item.product_id), onclick: plainly(similar) };
  const sizes = make("p", { class: "sizes" });
  showSizes(sizes, isSoldOut(item) ? [] : sizesOf(item));
  return make(
    "li",
    { class: "card", "data-id": item.product_id },
    make(
      "a",
      { ...link, class: "card-link" },
      make("span", { class: "plate" }, plate(item, loading), badge(words, item)),
      make("span", { class: "title" }, titleOf(item)),
    ),
    heart(item),
    make("p", { class: "brand" }, String(item.product.brand ?? "")),
    priceLine(words, item.product),
    sizes,
    make(
      "div",
      { class: item.product.group ? "colours expected" : "colours" },
      make("ul", { class: "swatches", "aria-label": t("other_colours"), hidden: true }),
    ),
    matched(item, sure),
    otherPicture(item.view?.place),
    item.distance ? distances(item.distance) : null,
    make(
      "a",
      {
        class: "similar",
        href: similarUrl(item.product_id),
        "aria-label": t("similar_to", { title: titleOf(item) }),
        onclick: plainly(similar),
      },
      t("similar"),
    ),
  );
}

const heart = (item) =>
  make("button", {
    type: "button",
    class: "heart",
    "aria-label": t("save", { title: titleOf(item) }),
    "aria-pressed": String(isSaved(item.product_id)),
    onclick: ({ currentTarget }) =>
      currentTarget.setAttribute("aria-pressed", String(toggleSaved(item.product_id))),
  });

/** Says which of a product's pictures is nearest, unless it is the first, which is shown. */
const otherPicture = (place) =>
  place > 1 ? make("p", { class: "other-picture" }, t("matches_picture", { place })) : null;

function matched(item, sure) {
  const terms = sure.filter((term) => item.matched?.includes(term)).slice(0, MAX_MATCHED);
  const words = terms.map(phraseOf).join(" · ");
  if (!words) return null;
  return make(
    "p",
    { class: "matched" },
    make("span", { class: "unseen" }, `${t("same")}: `),
    words,
  );
}

const distances = ({ appearance, colour }) =>
  make(
    "div",
    { class: "distances" },
    distanceBar(t("looks"), appearance),
    distanceBar(t("colour"), colour),
  );

function distanceBar(name, distance) {
  const percent = Math.round(100 * (1 - distance));
  const words = t("alike", { name, percent });
  return make(
    "div",
    { class: "distance", role: "img", "aria-label": words, title: words },
    make("span", { class: "distance-name" }, name),
    make("span", { class: "track" }, make("span", { class: "bar", style: { width: `${percent}%` } })),
  );
}
