// A look: a row of hits for each of its items, with the item as it is in the picture.

import { searchLook } from "./api.js";
import { card } from "./cards.js";
import { fill, find, make } from "./dom.js";
import { detectedItems, itemChips, itemPatch, lookChips, reveal } from "./items.js";
import { keepUpright } from "./photo.js";
import { sureTerms } from "./refine.js";
import { head, reset, showSort, showTiming } from "./results.js";
import { COMPLETE } from "./state.js";
import { labelOf } from "./terms.js";
import { t } from "./words.js";

const CROP = { width: 64, height: 76 }; // pixels that an item's picture has at most
const SEEN_AT_ONCE = 3; // cards of the first row whose pictures are not waited for

/** Searches for the items of a look; the first answer to a photo has it as the service sees it. */
export async function lookFor(state, photo, signal) {
  const { preview, ...answer } = await searchLook(state, photo?.file, signal, photo && !photo.upright);
  if (preview) keepUpright(photo, preview);
  return answer;
}

const nameOf = ({ query }) => labelOf(query.category.term);

/** Says for a screen reader what was found. */
export const lookWords = ({ items }) => t("look_found", { count: items.length });

/** Returns the items of an answer as detections in the picture that is shown. */
export function itemsOf(answer, state, subject) {
  const found = answer.items.filter(({ evidence }) => !evidence || isOwn(evidence, state));
  const boxes = found.map((item) => ({
    label: item.query.category.term,
    name: nameOf(item),
    categories: [item.query.category.term],
    box: evidenceBox(item),
  }));
  if (state.like) return boxes;
  const known = detectedItems(subject);
  return known.length ? known : detectedItems(subject, boxes);
}

const isOwn = ({ source, view }, { look }) => look !== COMPLETE && source === "worn" && view.place === 1;
const evidenceBox = ({ query, evidence }) => evidence?.view.box ?? query.box;

/**
 * Shows a look. `act` has what is done on a click: `more(product_id)`, and `change(patch)` of the
 * search state. `item` is what was searched with, `items` are the detections in its picture, and
 * `point(item)` highlights one.
 */
export function showLook(answer, { state, item, items, act, point }) {
  reset();
  fill(find("results"));
  fill(find("problem"), answer.items.length ? null : unknown(state));
  fill(
    find("understood"),
    state.like
      ? lookChips(state, item.worn, act.change)
      : itemChips(items, null, true, act.change, point),
  );
  reveal(find("understood"));
  fill(find("looks"));
  head(headingOf(state));
  fill(
    find("look"),
    answer.items.map((one, place) => row(one, place, { state, item, act })),
  );
  showSort({ hits: answer.items.flatMap(({ hits }) => hits) }, state, act.change);
  showTiming(answer.took_ms);
}

const headingOf = ({ like, look }) =>
  look === COMPLETE ? t("goes_with") : like ? t("worn_with") : t("whole_look");

const unknown = ({ look }) =>
  make("div", { class: "empty" }, make("p", {}, look === COMPLETE ? t("look_unknown") : t("worn_nothing")));

/** Makes the row of an item: its picture, its name, why it is there, and its hits. */
function row(one, place, { state, item, act }) {
  const { evidence, hits, query } = one;
  const id = `look-${place}`;
  const sure = sureTerms(query, state);
  const loading = (at) => (place === 0 && at < SEEN_AT_ONCE ? "eager" : "lazy");
  return make(
    "section",
    { class: "look-row", "aria-labelledby": id },
    make(
      "div",
      { class: "look-head" },
      crop(evidence ? evidence.view.image_url : item.url, evidenceBox(one)),
      make("div", {}, make("h2", { id }, nameOf(one)), reason(evidence)),
      evidence ? null : seeAll(one, act.change),
    ),
    hits.length
      ? make(
          "ol",
          { class: "look-hits", "aria-labelledby": id, "data-query-id": one.query_id },
          hits.map((hit, at) => card(hit, { more: act.more, sure, loading: loading(at) })),
        )
      : make("p", { class: "hint" }, t("nothing_found")),
  );
}

/** Makes the button that searches for one item of a photo alone. */
const seeAll = (one, change) =>
  make(
    "button",
    {
      type: "button",
      class: "plain",
      "aria-label": t("see_all_of", { category: nameOf(one) }),
      onclick: () => change(itemPatch({ box: one.query.box, categories: [one.query.category.term] })),
    },
    t("see_all"),
  );

/** Says why an item goes with a product. */
function reason(evidence) {
  if (!evidence || evidence.source === "worn") return null;
  const { count, total } = evidence;
  const words =
    evidence.source === "pictures"
      ? t("seen_in_pictures", { count, total })
      : evidence.source === "bought"
        ? t("bought_together", { count })
        : t("viewed_together", { count });
  return make("p", { class: "hint" }, words);
}

/** Cuts an item out of its picture, to the right size once that is there. */
function crop(url, [x, y, w, h]) {
  if (!url) return make("span", { class: "crop" });
  const image = make("img", { src: url, alt: "", decoding: "async" });
  const frame = make("span", { class: "crop" }, image);
  image.addEventListener("load", () => {
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    const scale = Math.min(CROP.width / (w * width), CROP.height / (h * height));
    const pixels = (length) => `${scale * length}px`;
    Object.assign(frame.style, { width: pixels(w * width), height: pixels(h * height) });
    Object.assign(image.style, {
      width: pixels(width),
      left: pixels(-x * width),
      top: pixels(-y * height),
    });
  });
  return frame;
}
