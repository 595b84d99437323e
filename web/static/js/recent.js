// The last searches, in this browser: products by id, photos by the key of the kept copy.

import { fill, find, make } from "./dom.js";
import { readKept, writeKept } from "./kept.js";
import { forgetPhotos, photoOf } from "./photo.js";
import { t } from "./words.js";

const KEY = "houndstooth-recent";
const MAX_RECENT = 8;

const keyOf = ({ like, photo }) => (like ? `like:${like}` : `photo:${photo}`);

/** Remembers a search, `{like, photo, title, url}`; a photo's URL is of its kept copy. */
export function addRecent({ like, photo, title, url }) {
  const search = like ? { like, title, url } : { photo, title };
  const others = readKept(KEY).filter((one) => keyOf(one) !== keyOf(search));
  writeKept(KEY, [search, ...others].slice(0, MAX_RECENT));
}

/** Shows the searches that can be done again; calls `again({like, photo})` on a click. */
export function showRecent(again) {
  const searches = readKept(KEY).filter((one) => one.like || photoOf(one));
  find("recent").hidden = !searches.length;
  fill(find("recent-list"), searches.map((search) => make("li", {}, button(search, again))));
}

/** Forgets the searches, and all photos but the one that is being searched. */
export async function forgetRecent(photo) {
  writeKept(KEY, []);
  await forgetPhotos(photo);
}

const button = (search, again) =>
  make(
    "button",
    {
      type: "button",
      class: "sample recent",
      title: search.title,
      onclick: () => again({ like: search.like ?? null, photo: search.photo ?? null }),
    },
    make(
      "span",
      { class: "plate" },
      make("img", { src: photoOf(search)?.url ?? search.url ?? "", alt: "", loading: "lazy" }),
    ),
    make("span", { class: "sample-name" }, search.photo ? t("your_photo") : search.title),
  );
