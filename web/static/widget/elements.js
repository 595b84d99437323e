// Defines the elements that a shop puts into its own page: docs/widget.md.

import { HoundstoothSearch } from "./search.js";
import { HoundstoothSimilar } from "./similar.js";

const ELEMENTS = { "houndstooth-search": HoundstoothSearch, "houndstooth-similar": HoundstoothSimilar };

for (const [name, element] of Object.entries(ELEMENTS)) {
  if (!customElements.get(name)) customElements.define(name, element); // two script tags do no harm
}
