// Clicks as events of User Behavior Insights: docs/events.md.

/**
 * Posts a click on a hit. `position` counts from 1 over all pages of the hits; `client` is the id
 * of a browser, or null.
 */
export function postClick(address, { query, client, product, position }, headers = {}) {
  const event = {
    action_name: "click",
    query_id: query,
    client_id: client,
    event_attributes: { object: { object_id: product }, position: { ordinal: position } },
  };
  fetch(address, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify(event),
    keepalive: true, // the page may be left meanwhile
  }).catch(() => null); // nobody waits for it
}
