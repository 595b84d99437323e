// Photos: a reduced copy is sent, and kept in this browser so that it survives a reload.

import { reduced } from "./reduce.js";

const MAX_KEPT = 8;
const MAX_WAIT_MS = 1000;
const STORE = "photos";

const photos = new Map(); // `{key, file, url, at}` by key

export const photoOf = (state) => photos.get(state.photo) ?? null;

/** Keeps a reduced copy of a photo; returns its key, the same where the photo is kept already. */
export async function keepPhoto(file) {
  const copy = await reduced(file);
  const same = await keptLike(copy);
  const key = same?.key ?? crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
  if (same) same.at = Date.now();
  else remember({ key, file: copy, at: Date.now() });
  save(key).catch(() => null); // where nothing can be stored, the photo stays as long as the tab
  return key;
}

/** Finds the photo that has the same bytes; null if none has. */
async function keptLike(copy) {
  const candidates = [...photos.values()].filter(({ file }) => file.size === copy.size);
  if (!candidates.length) return null;
  const bytes = async (file) => new Uint8Array(await file.arrayBuffer());
  const own = await bytes(copy);
  for (const photo of candidates) {
    const other = await bytes(photo.file).catch(() => null); // of a file that has changed since
    if (other?.every((byte, place) => byte === own[place])) return photo;
  }
  return null;
}

/** Shows a photo as the service sees it: boxes lie on that, and every browser can show it. */
export function keepUpright(photo, url) {
  URL.revokeObjectURL(photo.url);
  Object.assign(photo, { url, upright: true });
}

/** Reads the photos that were kept before; a database that does not answer is not waited for. */
export async function restorePhotos() {
  const late = new Promise((done) => setTimeout(done, MAX_WAIT_MS, []));
  const stored = request("readonly", (store) => store.getAll()).catch(() => []);
  for (const photo of await Promise.race([stored, late])) remember(photo);
}

/** Deletes all photos but one, in this tab and in the browser. */
export async function forgetPhotos(kept) {
  for (const key of [...photos.keys()].filter((one) => one !== kept)) forget(key);
  await request("readwrite", (store) => store.clear()).catch(() => null);
  if (photos.has(kept)) await save(kept).catch(() => null);
}

function remember(photo) {
  photos.set(photo.key, { ...photo, url: URL.createObjectURL(photo.file) });
}

function forget(key) {
  URL.revokeObjectURL(photos.get(key).url);
  photos.delete(key);
}

async function save(key) {
  const { file, at } = photos.get(key);
  await request("readwrite", (store) => store.put({ key, file, at }));
  const oldest = (await request("readonly", (store) => store.getAll()))
    .sort((one, other) => other.at - one.at)
    .slice(MAX_KEPT);
  for (const { key: old } of oldest) await request("readwrite", (store) => store.delete(old));
}

const answered = (asked) =>
  new Promise((done, failed) => {
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });

/** Asks the browser's database; `ask(store)` returns its request. */
async function request(mode, ask) {
  const opening = indexedDB.open("houndstooth", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "key" });
  const database = await answered(opening);
  try {
    return await answered(ask(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}
