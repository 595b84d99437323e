// Sizes, and colours of the same product, added to cards that are shown already.

import { getProducts } from "./api.js";
import { plainly, showSizes, similarUrl, sizesOf } from "./cards.js";
import { paintOf } from "./colours.js";
import { find, make } from "./dom.js";
import { isSoldOut, shopUrl, titleOf } from "./product.js";
import { groupOf, labelOf } from "./terms.js";

const MAX_SWATCHES = 6;
const LETTERS = ["XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL"]; // sizes, the smallest first

const colourOf = (item) => item.attributes.find((term) => groupOf(term) === "colour") ?? null;

/** Fetches the variants of hits and adds them to their cards; `more(product_id)` as for cards. */
export async function showVariants(hits, more, signal) {
  const products = await getProducts(hits.map((hit) => hit.product_id), { variants: true, signal });
  if (signal.aborted) return;
  for (const product of products) {
    const card = find("results").querySelector(`[data-id="${CSS.escape(product.product_id)}"]`);
    if (!card) continue;
    showSizes(card.querySelector(".sizes"), allSizes(product));
    showColours(card.querySelector(".swatches"), coloursOf(product), more);
  }
}

/** Returns the sizes that can be had, of the product and of its variants in the same colour. */
function allSizes(product) {
  const same = product.variants.filter((one) => colourOf(one) === colourOf(product));
  const sizes = [product, ...same].filter((one) => !isSoldOut(one)).flatMap((one) => sizesOf(one));
  return bySize([...new Set(sizes)]);
}

/** Sorts sizes from small to large, where all are letters or all begin with a number. */
export function bySize(sizes) {
  const orders = [(size) => LETTERS.indexOf(size.toUpperCase()), (size) => Number.parseFloat(size)];
  const order = orders.find((rank) => sizes.every((size) => rank(size) >= 0));
  return order ? sizes.toSorted((one, other) => order(one) - order(other)) : sizes;
}

/** Returns a variant for each other colour. */
function coloursOf(product) {
  const variants = new Map();
  for (const one of product.variants) {
    const colour = colourOf(one);
    if (colour && colour !== colourOf(product) && !variants.has(colour)) variants.set(colour, one);
  }
  return [...variants].slice(0, MAX_SWATCHES);
}

function showColours(place, colours, more) {
  place.hidden = !colours.length;
  place.replaceChildren(...colours.map(([colour, variant]) => make("li", {}, link(colour, variant, more))));
}

function link(colour, variant, more) {
  const words = `${labelOf(colour)}: ${titleOf(variant)}`;
  const url = shopUrl(variant);
  return make("a", {
    class: "swatch",
    href: url ?? similarUrl(variant.product_id),
    rel: url ? "noopener" : null,
    onclick: url ? null : plainly(() => more(variant.product_id)),
    title: words,
    "aria-label": words,
    style: { background: paintOf(colour) },
  });
}
