// The progress bar at the top of the page while the service indexes its catalogue.

import { getProgress } from "./api.js";
import { find, say } from "./dom.js";
import { t } from "./words.js";

const ASK_MS = 1000;

let last = null; // the newest progress; null if nothing is indexed

/** Tells whether the service is indexing. */
export const indexing = () => last?.state === "running";

/** Shows the progress until indexing ends; calls `arrived()` whenever it has changed. */
export async function watchIndexing(arrived) {
  const place = find("indexing");
  if (!place) return;
  const before = last;
  try {
    last = await getProgress();
  } catch {
    last = before; // the service cannot be reached; the next search shows that
  }
  if (last && JSON.stringify(last) !== JSON.stringify(before)) show(place, before);
  if (last && (last.done !== before?.done || last.state !== before?.state)) arrived();
  if (!last || last.state === "running") setTimeout(() => watchIndexing(arrived), ASK_MS);
}

function show(place, before) {
  const { total, done, failed, state } = last;
  const over = state === "finished";
  place.hidden = over && (!before || before.state === "finished");
  const bar = find("indexing-bar");
  bar.hidden = state !== "running";
  if (total) {
    bar.max = total;
    bar.value = done + failed;
  }
  const words = wordsFor(last);
  find("indexing-words").textContent = words;
  if (state !== "running" && before) say(words);
}

function wordsFor({ total, done, failed, state }) {
  const unusable = failed ? ` ${t("indexing.failed", { count: failed })}` : "";
  if (state === "finished") return t("indexing.finished", { done }) + unusable;
  const among = t(total === null ? "indexing.count_open" : "indexing.count", { done, total });
  if (state === "stopped") return t("indexing.stopped", { among });
  if (!done) return t("indexing.first", { among });
  const left = total === null ? null : total - done - failed;
  if (left === null) return t("indexing.open", { among }) + unusable;
  if (left <= 0) return t("indexing.checked", { among }) + unusable;
  return t("indexing.left", { among, left }) + unusable;
}
