// The copy of a photo that is sent: as large as the service looks at it (docs/page.md).

// The service scales photos to this side before it looks at them (WORKING_SIDE).
const MAX_SIDE = 1024;
const MIN_SIDE = 64; // a copy that is narrower could be refused where the photo is not
const QUALITY = 0.95;
const SMALL_BYTES = 400_000; // a photo of no more bytes and pixels is sent as it is

/** Returns an upright JPEG of at most MAX_SIDE pixels a side, or the file if that is small. */
export async function reduced(file) {
  let image;
  try {
    image = await createImageBitmap(file);
  } catch {
    return file; // the service may know the format, or say what is wrong with the file
  }
  const { width, height } = image;
  const scale = Math.min(1, MAX_SIDE / Math.max(width, height));
  const small = scale === 1 && file.size <= SMALL_BYTES;
  const size = [width, height].map((side) => Math.round(side * scale));
  const copy = small || Math.min(...size) < MIN_SIDE ? null : await jpeg(image, ...size);
  image.close();
  return copy && copy.size < file.size ? copy : file;
}

/**
 * Returns the image as a JPEG of a size. It is halved as often as possible first, as the service
 * does: the features of such a copy are nearest to those of the photo (docs/page.md).
 */
function jpeg(image, width, height) {
  let source = image;
  while (source.width >= 2 * width && source.height >= 2 * height) {
    source = drawn(source, Math.round(source.width / 2), Math.round(source.height / 2));
  }
  const canvas = drawn(source, width, height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
}

/** Draws an image at another size, on white as the service shows what is transparent. */
function drawn(source, width, height) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  pen.imageSmoothingQuality = "low"; // the mean of neighbours
  pen.drawImage(source, 0, 0, width, height);
  return canvas;
}
