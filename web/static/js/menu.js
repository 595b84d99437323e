// A menu beside a button, as the browser's own popover: Escape or a click elsewhere closes it.

import { fill, find, make } from "./dom.js";

const GAP = 4; // pixels between button and menu

let opener = null; // the button whose menu is open

find("menu").addEventListener("toggle", ({ newState }) => {
  if (newState === "open") return;
  opener?.setAttribute("aria-expanded", "false");
  opener = null;
});

/**
 * Opens a menu for a button, or closes it. `choices` are `{key, words, chosen, act}`; `hint` is a
 * line below them.
 */
export function toggleMenu(button, title, choices, hint = "") {
  const menu = find("menu");
  if (opener === button) return menu.hidePopover();
  opener?.setAttribute("aria-expanded", "false");
  const choose = (act) => () => {
    menu.hidePopover();
    act();
  };
  fill(
    menu,
    make("p", { class: "menu-title", id: "menu-title" }, title),
    choices.map(({ key, words, chosen, act }) =>
      make(
        "button",
        {
          type: "button",
          class: "menu-choice",
          "data-choice": key,
          "aria-pressed": String(chosen),
          onclick: choose(act),
        },
        words,
      ),
    ),
    hint ? make("p", { class: "hint" }, hint) : null,
  );
  menu.setAttribute("role", "group");
  menu.setAttribute("aria-labelledby", "menu-title");
  button.setAttribute("aria-expanded", "true");
  menu.showPopover({ source: button });
  opener = button;
  place(menu, button.getBoundingClientRect());
  menu.querySelector(".menu-choice").focus();
}

/** Puts the menu below the button, or above it where there is no room. */
function place(menu, { left, top, bottom }) {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = bottom + GAP + height <= innerHeight || top - GAP - height < 0;
  const x = Math.max(GAP, Math.min(left, innerWidth - width - GAP));
  const y = below ? bottom + GAP : top - GAP - height;
  Object.assign(menu.style, { left: `${x}px`, top: `${y}px` });
}
