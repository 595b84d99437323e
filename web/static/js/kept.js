// Lists in the browser's storage, which may be full, switched off or changed by hand.

export function readKept(key) {
  try {
    const list = JSON.parse(localStorage.getItem(key));
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

export function writeKept(key, list) {
  try {
    localStorage.setItem(key, JSON.stringify(list));
  } catch {
    // it lasts as long as the page then
  }
}
