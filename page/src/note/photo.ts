/** A photo drawn anew, so that only its pixels go over: no place, camera, time, thumbnail. As bot/photo.py does it. */
import { bytes, type Bytes } from "../sealing/bytes";

/** Pixels; what Telegram makes of a photo, too. */
const LONGEST_EDGE = 2560;
const QUALITIES = [0.92, 0.8, 0.65];

/** A JPEG of at most `most` bytes; null: it is no photo that this browser can read, or it stays too large. */
export async function cleanedPhoto(file: Blob, most: number): Promise<Bytes | null> {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (picture === null) return null;
  const scale = Math.min(1, LONGEST_EDGE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.max(1, Math.round(picture.width * scale)), Math.max(1, Math.round(picture.height * scale))];
  const paper = canvas.getContext("2d");
  if (paper === null) return null;
  paper.fillStyle = "white"; // behind what is transparent
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  for (const quality of QUALITIES) {
    const drawn = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (drawn && drawn.type === "image/jpeg" && drawn.size <= most) return bytes(await drawn.arrayBuffer());
  }
  return null;
}
