// The ingest view: the state of the jobs, fetched repeatedly while the page is visible.

import { getJob, getJobs } from "./api.js";
import { fill, find, make, say } from "./dom.js";
import { count, reading } from "./reading.js";

const BUSY_MS = 1500; // pause between fetches while a job runs
const IDLE_MS = 6000; // pause otherwise
const MAX_EXAMPLES = 3; // products that are named
const STATES = { running: "Running", finished: "Finished", stopped: "Stopped" };

const SECTIONS = ["reading", "failures"]; // parts of a job that are shown when they are opened

const opened = new Set(); // keys `section-id` of the parts that are open
const details = new Map(); // job with its details by id, for jobs with an open part
const states = new Map(); // previous state by id, to announce changes
const drawn = new Map(); // `{text, element}` by id; an unchanged job keeps its element
let next = null;

async function refresh() {
  clearTimeout(next);
  let wait = IDLE_MS;
  try {
    const jobs = await getJobs();
    await Promise.all(jobs.filter(isOpen).map(readDetails));
    show(jobs);
    if (jobs.some((job) => job.state === "running")) wait = BUSY_MS;
  } catch (error) {
    showError(error);
  }
  if (!document.hidden) next = setTimeout(refresh, wait);
}

const isOpen = ({ job_id }) => SECTIONS.some((section) => opened.has(`${section}-${job_id}`));

/** Fetches the details of a job if more batches are done than before. */
async function readDetails({ job_id, done, state }) {
  const known = details.get(job_id);
  if (known?.done === done && known.state === state) return;
  details.set(job_id, await getJob(job_id));
}

function show(jobs) {
  fill(
    find("notice"),
    jobs.length ? null : make("p", { class: "notice" }, "No job yet. This is how one is started:"),
  );
  const same = jobs.map(({ job_id }) => job_id).join() === [...drawn.keys()].join();
  const elements = jobs.map(same ? redraw : draw);
  if (!same) {
    drawn.clear();
    jobs.forEach((job, place) => drawn.set(job.job_id, { text: textOf(job), element: elements[place] }));
    fill(find("jobs"), elements);
  }
  for (const { job_id, state, feed } of jobs) {
    const before = states.get(job_id);
    if (before && before !== state) say(`${feed}: ${STATES[state].toLowerCase()}.`);
    states.set(job_id, state);
  }
}

const textOf = (job) =>
  JSON.stringify([job, details.get(job.job_id), SECTIONS.map((section) => opened.has(`${section}-${job.job_id}`))]);

/** Returns a job's element; if the job has changed, draws it again in the same place. */
function redraw(job) {
  const before = drawn.get(job.job_id);
  const text = textOf(job);
  if (before.text === text) return before.element;
  const element = draw(job);
  const [old, scrolled] = [before.element.querySelector(".failures"), element.querySelector(".failures")];
  const top = old?.scrollTop ?? 0;
  const key = before.element.contains(document.activeElement) && document.activeElement.dataset.key;
  before.element.replaceWith(element);
  if (scrolled) scrolled.scrollTop = top;
  if (key) element.querySelector(`[data-key="${key}"]`)?.focus({ preventScroll: true });
  drawn.set(job.job_id, { text, element });
  return element;
}

function showError(error) {
  const unavailable = error.status === 503;
  fill(
    find("notice"),
    make(
      "div",
      { class: "notice", role: "alert" },
      make("p", {}, unavailable ? "The workers’ jobs cannot be read right now." : error.sentence),
      unavailable ? make("p", { class: "hint" }, error.sentence) : null,
      unavailable
        ? make(
            "p",
            { class: "hint" },
            "Without workers, the same feed is ingested in one process: ",
            make("code", {}, "houndstooth ingest FEED.csv"),
          )
        : null,
    ),
  );
  drawn.clear();
  fill(find("jobs"));
}

function draw(job) {
  const known = details.get(job.job_id);
  return make(
    "li",
    { class: `job ${job.state}` },
    make(
      "div",
      { class: "job-head" },
      make("h2", {}, job.feed),
      make("span", { class: "state" }, STATES[job.state]),
    ),
    progress(job),
    make("ul", { class: "job-facts" }, facts(job).map((words) => make("li", {}, words))),
    job.stopped ? make("p", { class: "notice" }, job.stopped) : null,
    totals(job.totals, job.deletion),
    job.deletion?.refused ? make("p", { class: "notice" }, `Nothing was deleted: ${job.deletion.refused}`) : null,
    placeholders(job.placeholders),
    section("reading", "How the feed was read", job, known && reading(known)),
    job.totals.failed
      ? section("failures", `Why ${count(job.totals.failed)} failed`, job, known && table(known, job))
      : null,
  );
}

