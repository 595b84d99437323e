// What shoppers read of an error or a note of the service, in their language.

import { make } from "./dom.js";

/** The note of a picture that shows no item, so that it has no hits. */
const NO_ITEM = "no item is seen in the picture";

/** Keys of words by the notes of `query.notes`; other notes are shown as they are. */
const NOTES = {
  [NO_ITEM]: "note.no_item",
  "the box shows nothing but plain background": "note.empty_box",
  "the JPEG ends early; what is missing was taken as white": "note.ends_early",
};

/** Codes by status, for what a proxy answers in the place of the service. */
const CODES = { 401: "unauthorized", 403: "forbidden", 413: "request_entity_too_large", 429: "too_many_requests" };

/** Returns the words for an error of the service, by its code. */
export function errorWords({ known, t }, error) {
  const code = error.code ?? CODES[error.status];
  return known(`error.${code}`) ?? t(error.unavailable === false ? "error.other" : "error.unavailable");
}

/** Makes the service's own text of an error, which unfolds; null where there is none. */
export function errorDetails({ t }, { code, sentence }) {
  if (!code) return null;
  return make(
    "details",
    { class: "said" },
    make("summary", {}, t("details")),
    make("p", { lang: "en" }, sentence),
  );
}

/** Returns the words for a note. */
export const noteWords = ({ known }, note) => known(NOTES[note]) ?? note;

/** Names an item, with the notes on its picture; that it shows none is said in the place of hits. */
export const captionOf = (words, title, query) =>
  [title, ...(showsNoItem(query) ? [] : query.notes.map((note) => noteWords(words, note)))].join(": ");

/** Tells whether the picture of a query shows no item. */
export const showsNoItem = ({ notes }) => notes.includes(NO_ITEM);
