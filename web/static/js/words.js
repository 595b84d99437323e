// The words of the page, in its language. The server puts them into the page.

export const language = document.documentElement.lang;

// The browser's own form of the language, such as en-GB, for numbers and prices.
export const locale = navigator.languages.find((one) => one.split("-")[0] === language) ?? language;

const words = JSON.parse(document.getElementById("words").textContent);
const plural = new Intl.PluralRules(language);

export const number = (value) => value.toLocaleString(locale);

/** Returns a text with its `{placeholders}` filled in; `count` chooses among forms of number. */
export function t(key, values = {}) {
  const text = words[key];
  const form = typeof text === "object" ? (text[plural.select(values.count)] ?? text.other) : text;
  const filled = (name) => (typeof values[name] === "number" ? number(values[name]) : values[name]);
  return form.replace(/\{(\w+)\}/g, (_, name) => filled(name));
}

/** Returns the text of a key that may be missing, as a shop's own terms are; else null. */
export const known = (key, values) => (key in words ? t(key, values) : null);
