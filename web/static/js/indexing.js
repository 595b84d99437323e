// The progress bar at the top of the page while the service indexes its catalogue.

import { getProgress } from "./api.js";
import { find, say } from "./dom.js";

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
  const unusable = failed ? ` ${count(failed)} cannot be used; the terminal says why.` : "";
  if (state === "finished") return `All ${count(done)} products are in.${unusable}`;
  const among = total === null ? `${count(done)} products are in` : `${count(done)} of ${count(total)} products are in`;
  if (state === "stopped") return `${among}; indexing stopped, and the terminal says why.`;
  if (!done) return `${among}; the first can be searched in a few seconds.`;
  const left = total === null ? null : total - done - failed;
  if (left === null) return `${among} and can be searched; more are coming.${unusable}`;
  if (left <= 0) return `${among} and can be searched; they are checked for changes.${unusable}`;
  return `${among} and can be searched; ${count(left)} are still to come.${unusable}`;
}

const count = (number) => number.toLocaleString("en");
