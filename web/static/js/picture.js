// The photo with the item's box: drag to draw a new one, use its corners or the keys to change it.
// Other detections have a thin outline.

import { fill, make } from "./dom.js";
import { sameBox } from "./state.js";

const MIN_SIDE = 0.03; // fraction of the image; a smaller box was a click
const STEP = 0.02; // fraction of the image that one arrow key moves
const CORNERS = ["nw", "ne", "sw", "se"];

const clamp = (value, low = 0, high = 1) => Math.min(high, Math.max(low, value));

/** Shows pictures in a frame; calls `onBox(box)` when the user has set the box. */
export function createPicture(frame, { t }, onBox) {
  let current = null; // {url, box, drawable}
  let outlines = new Map(); // by item

  function show({ url, alt, box, drawable, items = [] }) {
    if (current?.url !== url) {
      const image = make("img", { src: url, alt, draggable: "false", onerror: unshowable });
      const shade = drawable ? make("span", { class: "shade" }) : null;
      fill(frame, make("span", { class: "clip" }, image, shade), drawable ? boxElement() : null);
      outlines = new Map();
    }
    current = { url, box, drawable };
    frame.classList.toggle("drawable", Boolean(drawable));
    place(box);
    outline(items.filter((item) => !sameBox(item.box, box)));
  }

  function outline(items) {
    for (const element of outlines.values()) element.remove();
    outlines = new Map(items.map((item) => [item, make("span", { class: "outline" })]));
    for (const [item, element] of outlines) lay(element, item.box);
    frame.querySelector(".clip")?.append(...outlines.values());
  }

  /** Highlights the outline of one item; null for none. */
  function point(item) {
    for (const [other, element] of outlines) element.classList.toggle("pointed", other === item);
  }

  function unshowable() {
    fill(frame, make("p", { class: "unshowable" }, t("unshowable")));
  }

  function boxElement() {
    return make(
      "div",
      {
        class: "box",
        tabindex: "0",
        role: "application",
        "aria-roledescription": t("box_role"),
        "aria-label": t("box_label"),
        "data-key": "box",
        onkeydown: pressed,
      },
      CORNERS.map((corner) => make("span", { class: `handle ${corner}`, "data-corner": corner })),
    );
  }

  function place(box) {
    for (const element of frame.querySelectorAll(".box, .shade")) {
      element.hidden = !box;
      if (box) lay(element, box);
    }
  }

  function settle(box) {
    current = { ...current, box };
    onBox(box);
  }

  function pressed(event) {
    const change = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const direction = change[event.key];
    if (!direction || !current.box) return;
    event.preventDefault();
    let [x, y, w, h] = current.box;
    const [right, down] = direction.map((value) => value * STEP);
    if (event.shiftKey) {
      w = clamp(w + right, MIN_SIDE, 1 - x);
      h = clamp(h + down, MIN_SIDE, 1 - y);
    } else {
      x = clamp(x + right, 0, 1 - w);
      y = clamp(y + down, 0, 1 - h);
    }
    current.box = [x, y, w, h];
    place(current.box);
    clearTimeout(pressed.timer);
    pressed.timer = setTimeout(() => settle([x, y, w, h]), 350);
  }

  const pointAt = (event) => {
    const area = frame.getBoundingClientRect();
    return [
      clamp((event.clientX - area.left) / area.width),
      clamp((event.clientY - area.top) / area.height),
    ];
  };

  frame.addEventListener("pointerdown", (event) => {
    if (!current?.drawable || event.button !== 0) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    const before = current.box;
    const from = fixedPoint(event.target.dataset.corner, before) ?? pointAt(event);
    const span = (to) => [
      Math.min(from[0], to[0]),
      Math.min(from[1], to[1]),
      Math.abs(to[0] - from[0]),
      Math.abs(to[1] - from[1]),
    ];
    const moved = (move) => place(span(pointAt(move)));
    const ended = (end) => {
      frame.removeEventListener("pointermove", moved);
      frame.removeEventListener("pointerup", ended);
      frame.removeEventListener("pointercancel", ended);
      const box = span(pointAt(end));
      if (end.type === "pointerup" && box[2] >= MIN_SIDE && box[3] >= MIN_SIDE) settle(box);
      else place(before);
    };
    frame.addEventListener("pointermove", moved);
    frame.addEventListener("pointerup", ended);
    frame.addEventListener("pointercancel", ended);
  });

  /** Cancels a search by keys that has not started yet, as the picture changes. */
  function leave() {
    clearTimeout(pressed.timer);
  }

  return { show, point, leave };
}

function lay(element, box) {
  const [left, top, width, height] = box.map((value) => `${100 * value}%`);
  Object.assign(element.style, { left, top, width, height });
}

/** Returns the corner opposite to the one that is dragged. */
function fixedPoint(corner, box) {
  if (!corner || !box) return null;
  const [x, y, w, h] = box;
  return [corner.includes("w") ? x + w : x, corner.includes("n") ? y + h : y];
}
