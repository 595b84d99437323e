// What is asked, as the address bar holds it. Photos themselves stay in this tab's memory.

export const EMPTY = Object.freeze({
  like: null,
  photo: null,
  category: null,
  box: null,
  require: [],
  exclude: [],
  filters: [],
  appearance_weight: null,
});

const photos = new Map();

/** Keep a photo for as long as the tab lives; returns the key that stands for it. */
export function keepPhoto(file) {
  const key = crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
  photos.set(key, { file, url: URL.createObjectURL(file) });
  return key;
}

export const photoOf = (state) => photos.get(state.photo) ?? null;

export function read(search) {
  const given = new URLSearchParams(search);
  const box = given.get("box")?.split(",").map(Number) ?? null;
  const weight = given.has("appearance_weight") ? Number(given.get("appearance_weight")) : null;
  return {
    like: given.get("like"),
    photo: given.get("photo"),
    category: given.get("category"),
    box: box?.length === 4 && box.every(Number.isFinite) ? box : null,
    require: given.getAll("require"),
    exclude: given.getAll("exclude"),
    filters: given.getAll("filter").map((filter) => filter.replace(/^([^:=]*)=/, "$1:")),
    appearance_weight: weight >= 0 && weight <= 1 ? weight : null,
  };
}

/** `x,y,w,h` to four digits: its edges are rounded, so that what lay inside still does. */
function boxText([x, y, w, h]) {
  const edge = (value) => Math.round(1e4 * value);
  const [left, top, right, bottom] = [x, y, x + w, y + h].map(edge);
  return [left, top, right - left, bottom - top].map((value) => (value / 1e4).toFixed(4)).join(",");
}

export const sameBox = (one, other) => Boolean(one && other) && boxText(one) === boxText(other);

/** The parameters of a search, by the names that REST gives them. */
export function parameters(state) {
  const given = new URLSearchParams();
  if (state.category) given.set("category", state.category);
  if (state.box) given.set("box", boxText(state.box));
  for (const term of state.require) given.append("require", term);
  for (const term of state.exclude) given.append("exclude", term);
  for (const filter of state.filters) given.append("filter", filter);
  if (state.appearance_weight !== null) given.set("appearance_weight", state.appearance_weight);
  return given;
}

export function address(state) {
  const given = new URLSearchParams();
  if (state.like) given.set("like", state.like);
  if (state.photo) given.set("photo", state.photo);
  for (const [name, value] of parameters(state)) given.append(name, value);
  const text = given.toString();
  return text ? `/?${text}` : "/";
}

/** Calls `changed(state, why)` at every step, forward ("asked") or through history ("history"). */
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
      if (address({ ...current, ...patch }) === address(current)) return;
      history.replaceState({ scroll: scrollY }, "");
      current = { ...current, ...patch };
      history.pushState({}, "", address(current));
      changed(current, "asked");
    },
  };
}
