// <houndstooth-search>: a button that opens the search by photo.

import { make } from "../js/dom.js";
import { WidgetElement } from "./element.js";

const SVG = "http://www.w3.org/2000/svg";
const CAMERA =
  "M4 7.5h3.2L9 5h6l1.8 2.5H20a1.5 1.5 0 0 1 1.5 1.5v9a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 18V9" +
  "A1.5 1.5 0 0 1 4 7.5zM12 9.5a3.8 3.8 0 1 0 0 7.6 3.8 3.8 0 0 0 0-7.6z";

function icon() {
  const drawing = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  path.setAttribute("d", CAMERA);
  drawing.append(path);
  return drawing;
}

export class HoundstoothSearch extends WidgetElement {
  #dialog = null;

  build() {
    this.#dialog?.then((dialog) => dialog.close()).catch(() => null); // in another language
    this.#dialog = null;
    this.button = make(
      "button",
      {
        type: "button",
        class: "opener",
        part: "button",
        "aria-label": this.words.t("widget.open"),
        "aria-haspopup": "dialog",
        title: this.words.t("widget.open"),
        onclick: () => this.open(),
      },
      make("slot", { name: "icon" }, icon()),
    );
    this.root.append(this.button);
  }

  /** Opens the dialog, and searches for a photo if one is given (a File or Blob). */
  async open(photo = null) {
    await this.ready();
    this.#dialog ??= import("./dialog.js").then(({ createDialog }) => createDialog(this));
    try {
      const dialog = await this.#dialog;
      dialog.open();
      this.tell("houndstooth-open", {});
      if (photo) await dialog.take(photo);
    } catch (error) {
      this.#dialog = null;
      this.explain(error);
      throw error;
    }
  }
}
