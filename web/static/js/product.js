// What cards say of a product, on the page and in a shop's own page. `words` are those of a language.

import { make } from "./dom.js";

/** Formats an amount of money; "" if there is none. */
export function money({ locale }, amount, currency, options = {}) {
  if (typeof amount !== "number") return "";
  try {
    const style = { style: "currency", currency, ...options };
    return new Intl.NumberFormat(locale, style).format(amount);
  } catch {
    const two = { minimumFractionDigits: 2, maximumFractionDigits: 2, ...options };
    return `${new Intl.NumberFormat(locale, two).format(amount)} ${currency ?? ""}`.trim();
  }
}

/** Formats a range of prices, `low..high`, of which either end may be missing. */
export function priceRange(words, range, currency) {
  const round = { trailingZeroDisplay: "stripIfInteger", roundingMode: "floor" };
  const ends = range.split("..");
  const [low, high] = ends.map((end) => end && money(words, Number(end), currency, round));
  if (low && high) return `${low} – ${high}`;
  return low ? words.t("price_from", { price: low }) : words.t("price_to", { price: high });
}

export const titleOf = (item) => String(item.product.title ?? item.product_id);

export const isSoldOut = (item) => item.product.availability === "out of stock";

/** Returns the address of a product in the shop, null where it has none. */
export const shopUrl = ({ product }) => (/^https?:\/\//i.test(product.url ?? "") ? product.url : null);

/** Shows the first picture that can be had of some addresses. */
export function picture(words, [url, ...others], loading) {
  if (!url) return make("span", { class: "no-image" }, words.t("no_picture"));
  const image = make("img", { src: url, alt: "", loading, decoding: "async", part: "image" });
  const next = () => image.replaceWith(picture(words, others, loading));
  image.addEventListener("error", next, { once: true });
  return image;
}

/** Says on the picture that a product cannot be had at once. */
export function badge({ t }, item) {
  if (isSoldOut(item)) return make("span", { class: "badge sold-out", part: "badge" }, t("sold_out"));
  const later = item.product.availability === "preorder";
  return later ? make("span", { class: "badge preorder", part: "badge" }, t("preorder")) : null;
}

/** Shows the price, and of what is reduced the full price, struck through. */
export function priceLine(words, { price: now, price_before: before, currency }) {
  const { t } = words;
  const reduced = before > now;
  const unseen = (text) => make("span", { class: "unseen" }, `${text} `);
  return make(
    "p",
    { class: reduced ? "price reduced" : "price", part: "price" },
    reduced ? make("s", {}, unseen(t("before")), money(words, before, currency)) : null,
    reduced ? unseen(t("now")) : null,
    make("span", {}, money(words, now, currency)),
  );
}