const productsOf = (job) => Object.values(job.totals).reduce((sum, number) => sum + number, 0);

/** Returns the fraction done, by batches or else by lines of the feed; null if unknown. */
function fractionOf(job) {
  if (job.state === "finished") return 1;
  const [done, all] = job.batches === null ? [productsOf(job), job.products] : [job.done, job.batches];
  return all ? Math.min(1, done / all) : null;
}

function progress(job) {
  const fraction = fractionOf(job);
  const words = fraction === null ? `${count(productsOf(job))} products` : `${Math.floor(100 * fraction)} %`;
  return make(
    "div",
    { class: "job-progress" },
    make("progress", { max: "1", value: fraction, "aria-label": `Progress of ${job.feed}` }),
    make("span", {}, words),
  );
}

function facts(job) {
  const fraction = fractionOf(job);
  const parts = [`started ${time(job.started_at)}`];
  if (job.finished_at) parts.push(`${STATES[job.state].toLowerCase()} ${time(job.finished_at)}`);
  parts.push(duration(job.seconds));
  if (job.rate !== null) parts.push(`${job.rate.toFixed(1)} products a second`);
  if (job.state === "running" && fraction) {
    parts.push(`about ${duration((job.seconds * (1 - fraction)) / fraction)} left`);
  }
  if (job.model) parts.push(`model ${job.model}`);
  return [...parts, `job ${job.job_id}`];
}

const totals = ({ written, updated, unchanged, overtaken, left_out, failed }, deletion) =>
  make(
    "dl",
    { class: "totals" },
    [
      ["Written", written],
      ["Updated", updated],
      ["Unchanged", unchanged],
      ["Overtaken", overtaken],
      ["Left out", left_out],
      ["Failed", failed],
      ...(deletion ? [["Deleted", deletion.deleted]] : []),
    ].map(([name, number]) =>
      make(
        "div",
        { class: number && name === "Failed" ? "bad" : null },
        make("dt", {}, name),
        make("dd", {}, count(number)),
      ),
    ),
  );

/** Tells the pictures under many unlike products, which show none of them. */
function placeholders(found) {
  if (!found.length) return null;
  const products = found.reduce((sum, one) => sum + one.products, 0);
  const examples = found.flatMap((one) => one.examples).slice(0, MAX_EXAMPLES);
  const words = `Pictures that are none: ${count(found.length)}, under ${count(products)} products`;
  return make("p", { class: "placeholders" }, `${words}, such as ${examples.join(", ")}.`);
}

function section(name, title, job, content) {
  const key = `${name}-${job.job_id}`;
  return make(
    "details",
    {
      open: opened.has(key),
      ontoggle: (event) => toggled(key, job, event.target),
    },
    make("summary", { "data-key": key }, title),
    content || make("p", { class: "hint" }, "Loading…"),
  );
}

async function toggled(key, job, element) {
  if (element.open === opened.has(key)) return; // caused by drawing, not by a click
  if (element.open) opened.add(key);
  else opened.delete(key);
  if (!isOpen(job)) details.delete(job.job_id);
  if (element.open) await refresh();
}

function table({ failures: rows, failed_by_type: types }, job) {
  const cut = job.totals.failed > rows.length;
  return [
    make(
      "ul",
      { class: "failure-types" },
      Object.entries(types).map(([type, number]) => make("li", {}, `${type}: ${count(number)}`)),
    ),
    make(
      "div",
      { class: "failures", tabindex: "0", role: "region", "aria-label": `Failures of ${job.feed}`, "data-key": "rows" },
      make(
        "table",
        {},
        make(
          "thead",
          {},
          make("tr", {}, ["Line", "Product", "Reason"].map((name) => make("th", { scope: "col" }, name))),
        ),
        make(
          "tbody",
          {},
          rows.map(({ row, product_id, reason }) =>
            make(
              "tr",
              {},
              make("td", {}, row === null ? "–" : String(row)),
              make("td", {}, product_id || "–"),
              make("td", {}, reason ?? ""),
            ),
          ),
        ),
      ),
    ),
    cut ? make("p", { class: "hint" }, `The first ${rows.length} of ${count(job.totals.failed)}.`) : null,
  ];
}

function time(iso) {
  const then = new Date(iso);
  const today = then.toDateString() === new Date().toDateString();
  const clock = then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return today ? clock : `${then.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${clock}`;
}

function duration(seconds) {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  const minutes = Math.floor(rounded / 60);
  const rest = rounded % 60;
  return minutes < 60 ? `${minutes} min ${rest} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
refresh();
