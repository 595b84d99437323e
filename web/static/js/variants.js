// Sizes, and colours of the same product, added to cards that are shown already.

import { getProducts } from "./api.js";
import { plainly, showSizes, similarUrl, sizesOf } from "./cards.js";
import { paintOf } from "./colours.js";
import { find, make } from "./dom.js";
import { isSoldOut, shopUrl, titleOf } from "./product.js";
import { groupOf, labelOf } from "./terms.js";

const MAX_SWATCHES = 6;
const LETTERS = ["XXXS", "XXS", "XS", "S", "M", "L", "XL", "XXL", "XXXL", "XXXXL", "XXXXXL"]; // sizes, the smallest first

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

/** Sorts sizes from small to large, where all are letters, or numbers of one unit. */
export function bySize(sizes) {
  for (const read of [byLetters, byNumber]) {
    const found = sizes.map((size) => [size, ...read(size)]);
    const isOne = found.every(([, rank, unit]) => rank >= 0 && unit === found[0][2]);
    if (isOne) return found.toSorted((one, other) => one[1] - other[1]).map(([size]) => size);
  }
  return sizes;
}

/** Returns the place of a size such as "XL" or "2XL", −1 of another, and no unit. */
function byLetters(size) {
  const letters = size.toUpperCase().replace(/^([2-5])(?=X[SL]$)/, (digit) => "X".repeat(digit - 1));
  return [LETTERS.indexOf(letters), ""];
}

/** Returns the number and the unit of a size such as "37,5", "38 2/3" or "6 months", −1 of another. */
function byNumber(size) {
  const found = size.match(/^(\d+(?:[.,]\d+)?)(?: (\d)\/([1-9]))?(?![\d.,/])(.*)$/);
  if (!found) return [-1, ""];
  const [, number, over, under, unit] = found;
  return [Number(number.replace(",", ".")) + (over ? over / under : 0), unit.trim().toLowerCase()];
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
