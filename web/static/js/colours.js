// Paints of the taxonomy's colours.

import { make } from "./dom.js";

const CSS_COLOURS = {
  black: "#1d1b18",
  blue: "#2f61b3",
  brown: "#6f4a2f",
  grey: "#8e9093",
  red: "#c23434",
  green: "#3f8050",
  yellow: "#f2cc3d",
  pink: "#ee9db5",
  purple: "#75509c",
  orange: "#e57a2e",
  beige: "#dccbad",
  magenta: "#c2317f",
  maroon: "#6b1c24",
  olive: "#6f6b32",
  tan: "#c69a6b",
  khaki: "#a99a6b",
  teal: "#1f7a7a",
  lavender: "#b9a7d9",
  "navy-blue": "#1f2a4d",
  "off-white": "#f6f1e4",
  "sea-green": "#2e8b6f",
  "grey-melange": "#a9a9ab",
  "coffee-brown": "#4b3021",
  "turquoise-blue": "#2fb5b9",
  "lime-green": "#9bcf3a",
  "fluorescent-green": "#7dff3b",
  "mushroom-brown": "#a38b77",
  charcoal: "#3b3f44",
  cream: "#fbf1d3",
  mustard: "#d3a021",
  rust: "#a4472a",
  bronze: "#8c6a3d",
  copper: "#b26b42",
  taupe: "#8a7d72",
  burgundy: "#6a1b2f",
  mauve: "#b48ead",
  nude: "#e3bfa5",
  peach: "#ffc19e",
  steel: "#8d99a6",
  metallic: "linear-gradient(135deg, #e8e8ea, #8d9199 60%, #d9dadd)",
  silver: "linear-gradient(135deg, #f2f2f3, #a8abb0)",
  gold: "linear-gradient(135deg, #f0d886, #b98d2f)",
  multi: "conic-gradient(#d1495b, #edae49, #66a182, #2e5eaa, #8f5ea2, #d1495b)",
};

/** Returns the CSS background for a term of the group colour, else null. */
export function paintOf(term) {
  const [group, value] = term.split(":");
  return group === "colour" ? (CSS_COLOURS[value] ?? value) : null;
}

export function swatch(term) {
  const paint = paintOf(term);
  return paint && make("span", { class: "swatch", "aria-hidden": "true", style: { background: paint } });
}
