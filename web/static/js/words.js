// The words of the page, in its language. The server puts them into the page.

import { createWords } from "./wording.js";

const texts = JSON.parse(document.getElementById("words").textContent);

export const { language, locale, number, t, known } = createWords(document.documentElement.lang, texts);
