// The page before anything is asked: products to start from.

import { getSamples } from "./api.js";
import { fill, find, make } from "./dom.js";
import { plate, titleOf } from "./results.js";
import { labelOf } from "./terms.js";

let loaded = false;

/** Shows samples, fetched once; `more(product_id)` when one is clicked. */
export async function showStart(notice, more) {
  const place = find("start-notice");
  place.hidden = !notice;
  place.textContent = notice ?? "";
  if (loaded) return;
  try {
    const samples = await getSamples();
    loaded = samples.length > 0;
    find("samples").hidden = !loaded;
    fill(
      find("sample-list"),
      samples.map((sample) => make("li", {}, button(sample, more))),
    );
    if (!loaded) tell("The catalogue is empty: nothing has been ingested with the current model.");
  } catch {
    tell("The catalogue cannot be reached. Nothing can be searched right now.");
  }

  function tell(words) {
    place.hidden = false;
    place.textContent = words;
  }
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
