// Clicks on hits, sent where the shop records them.

import { postClick } from "./clicks.js";

const { events } = document.body.dataset; // "", "clicks" or "clients"
const CLIENT = "houndstooth-client";

/** Returns the random id of this browser; null where the shop wants none, or it cannot be kept. */
export function clientId() {
  if (events !== "clients") return null;
  try {
    if (!localStorage.getItem(CLIENT)) localStorage.setItem(CLIENT, crypto.randomUUID());
    return localStorage.getItem(CLIENT);
  } catch {
    return null;
  }
}

/** Forgets the id; another one is made when it is needed. */
export function forgetClient() {
  try {
    localStorage.removeItem(CLIENT);
  } catch {
    // there is none then
  }
}

/** Sends each click on a card in an element; the list of its hits has `data-query-id`. */
export function watchClicks(element) {
  if (!events) return;
  const watch = ({ target, button }) => {
    const card = target.closest(".card-link, .similar")?.closest(".card");
    if (!card || button > 1) return;
    const list = card.closest("[data-query-id]");
    const position = [...list.querySelectorAll(".card")].indexOf(card) + 1;
    const query = list.dataset.queryId;
    postClick("/api/v1/events", { query, client: clientId(), product: card.dataset.id, position });
  };
  // Before the card's own handler, which may show other hits.
  for (const kind of ["click", "auxclick"]) element.addEventListener(kind, watch, { capture: true });
}
