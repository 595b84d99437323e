// Ways a photo comes in: chosen, taken, dropped or pasted.

import { find } from "./dom.js";

const imageIn = (transfer) =>
  [...(transfer?.files ?? [])].find((file) => file.type.startsWith("image/")) ?? transfer?.files?.[0];

const carriesFile = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** Calls `took(file)` with every photo that comes in. */
export function takePhotos(took) {
  for (const id of ["file", "camera"]) {
    const input = find(id);
    input.addEventListener("change", () => {
      const [file] = input.files;
      if (file) took(file);
      input.value = "";
    });
  }
  find("another").addEventListener("click", () => find("file").click());
  addEventListener("paste", (event) => {
    const file = imageIn(event.clipboardData);
    if (file) took(file);
  });
  takeDrops(took);
}

function takeDrops(took) {
  const veil = find("drop-veil");
  let depth = 0;
  const show = (shown) => {
    depth = shown ? depth : 0;
    veil.hidden = !shown;
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
    if (file) took(file);
  });
}
