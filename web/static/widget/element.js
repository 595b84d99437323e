// What both elements share: the shadow tree, words, styles, and the way to the service.

import { postClick } from "../js/clicks.js";
import { make } from "../js/dom.js";
import { shopUrl } from "../js/product.js";
import { ApiError, request } from "../js/request.js";
import { errorWords } from "../js/troubles.js";
import { createWords } from "../js/wording.js";

const FILES = new URL("../", import.meta.url); // of this version of the widget
const SERVICE = new URL("../../", FILES);
const DEFAULT_LANGUAGE = "en";

const once = new Map(); // promises of files by name

/** Fetches a file of the widget, once unless it fails. */
function file(name, read) {
  if (!once.has(name)) {
    const fetched = fetch(new URL(name, FILES)).then((response) => {
      if (!response.ok) throw new Error(`Houndstooth: ${response.url} answered ${response.status}`);
      return read(response);
    });
    fetched.catch(() => once.delete(name));
    once.set(name, fetched);
  }
  return once.get(name);
}

const SHEETS = ["picture.css", "plate.css", "widget/widget.css"];

const sheet = (name) =>
  file(name, async (response) => new CSSStyleSheet().replace(await response.text()));

/** Fetches the words of a language; the service answers in English where it has none. */
const wordsIn = (language) =>
  file(`words/${language}.json`, async (response) => {
    const { language: code, words } = await response.json();
    return createWords(code, words);
  });

/** Returns the address of a picture: those of the service are relative to it. */
export const pictureUrl = (url) => url && new URL(url, SERVICE).href;

export class WidgetElement extends HTMLElement {
  static observedAttributes = ["lang"];
  #built = null;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
  }

  connectedCallback() {
    this.ready();
  }

  /** Builds the element anew in another language; a dialog that is open is closed. */
  attributeChangedCallback(name, before, after) {
    if (name !== "lang" || !this.#built || before === after) return;
    this.#built = this.#built.then(() => this.#begin()); // one after the other
  }

  /** Builds the element once, when it first stands in a page; it stays when it is moved. */
  ready() {
    this.#built ??= this.#begin();
    return this.#built;
  }

  async #begin() {
    try {
      const language = encodeURIComponent(this.language);
      const [words, ...sheets] = await Promise.all([wordsIn(language), ...SHEETS.map(sheet)]);
      this.words = words;
      this.shadowRoot.adoptedStyleSheets = sheets;
      this.root = make("div", { class: "root", lang: words.language });
      this.shadowRoot.replaceChildren(this.root);
      this.build();
    } catch (error) {
      this.#built = null;
      console.error("Houndstooth: the widget could not be built.", error);
    }
  }

  /** The language of the element, of what stands around it, or of the document. */
  get language() {
    const lang = this.closest("[lang]")?.lang || document.documentElement.lang || DEFAULT_LANGUAGE;
    return lang.split("-")[0].toLowerCase();
  }

  /** The filters that the shop has set, a `field:value` in each; semicolons separate them. */
  get filters() {
    return (this.getAttribute("filter") ?? "").split(";").map((one) => one.trim()).filter(Boolean);
  }

  /** Returns where a product's card leads: by the shop's template, or to the stored address. */
  productUrl(item) {
    const template = this.getAttribute("product-url");
    return template ? template.replaceAll("{id}", encodeURIComponent(item.product_id)) : shopUrl(item);
  }

  /** The id that the shop has given its visitor; null if it gives none. */
  get client() {
    return this.getAttribute("client-id") || null;
  }

  get #headers() {
    const key = this.getAttribute("key");
    return key ? { Authorization: `Bearer ${key}` } : {};
  }

  /** Posts a click, `{query, product, position}`, where the shop has set the attribute `events`. */
  postClick(click) {
    if (!this.hasAttribute("events")) return;
    postClick(new URL("api/v1/events", SERVICE), { ...click, client: this.client }, this.#headers);
  }

  /** Requests a path of REST, with the element's key. */
  async ask(path, options = {}) {
    try {
      const address = new URL(`api/v1/${path}`, SERVICE);
      return await request(address, { ...options, headers: this.#headers }, this.words);
    } catch (error) {
      if (error.status === 0 && (await isOriginRefused())) error.fault = "origin";
      if (error.status === 401 || error.status === 403) error.fault = "key";
      throw error;
    }
  }

  /**
   * Returns what to tell shoppers of an error, and tells the shop: by the event
   * `houndstooth-error`, and in the console where the shop's own set-up is at fault.
   */
  explain(error) {
    const { t } = this.words;
    const { code = null, fault = null, message, status = 0 } = error;
    if (!(error instanceof ApiError)) console.error(error);
    this.tell("houndstooth-error", { fault, code, message, status });
    if (fault === "origin") {
      console.error(
        `Houndstooth: expected ${location.origin} in HOUNDSTOOTH_CORS_ORIGINS of the service at ` +
          `${SERVICE.origin}; it does not answer pages of this origin`,
      );
      return t("widget.origin", { origin: location.origin });
    }
    if (fault === "key") {
      console.error(`Houndstooth: ${message}; the attribute key of <${this.localName}> has it`);
      return t("widget.key");
    }
    return errorWords(this.words, error);
  }

  /** Dispatches an event for the shop; returns whether what follows may go on. */
  tell(type, detail, { cancelable = false } = {}) {
    return this.dispatchEvent(
      new CustomEvent(type, { detail, cancelable, bubbles: true, composed: true }),
    );
  }

  /** Tells that a query is answered; `answer` is that of REST. */
  tellQuery(by, answer, productId = null) {
    const hits = answer.hits.map((hit) => hit.product_id);
    const category = answer.query.category.term;
    const { query_id } = answer;
    this.tell("houndstooth-query", { by, query_id, product_id: productId, category, hits, answer });
  }
}

/** Tells whether the service answers, so that only the list of origins can be in the way. */
async function isOriginRefused() {
  if (SERVICE.origin === location.origin) return false;
  const probe = fetch(new URL("healthz", SERVICE), { mode: "no-cors", cache: "no-store" });
  return probe.then(() => true, () => false);
}
