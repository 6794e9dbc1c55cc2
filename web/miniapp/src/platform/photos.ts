// Photos of the phone, taken or chosen, and small enough to be sent.

export interface Photo {
  /** What an image shows. */
  src: string;
  /** The file in base64, as it is sent. */
  content: string;
}

const EDGE_PX = 1600;
const QUALITY_PCT = 85;

/** At most so many photos; none when nothing was chosen. Rejects when one of them cannot be read. */
export async function choosePhotos(most: number): Promise<Photo[]> {
  // #ifdef H5
  return Promise.all((await chosenFiles(most)).slice(0, most).map(drawn));
  // #endif
  // #ifdef MP-WEIXIN
  return Promise.all((await chosenPaths(most)).slice(0, most).map(read));
  // #endif
}

// #ifdef H5
async function chosenFiles(most: number): Promise<Blob[]> {
  return new Promise((resolve) => {
    uni.chooseImage({ count: most, success: ({ tempFiles }) => resolve([tempFiles].flat() as unknown as Blob[]), fail: () => resolve([]) });
  });
}

/** Drawn anew no larger than is kept; browsers take pictures of a page only from its own text, hence the data. */
async function drawn(file: Blob): Promise<Photo> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, EDGE_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d")!.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const src = canvas.toDataURL("image/jpeg", QUALITY_PCT / 100);
  return { src, content: src.slice(src.indexOf(",") + 1) };
}
// #endif

// #ifdef MP-WEIXIN
async function chosenPaths(most: number): Promise<string[]> {
  return new Promise((resolve) => {
    uni.chooseImage({ count: most, sizeType: ["compressed"], success: ({ tempFilePaths }) => resolve([tempFilePaths].flat()), fail: () => resolve([]) });
  });
}

async function read(src: string): Promise<Photo> {
  const path = await smaller(src);
  const content = await new Promise<string>((resolve, reject) => {
    uni.getFileSystemManager().readFile({ filePath: path, encoding: "base64", success: ({ data }) => resolve(data as string), fail: reject });
  });
  return { src, content };
}

/** As it is where the phone cannot make it smaller: the platform says so when it is too large. */
async function smaller(src: string): Promise<string> {
  return new Promise((resolve) => {
    uni.compressImage({ src, quality: QUALITY_PCT, compressedWidth: EDGE_PX, success: ({ tempFilePath }) => resolve(tempFilePath), fail: () => resolve(src) });
  });
}
// #endif
