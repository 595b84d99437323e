// Ways to give a photo: choose, take, drop or paste it.

import { find } from "./dom.js";

const imageIn = (transfer) =>
  [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? transfer?.files?.[0];

const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** Calls `onPhoto(file)` with every photo. */
export function takePhotos(onPhoto) {
  for (const id of ["file", "camera"]) {
    const input = find(id);
    input.addEventListener("change", () => {
      const [file] = input.files;
      if (file) onPhoto(file);
      input.value = "";
    });
  }
  find("another").addEventListener("click", () => find("file").click());
  addEventListener("paste", (event) => {
    const file = imageIn(event.clipboardData);
    if (file) onPhoto(file);
  });
  takeDrops(onPhoto);
}

function takeDrops(onPhoto) {
  const veil = find("drop-veil");
  let depth = 0;
  const show = (visible) => {
    depth = visible ? depth : 0;
    veil.hidden = !visible;
  };
  addEventListener("dragenter", (event) => {
    if (!carriesFile(event)) return;
    depth += 1;
    show(true);
  });
  addEventListener("dragleave", (event) => {
    if (!carriesFile(event)) return;
    depth -= 1;
    if (depth <= 0) show(false);
  });
  addEventListener("dragover", (event) => {
    if (carriesFile(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    show(false);
    const file = imageIn(event.dataTransfer);
    if (file) onPhoto(file);
  });
}
