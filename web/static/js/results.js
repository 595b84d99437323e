// The grid of hits, and the words for when there is something to say instead.

import { fill, find, make } from "./dom.js";
import { labelOf, phraseOf } from "./terms.js";

const FOUND = "Looks like it";

/** What had to be given up to fill the page, or "" where nothing was. */
function relaxedWords({ query, hits }) {
  const kind = labelOf(query.category.term);
  const own = hits.filter((hit) => hit.category === query.category.term).length;
  const others = query.relaxed === "great-category" ? "related kinds" : "other kinds";
  if (!hits.length || query.relaxed === "none") return "";
  if (query.relaxed === "fewer-attributes") {
    return "Few pieces share every detail, so some here differ in one or two.";
  }
  if (!own) return `Nothing of the kind “${kind}” matches, so ${others} are shown.`;
  return `Only ${own} of the kind “${kind}” ${own === 1 ? "matches" : "match"}; ${others} follow.`;
}

/** Shows an answer; `more(product_id)` when a product is clicked, `clear()` to drop choices. */
export function showResults(answer, { more, clear, narrowed }) {
  const { hits } = answer;
  const relaxed = find("relaxed");
  relaxed.textContent = relaxedWords(answer);
  relaxed.hidden = !relaxed.textContent;
  fill(
    find("results"),
    hits.map((hit) => make("li", { class: "card" }, card(hit, more))),
  );
  head(hits.length ? FOUND : "Nothing found");
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

export function plate(item) {
  const url = item.product.image_url;
  const missing = () => make("span", { class: "no-image" }, "No picture");
  if (!url) return missing();
  const image = make("img", { src: url, alt: "", loading: "lazy", decoding: "async" });
  image.addEventListener("error", () => image.replaceWith(missing()), { once: true });
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
      make("span", { class: "plate" }, plate(hit), make("span", { class: "more" }, "More like this")),
      make("span", { class: "title" }, titleOf(hit)),
    ),
    make(
      "p",
      { class: "facts" },
      make("span", { class: "brand" }, product.brand ?? ""),
      make("span", { class: "price" }, money(product.price, product.currency)),
    ),
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

const variants = (count) =>
  count ? make("p", { class: "variants" }, `and ${count} more variant${count === 1 ? "" : "s"}`) : null;

function distanceBar(name, distance) {
  const near = Math.round(100 * (1 - distance));
  return make(
    "div",
    {
      class: "distance",
      role: "img",
      "aria-label": `${name} ${near} % alike`,
      title: `${name} ${near} % alike (distance ${distance.toFixed(3)})`,
    },
    make("span", { class: "distance-name" }, name),
    make("span", { class: "track" }, make("span", { class: "bar", style: { width: `${near}%` } })),
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
 * A failure in words, and a way out: `again()` where asking again may help, `clear()` where what
 * was chosen was refused, else `another()`.
 */
export function showProblem(refusal, { again, another, clear }) {
  find("relaxed").hidden = true;
  find("timing").hidden = true;
  fill(find("results"));
  head(refusal.away ? "The search is away" : "That did not work");
  const words = refusal.away
    ? "It cannot be reached right now. Your choices are kept."
    : refusal.status === 404
      ? "This product is not in the catalogue, or no more."
      : refusal.sentence;
  const [label, onclick] = refusal.away
    ? ["Try again", again]
    : refusal.status === 400 && clear
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

/** Grey plates where hits will be; what the last item was taken for goes. */
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
