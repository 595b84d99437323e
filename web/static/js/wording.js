// Texts in one language, and numbers as it writes them.

/**
 * Creates the words of a language, `{language, locale, number, t, known}`; `texts` by key. A text
 * with several forms follows the language's plural rules.
 */
export function createWords(language, texts) {
  // The browser's own form of the language, such as en-GB, for numbers and prices.
  const locale = navigator.languages.find((one) => one.split("-")[0] === language) ?? language;
  const plural = new Intl.PluralRules(language);
  const number = (value) => value.toLocaleString(locale);

  /** Returns a text with its `{placeholders}` filled in; `count` chooses among forms of number. */
  function t(key, values = {}) {
    const text = texts[key];
    const form = typeof text === "object" ? (text[plural.select(values.count)] ?? text.other) : text;
    const filled = (name) => (typeof values[name] === "number" ? number(values[name]) : values[name]);
    return form.replace(/\{(\w+)\}/g, (_, name) => filled(name));
  }

  /** Returns the text of a key that may be missing, as a shop's own terms are; else null. */
  const known = (key, values) => (key in texts ? t(key, values) : null);

  return { language, locale, number, t, known };
}
