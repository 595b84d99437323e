// The start page: sample products to search from.

import { getSamples } from "./api.js";
import { find, make } from "./dom.js";
import { indexing } from "./indexing.js";
import { plate } from "./cards.js";
import { titleOf } from "./product.js";
import { showRecent } from "./recent.js";
import { labelOf } from "./terms.js";
import { t } from "./words.js";

const MAX_SAMPLES = 12;

const shown = new Map(); // sample by category, so that samples keep their place
let loaded = false;

/**
 * Shows the start page and a notice, if any; calls `more(product_id)` when a sample is clicked and
 * `again(search)` for a recent search.
 */
export async function showStart(notice, more, again) {
  tell(notice);
  showRecent(again);
  await showSamples(more);
}

/** Shows samples; they are fetched once or, during indexing, until there are enough. */
export async function showSamples(more) {
  if (loaded) return;
  try {
    const samples = await getSamples();
    const fresh = samples
      .filter(({ category }) => !shown.has(category))
      .slice(0, MAX_SAMPLES - shown.size);
    for (const sample of fresh) shown.set(sample.category, sample);
    loaded = shown.size > 0 && (!indexing() || shown.size === MAX_SAMPLES);
    find("samples").hidden = !shown.size;
    find("sample-list").append(...fresh.map((sample) => make("li", {}, button(sample, more))));
    if (!shown.size && !indexing()) {
      tell(t("empty"));
    }
  } catch {
    tell(t("away"));
  }
}

function tell(words) {
  const place = find("start-notice");
  place.hidden = !words;
  place.textContent = words ?? "";
}

const button = (sample, more) =>
  make(
    "button",
    {
      type: "button",
      class: "sample",
      "data-id": sample.product_id,
      title: titleOf(sample),
      onclick: () => more(sample.product_id),
    },
    make("span", { class: "plate" }, plate(sample)),
    make(
      "span",
      { class: "sample-name" },
      sample.category ? labelOf(sample.category) : "",
      make("span", { class: "unseen" }, ` ${titleOf(sample)}`),
    ),
  );
