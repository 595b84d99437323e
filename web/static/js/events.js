// Clicks on hits, sent where the shop records them.

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
    send("click", list.dataset.queryId, card.dataset.id, position);
  };
  // Before the card's own handler, which may show other hits.
  for (const kind of ["click", "auxclick"]) element.addEventListener(kind, watch, { capture: true });
}

function send(action, query, product, position) {
  const event = {
    action_name: action,
    query_id: query,
    client_id: clientId(),
    event_attributes: { object: { object_id: product }, position: { ordinal: position } },
  };
  fetch("/api/v1/events", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(event),
    keepalive: true, // the page may be left meanwhile
  }).catch(() => null); // nobody waits for it
}
