// The grid of hits, and the messages shown instead of it.

import { fill, find, make } from "./dom.js";
import { labelOf, phraseOf } from "./terms.js";

const HEADING = "Looks like it";

/** Explains which demands were dropped to fill the page; "" if none were. */
function relaxedWords({ query, hits }) {
  const category = labelOf(query.category.term);
  const own = hits.filter((hit) => hit.category === query.category.term).length;
  const others = query.relaxed === "great-category" ? "related kinds" : "other kinds";
  if (!hits.length || query.relaxed === "none") return "";
  if (query.relaxed === "fewer-attributes") {
    return "Few pieces share every detail, so some here differ in one or two.";
  }
  if (!own) return `Nothing of the kind “${category}” matches, so ${others} are shown.`;
  return `Only ${own} of the kind “${category}” ${own === 1 ? "matches" : "match"}; ${others} follow.`;
}

/** Shows an answer; calls `more(product_id)` on a click, `clear()` to remove all choices. */
export function showResults(answer, { more, clear, narrowed }) {
  const { hits } = answer;
  const relaxed = find("relaxed");
  relaxed.textContent = relaxedWords(answer);
  relaxed.hidden = !relaxed.textContent;
  fill(
    find("results"),
    hits.map((hit) => make("li", { class: "card" }, card(hit, more))),
  );
  head(hits.length ? HEADING : "Nothing found");
  fill(find("problem"), hits.length ? null : nothing(narrowed, clear));
  showTiming(answer.took_ms);
}

const nothing = (narrowed, clear) =>
  make(
    "div",
    { class: "empty" },
    make("p", {}, narrowed ? "No piece passes all of your choices." : "The catalogue is empty."),
    narrowed
      ? make("button", { type: "button", class: "button", onclick: clear }, "Clear all choices")
      : null,
  );

export const money = (amount, currency, options = {}) => {
  if (typeof amount !== "number") return "";
  try {
    const style = { style: "currency", currency, ...options };
    return new Intl.NumberFormat(undefined, style).format(amount);
  } catch {
    return `${amount.toFixed(2)} ${currency ?? ""}`.trim();
  }
};

export const titleOf = (item) => String(item.product.title ?? item.product_id);

export const isSoldOut = (item) => item.product.availability === "out of stock";

/** Shows a product's first picture, or the one that is nearest if that cannot be had. */
export function plate(item) {
  const urls = new Set([item.product.image_url, item.view?.image_url].filter(Boolean));
  return picture([...urls]);
}

function picture([url, ...others]) {
  if (!url) return make("span", { class: "no-image" }, "No picture");
  const image = make("img", { src: url, alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => image.replaceWith(picture(others)), { once: true });
  return image;
}

function card(hit, more) {
  const { product, distance } = hit;
  const matched = hit.matched.map(phraseOf).join(" · ");
  return [
    make(
      "a",
      {
        href: `/?${new URLSearchParams({ like: hit.product_id })}`,
        class: "card-link",
        "data-id": hit.product_id,
        onclick: (event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return;
          event.preventDefault();
          more(hit.product_id);
        },
      },
      make(
        "span",
        { class: "plate" },
        plate(hit),
        badge(hit),
        make("span", { class: "more" }, "More like this"),
      ),
      make("span", { class: "title" }, titleOf(hit)),
    ),
    make(
      "p",
      { class: "facts" },
      make("span", { class: "brand" }, product.brand ?? ""),
      make("span", { class: "price" }, priceBefore(product), money(product.price, product.currency)),
    ),
    otherPicture(hit.view.place),
    variants(hit.variants.length),
    matched ? make("p", { class: "matched", title: `Same: ${matched}` }, make("span", { class: "unseen" }, "Same: "), matched) : null,
    make(
      "div",
      { class: "distances" },
      distanceBar("Shape", distance.appearance),
      distanceBar("Colour", distance.colour),
    ),
    shopLink(product),
  ];
}

/** Says on the picture that a product cannot be had at once. */
function badge(item) {
  if (isSoldOut(item)) return make("span", { class: "badge sold-out" }, "Sold out");
  const later = item.product.availability === "preorder";
  return later ? make("span", { class: "badge preorder" }, "Preorder") : null;
}

/** Shows the full price of what is reduced, struck through. */
function priceBefore({ price, price_before: before, currency }) {
  if (!(before > price)) return null;
  const words = make("span", { class: "unseen" }, "before ");
  return make("s", { class: "price-before" }, words, money(before, currency));
}

/** Says which of a product's pictures is nearest, unless it is the first, which is shown. */
const otherPicture = (place) =>
  place > 1 ? make("p", { class: "other-picture" }, `matches picture ${place}`) : null;

const variants = (count) =>
  count ? make("p", { class: "variants" }, `and ${count} more variant${count === 1 ? "" : "s"}`) : null;

function distanceBar(name, distance) {
  const percent = Math.round(100 * (1 - distance));
  return make(
    "div",
    {
      class: "distance",
      role: "img",
      "aria-label": `${name} ${percent} % alike`,
      title: `${name} ${percent} % alike (distance ${distance.toFixed(3)})`,
    },
    make("span", { class: "distance-name" }, name),
    make("span", { class: "track" }, make("span", { class: "bar", style: { width: `${percent}%` } })),
  );
}

function shopLink(product) {
  if (!/^https?:\/\//i.test(product.url ?? "")) return null;
  return make("a", { class: "shop", href: product.url, rel: "noopener" }, "See it in the shop");
}

const STAGES = {
  decode: "Reading the photo",
  extract: "Recognising",
  candidates: "Finding candidates",
  rerank: "Comparing looks",
  fetch: "Fetching products",
};

function showTiming(took) {
  const timing = find("timing");
  timing.hidden = false;
  timing.querySelector("summary").textContent = `${Math.round(took.total)} ms`;
  const row = ([stage, words]) => [
    make("dt", {}, words),
    make("dd", {}, `${took[stage].toFixed(1)} ms`),
  ];
  fill(timing.querySelector("dl"), Object.entries(STAGES).filter(([s]) => s in took).flatMap(row));
}

/**
 * Shows an error and a way out: `again()` if a retry may succeed, `clear()` if the choices were
 * refused, else `another()`.
 */
export function showProblem(error, { again, another, clear }) {
  find("relaxed").hidden = true;
  find("timing").hidden = true;
  fill(find("results"));
  head(error.unavailable ? "The search is unavailable" : "That did not work");
  const words = error.unavailable
    ? "It cannot be reached right now. Your choices are kept."
    : error.status === 404
      ? "This product is not in the catalogue, or no longer is."
      : error.sentence;
  const [label, onclick] = error.unavailable
    ? ["Try again", again]
    : error.status === 400 && clear
      ? ["Clear all choices", clear]
      : ["Choose another photo", another];
  fill(
    find("problem"),
    make(
      "div",
      { class: "empty" },
      make("p", {}, words),
      make("button", { type: "button", class: "button", onclick }, label),
    ),
  );
}

/** Shows grey placeholders for the hits and clears the last item's category and attributes. */
export function showWaiting(count = 8) {
  find("relaxed").hidden = true;
  find("timing").hidden = true;
  find("filters").hidden = true;
  head("Looking…");
  fill(find("problem"));
  fill(find("understood"));
  fill(
    find("results"),
    Array.from({ length: count }, () =>
      make("li", { class: "card ghost", "aria-hidden": "true" }, make("span", { class: "plate" })),
    ),
  );
}

function head(words) {
  find("results-heading").textContent = words;
}
