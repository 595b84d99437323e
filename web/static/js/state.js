// The search state, kept in the address bar.

export const EMPTY = Object.freeze({
  like: null,
  photo: null,
  q: null,
  look: null,
  saved: false,
  category: null,
  box: null,
  require: [],
  exclude: [],
  filters: [],
  sold_out: null,
  relax: null,
  sort: null,
  appearance_weight: null,
});

/** The last step that keeps to the category. */
export const OWN_KIND = "fewer-attributes";

/** The step that the page asks for where the shopper wants other kinds as well. */
export const OTHER_KINDS = "any-category";

/** The looks that can be asked for: all items of the picture, and what goes with a product. */
export const WHOLE = "all";
export const COMPLETE = "complete";

const SOLD_OUT = ["last", "hide", "show"];

export function read(search) {
  const query = new URLSearchParams(search);
  const box = query.get("box")?.split(",").map(Number) ?? null;
  const weight = query.has("appearance_weight") ? Number(query.get("appearance_weight")) : null;
  const look = query.get("look");
  return {
    like: query.get("like"),
    photo: query.get("photo"),
    q: query.get("q")?.trim() || null,
    look: look === WHOLE || (look === COMPLETE && query.has("like")) ? look : null,
    saved: query.has("saved"),
    category: query.get("category"),
    box: box?.length === 4 && box.every(Number.isFinite) ? box : null,
    require: query.getAll("require"),
    exclude: query.getAll("exclude"),
    filters: query.getAll("filter").map((filter) => filter.replace(/^([^:=]*)=/, "$1:")),
    sold_out: SOLD_OUT.includes(query.get("sold_out")) ? query.get("sold_out") : null,
    relax: query.get("relax") === OTHER_KINDS ? OTHER_KINDS : null,
    sort: query.get("sort"),
    appearance_weight: weight >= 0 && weight <= 1 ? weight : null,
  };
}

/** Formats `x,y,w,h` to four digits, rounding the edges so that the box stays in the image. */
function boxText([x, y, w, h]) {
  const edge = (value) => Math.round(1e4 * value);
  const [left, top, right, bottom] = [x, y, x + w, y + h].map(edge);
  return [left, top, right - left, bottom - top].map((value) => (value / 1e4).toFixed(4)).join(",");
}

/** Tells whether a search has a photo or product, not words alone. */
export const hasPicture = ({ like, photo }) => Boolean(like || photo);

/** Names what is searched with: a product, a photo, or words alone. */
export const subjectOf = ({ like, photo }) => (like ? `like:${like}` : photo ? `photo:${photo}` : "words");

export const sameBox = (one, other) => Boolean(one && other) && boxText(one) === boxText(other);

/** Returns the parameters of a search, as REST names them. */
export function parameters(state) {
  const query = new URLSearchParams();
  if (state.q) query.set("q", state.q);
  if (state.category) query.set("category", state.category);
  if (state.box) query.set("box", boxText(state.box));
  for (const term of state.require) query.append("require", term);
  for (const term of state.exclude) query.append("exclude", term);
  for (const filter of state.filters) query.append("filter", filter);
  if (state.sold_out) query.set("sold_out", state.sold_out);
  if (state.relax) query.set("relax", state.relax);
  if (state.sort) query.set("sort", state.sort);
  if (state.appearance_weight !== null) query.set("appearance_weight", state.appearance_weight);
  return query;
}

export function address(state) {
  const query = new URLSearchParams();
  if (state.saved) return "/?saved=yes";
  if (state.like) query.set("like", state.like);
  if (state.photo) query.set("photo", state.photo);
  if (state.look) query.set("look", state.look);
  for (const [name, value] of parameters(state)) query.append(name, value);
  const text = query.toString();
  return text ? `/?${text}` : "/";
}

/**
 * Calls `changed(state, why)` at every step, new ("asked") or through the history ("history");
 * `go(patch)` tells whether it is a step.
 */
export function createHistory(changed) {
  let current = read(location.search);
  history.scrollRestoration = "manual";
  addEventListener("popstate", (event) => {
    current = read(location.search);
    changed(current, "history", event.state?.scroll ?? 0);
  });
  return {
    get current() {
      return current;
    },
    go(patch) {
      if (address({ ...current, ...patch }) === address(current)) return false;
      history.replaceState({ scroll: scrollY }, "");
      current = { ...current, ...patch };
      history.pushState({}, "", address(current));
      changed(current, "asked");
      return true;
    },
  };
}
