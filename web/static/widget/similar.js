// <houndstooth-similar product="ID">: a row of products that look like one of the shop.

import { fill, make } from "../js/dom.js";
import { OWN_KIND } from "../js/state.js";
import { card } from "./card.js";
import { WidgetElement } from "./element.js";

const TOP = 12;
const MAX_TOP = 50;
const NEAR = "400px"; // the row is fetched when it comes so near to the view

export class HoundstoothSimilar extends WidgetElement {
  static observedAttributes = [...super.observedAttributes, "product"];
  #asking = null;
  #near = false;
  #watch = null;

  build() {
    this.row = make("ul", { class: "row", part: "row" });
    this.heading = make("h2", { class: "heading", part: "heading", id: "heading" });
    this.heading.append(make("slot", { name: "heading" }, this.words.t("widget.similar")));
    this.note = make("p", { class: "note", part: "note" });
    this.section = make("section", { "aria-labelledby": "heading", part: "similar" });
    this.section.append(this.heading, this.note, this.row);
    this.root.append(this.section);
    this.note.hidden = true;
    this.#wait();
    this.#watch?.disconnect(); // of the row in another language
    const watch = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        watch.disconnect();
        this.#near = true;
        this.#show();
      },
      { rootMargin: NEAR },
    );
    this.#watch = watch;
    watch.observe(this);
  }

  /** Shows another product's row, as a page without reloads does. */
  attributeChangedCallback(name, before, after) {
    super.attributeChangedCallback(name, before, after);
    if (name === "product" && this.#near && before !== after) this.#show();
  }

  get #top() {
    const top = Number.parseInt(this.getAttribute("top"), 10);
    return top > 0 ? Math.min(top, MAX_TOP) : TOP;
  }

  #wait() {
    const ghost = () =>
      make("li", { class: "card ghost", "aria-hidden": "true" }, make("span", { class: "plate" }));
    fill(this.row, Array.from({ length: 6 }, ghost));
  }

  async #show() {
    this.#asking?.abort();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const product = this.getAttribute("product");
    this.note.hidden = true;
    this.section.hidden = !product;
    if (!product) return;
    this.#wait();
    const query = new URLSearchParams({ top: this.#top, relax: OWN_KIND });
    if (this.client) query.set("client_id", this.client);
    for (const filter of this.filters) query.append("filter", filter);
    try {
      const path = `products/${encodeURIComponent(product)}/similar?${query}`;
      const answer = await this.ask(path, { signal });
      if (signal.aborted) return;
      this.section.hidden = !answer.hits.length;
      const cardOf = (hit, at) =>
        card(this, hit, { by: "product", query: answer.query_id, place: at + 1 });
      fill(this.row, answer.hits.map(cardOf));
      this.row.scrollTo({ left: 0 });
      this.tellQuery("product", answer, product);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  /** Says what is wrong with the shop's set-up; shoppers need not know that a row is missing. */
  #fail(error) {
    fill(this.row);
    this.note.textContent = this.explain(error);
    this.note.hidden = !error.fault;
    this.section.hidden = !error.fault;
  }
}
