// The dialog of the search by photo: ways to give a photo, and room for what is found.

import { make } from "../js/dom.js";
import { createSearch } from "./photo-search.js";

const ACCEPT = "image/*,.heic,.heif,.avif,.jp2";
const KEPT_INSIDE = ["input", "keydown"]; // events that a shop's form would take for its own

const imageIn = (transfer) =>
  [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? transfer?.files?.[0];

/** Makes the dialog of an element: `open()` shows it, `take(photo)` searches for a photo. */
export function createDialog(widget) {
  const { t } = widget.words;
  const inputs = ["file", "camera"].map(input);
  const [choosing, taking] = inputs;
  const found = make("div", { class: "found", hidden: true });
  const intake = make(
    "div",
    { class: "intake", part: "intake" },
    make("p", { class: "lead" }, t("widget.lead")),
    make(
      "p",
      { class: "buttons" },
      button("primary", t("choose_photo"), () => choosing.click()),
      button("touch-only", t("take_photo"), () => taking.click()),
    ),
    make("p", { class: "hint mouse-only" }, t("widget.drop_or_paste")),
  );
  const dialog = make(
    "dialog",
    { class: "dialog", part: "dialog", "aria-labelledby": "title", closedby: "any" },
    make(
      "div",
      { class: "head" },
      make("h2", { id: "title", part: "dialog-title" }, t("widget.open")),
      make("button", {
        type: "button",
        class: "close",
        part: "close",
        "aria-label": t("widget.close"),
        onclick: () => dialog.close(),
      }),
    ),
    intake,
    found,
    inputs,
  );
  const search = createSearch(widget, found, () => choosing.click());

  function input(id) {
    return make("input", {
      type: "file",
      id,
      hidden: true,
      accept: id === "camera" ? "image/*" : ACCEPT,
      capture: id === "camera" ? "environment" : null,
      onchange: ({ currentTarget }) => {
        const [photo] = currentTarget.files;
        if (photo) take(photo);
        currentTarget.value = "";
      },
    });
  }

  function button(look, words, onclick) {
    return make("button", { type: "button", class: `button ${look}`, part: "action", onclick }, words);
  }

  function take(photo) {
    intake.hidden = true;
    found.hidden = false;
    return search(photo);
  }

  function pasted(event) {
    const photo = imageIn(event.clipboardData);
    if (!photo) return;
    event.preventDefault();
    take(photo);
  }

  dialog.addEventListener("dragover", (event) => {
    event.preventDefault();
    dialog.classList.add("dragging");
  });
  dialog.addEventListener("dragleave", (event) => {
    if (!dialog.contains(event.relatedTarget)) dialog.classList.remove("dragging");
  });
  dialog.addEventListener("drop", (event) => {
    event.preventDefault();
    dialog.classList.remove("dragging");
    const photo = imageIn(event.dataTransfer);
    if (photo) take(photo);
  });
  dialog.addEventListener("close", () => {
    document.removeEventListener("paste", pasted);
    widget.tell("houndstooth-close", {});
  });
  for (const type of KEPT_INSIDE) dialog.addEventListener(type, (event) => event.stopPropagation());
  widget.root.append(dialog);

  return {
    take,
    close: () => dialog.close(),
    open() {
      if (dialog.open) return;
      document.addEventListener("paste", pasted);
      dialog.showModal();
    },
  };
}
