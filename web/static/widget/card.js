// The card of a hit in a shop's own page.

import { make } from "../js/dom.js";
import { badge, picture, priceLine, titleOf } from "../js/product.js";
import { pictureUrl } from "./element.js";

/**
 * Makes the card of a hit; `by` says what was searched for, `query` is the id of the query, and
 * `place` counts from 1 over all pages of its hits.
 */
export function card(widget, hit, { by, query, place, loading = "lazy" }) {
  const { words } = widget;
  const url = widget.productUrl(hit);
  const urls = [hit.product.image_url, hit.view?.image_url].map(pictureUrl).filter(Boolean);
  const detail = { by, query_id: query, product_id: hit.product_id, place, url, hit };
  const post = ({ button }) => {
    if (button <= 1) widget.postClick({ query, product: hit.product_id, position: place });
  };
  const onclick = (event) => {
    post(event);
    if (!widget.tell("houndstooth-click", detail, { cancelable: true })) event.preventDefault();
  };
  const brand = hit.product.brand;
  return make(
    "li",
    { class: "card", part: "card", "data-id": hit.product_id },
    make(
      url ? "a" : "button",
      { class: "card-link", part: "card-link", onclick, onauxclick: post, ...(url ? { href: url } : { type: "button" }) },
      make(
        "span",
        { class: "plate", part: "picture" },
        picture(words, [...new Set(urls)], loading),
        badge(words, hit),
      ),
      make("span", { class: "title", part: "title" }, titleOf(hit)),
    ),
    brand ? make("p", { class: "brand", part: "brand" }, String(brand)) : null,
    priceLine(words, hit.product),
  );
}
