// Creates and finds elements. Text is never parsed as HTML.

export const find = (id) => document.getElementById(id);

/** Creates an element: `on…` adds listeners, `style` styles, all else attributes. */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "style") Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** Replaces an element's children; restores the focus by the control's key. */
export function fill(element, ...children) {
  const { activeElement } = element.getRootNode(); // of the document, or of a shadow tree
  const key = element.contains(activeElement ?? null) && activeElement.dataset.key;
  element.replaceChildren(...children.flat().filter(Boolean));
  if (key) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
}

export const say = (words) => {
  find("status").textContent = words;
};
