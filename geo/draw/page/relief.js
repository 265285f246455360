// Relief under the tints: a grey picture becomes shadow and light, which let through what lies below.
// It fades towards its edges, so that no rectangle shows where the data ends.

const RELIEFS = []; // { picture, west, east (world x), north, south (world y) }, once they are decoded.

const decodePicture = (address) => new Promise((done, failed) => {
  const image = new Image();
  image.addEventListener('load', () => done(image));
  image.addEventListener('error', () => failed(new Error('relief')));
  image.src = address;
});

/** A canvas on which rows are evenly spaced on the map, not in latitude. */
function onMercator(image, [, south, , north]) {
  const [top, bottom] = [worldY(north), worldY(south)];
  const { width, height } = image;
  const canvas = el('canvas', { width, height });
  const ctx = canvas.getContext('2d', { willReadFrequently: true });
  for (let row = 0; row < height; row++) {
    const y = top + ((bottom - top) * (row + 0.5)) / height;
    const lat = (2 * Math.atan(Math.exp(Math.PI * (1 - 2 * y))) - Math.PI / 2) / D2R;
    const from = Math.min(height - 1, Math.max(0, Math.floor(((north - lat) / (north - south)) * height)));
    ctx.drawImage(image, 0, from, width, 1, 0, row, width, 1);
  }
  return canvas;
}

/** Flat ground becomes clear, slopes become black or white and let the rest through. */
function toShades(canvas) {
  const { width, height } = canvas;
  const ctx = canvas.getContext('2d');
  const pixels = ctx.getImageData(0, 0, width, height);
  const { data } = pixels;
  const counts = new Uint32Array(256);
  for (let i = 0; i < data.length; i += 4) counts[data[i]]++;
  const flat = counts.indexOf(Math.max(...counts));
  const { dark, light, power, fade } = LOOKS.relief;
  const alphas = Uint8ClampedArray.from(counts, (_, grey) => {
    const [most, room] = grey < flat ? [dark, flat] : [light, 255 - flat];
    return 255 * most * (Math.abs(grey - flat) / Math.max(1, room)) ** power;
  });
  const rim = fade * Math.min(width, height);
  for (let y = 0, i = 0; y < height; y++) {
    const up = Math.min(1, (Math.min(y, height - 1 - y) + 0.5) / rim);
    for (let x = 0; x < width; x++, i += 4) {
      const grey = data[i];
      const edge = up * Math.min(1, (Math.min(x, width - 1 - x) + 0.5) / rim);
      data[i] = data[i + 1] = data[i + 2] = grey < flat ? 0 : 255;
      data[i + 3] = alphas[grey] * edge;
    }
  }
  ctx.putImageData(pixels, 0, 0);
  return canvas;
}

/** Decode what the page carries; a picture that no browser knows is left out. */
async function prepareRelief() {
  for (const { bounds, picture } of DATA.reliefs ?? []) {
    try {
      const shades = toShades(onMercator(await decodePicture(picture), bounds));
      const [west, south, east, north] = bounds;
      RELIEFS.push({ picture: shades, x: worldX(west), y: worldY(north), width: worldX(east) - worldX(west), height: worldY(south) - worldY(north) });
    } catch (error) {
      if (error.message !== 'relief') throw error;
    }
  }
}

function paintRelief(ctx, view) {
  const size = 256 * 2 ** view.zoom;
  for (const { picture, x, y, width, height } of RELIEFS) {
    ctx.drawImage(picture, x * size - view.x0, y * size - view.y0, width * size, height * size);
  }
}
