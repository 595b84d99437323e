// The search field: words alone, or beside the photo or product that is searched with.

import { find } from "./dom.js";
import { t } from "./words.js";

/** Calls `asked(words)` when words are sent, null where the field was emptied. */
export function takeWords(asked) {
  find("ask").addEventListener("submit", (event) => {
    event.preventDefault();
    asked(find("words-typed").value.trim() || null);
  });
}

/**
 * Shows the words of a search in the field; `beside` tells whether a picture is searched with, whose
 * frame and weight are hidden without one; the panel then has what narrows the search.
 */
export function showWords(q, beside) {
  const field = find("words-typed");
  if (field.value.trim() !== (q ?? "")) field.value = q ?? "";
  find("picture").closest("figure").hidden = !beside;
  find("appearance-weight").closest(".slider").hidden = !beside;
  find("search").classList.toggle("by-words", !beside);
  field.placeholder = t(beside ? "ask_beside" : "ask_alone");
}
