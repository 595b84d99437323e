// The page of the saved products, as they are in the catalogue now.

import { getProducts } from "./api.js";
import { card } from "./cards.js";
import { fill, find } from "./dom.js";
import { savedIds } from "./saved.js";
import { t } from "./words.js";

/** Shows the saved products; calls `more(product_id)` for similar ones. */
export async function showSaved(more) {
  const wanted = savedIds();
  find("saved-words").textContent = wanted.length ? "" : t("saved_empty");
  let products = [];
  try {
    products = wanted.length ? await getProducts(wanted) : [];
  } catch {
    find("saved-words").textContent = t("away");
    return;
  }
  const gone = wanted.length - products.length;
  if (gone) find("saved-words").textContent = t("saved_gone", { count: gone });
  fill(find("saved-list"), products.map((product) => card(product, { more })));
}
