// The store: faces that never change shape, the arcs between them, and who held each face when.
// Written by store.py; chunks are length-prefixed, numbers are LEB128, signed ones zigzag:
// header, left + 1, right + 1, start, end, counts, dx, dy, square metres, runs.

const D2R = Math.PI / 180;

/** World coordinates in [0, 1], as on web maps. */
const worldX = (lon) => (lon + 180) / 360;
const worldY = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * D2R) / 2)) / (2 * Math.PI);

async function unpack(base64) {
  const packed = Uint8Array.from(atob(base64.trim()), (c) => c.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  const raw = new Uint8Array(await new Response(stream).arrayBuffer());
  const view = new DataView(raw.buffer);
  const chunks = [];
  for (let at = 0; at < raw.length; ) {
    const size = view.getUint32(at, true);
    chunks.push(raw.subarray(at + 4, at + 4 + size));
    at += 4 + size;
  }
  return chunks;
}

/** Numbers of one chunk; sums stay below 2^53, so multiplication stands in for shifts. */
function varints(bytes) {
  const out = [];
  for (let i = 0; i < bytes.length; ) {
    let value = 0;
    let scale = 1;
    let byte;
    do {
      byte = bytes[i++];
      value += (byte & 127) * scale;
      scale *= 128;
    } while (byte & 128);
    out.push(value);
  }
  return out;
}

function running(bytes) {
  let sum = 0;
  return varints(bytes).map((v) => (sum += v % 2 ? -(v + 1) / 2 : v / 2));
}

class Store {
  static async open(base64) {
    return new Store(await unpack(base64));
  }

  constructor(chunks) {
    const header = JSON.parse(new TextDecoder().decode(chunks[0]));
    this.days = header.dates.map(toDay);
    this.labels = header.labels.map(([controller, controllers, status, basis, confidence, patch]) => ({
      controller, controllers: splitIds(controllers), status, basis, confidence, patch,
      holder: controller ? sideOf(controller) : status,
    }));
    this.left = Int32Array.from(varints(chunks[1]), (v) => v - 1);
    this.right = Int32Array.from(varints(chunks[2]), (v) => v - 1);
    this.start = Int32Array.from(running(chunks[3]));
    this.end = Int32Array.from(running(chunks[4]));
    const counts = varints(chunks[5]);
    this.arcCount = counts.length;
    this.offsets = new Int32Array(counts.length + 1);
    counts.forEach((n, i) => (this.offsets[i + 1] = this.offsets[i] + n));
    this.lon = Float64Array.from(running(chunks[6]), (v) => v * header.quantum);
    this.lat = Float64Array.from(running(chunks[7]), (v) => v * header.quantum);
    this.x = this.lon.map(worldX);
    this.y = this.lat.map(worldY);
    this.areas = Float64Array.from(varints(chunks[8]), (v) => v / 1e6);
    this.faceCount = this.areas.length;
    this.history = this.#unrolled(varints(chunks[9]));
    this.bounds = this.#bounds();
    this.originX = worldX(this.bounds[0]);
    this.originY = worldY(this.bounds[3]);
    this.total = this.areas.reduce((sum, area) => sum + area, 0);
    this.thinned = new Map();
  }

  #unrolled(runs) {
    const dates = this.days.length;
    const history = new Int32Array(this.faceCount * dates);
    let at = 0;
    for (let face = 0; face < this.faceCount; face++) {
      let date = face * dates;
      for (let n = runs[at++]; n > 0; n--) {
        history.fill(runs[at + 1], date, date + runs[at]);
        date += runs[at];
        at += 2;
      }
    }
    return history;
  }

  #bounds() {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (let i = 0; i < this.lon.length; i++) {
      box[0] = Math.min(box[0], this.lon[i]);
      box[1] = Math.min(box[1], this.lat[i]);
      box[2] = Math.max(box[2], this.lon[i]);
      box[3] = Math.max(box[3], this.lat[i]);
    }
    return box;
  }

  /** The layer in force on a day: the last one not after it; -1 before the first. */
  index(day) {
    let found = -1;
    while (found + 1 < this.days.length && this.days[found + 1] <= day) found++;
    return found;
  }

  label(face, date) {
    return this.labels[this.history[face * this.days.length + date]];
  }

  /** One value a face: what `valueOf` makes of its label. */
  values(date, valueOf) {
    const made = this.labels.map(valueOf);
    const dates = this.days.length;
    const out = new Array(this.faceCount);
    for (let face = 0; face < this.faceCount; face++) out[face] = made[this.history[face * dates + date]];
    return out;
  }

  /** Square kilometres by holder (a side, or the status of ground that nobody holds alone). */
  totals(date) {
    const sums = new Map();
    for (let face = 0; face < this.faceCount; face++) {
      const { holder } = this.label(face, date);
      sums.set(holder, (sums.get(holder) ?? 0) + this.areas[face]);
    }
    return sums;
  }

  /** Square kilometres that went from one holder to another. */
  transfers(before, after) {
    const sums = new Map();
    for (let face = 0; face < this.faceCount; face++) {
      const from = this.label(face, before).holder;
      const to = this.label(face, after).holder;
      if (from === to) continue;
      const key = JSON.stringify([from, to]);
      sums.set(key, (sums.get(key) ?? 0) + this.areas[face]);
    }
    return [...sums].map(([key, area]) => [...JSON.parse(key), area]).sort((a, b) => b[2] - a[2]);
  }

  /** The face at a position: the one west of the nearest arc on the ray to the east; -1 outside. */
  faceAt(lon, lat) {
    let nearest = Infinity;
    let face = -1;
    for (let arc = 0; arc < this.arcCount; arc++) {
      for (let i = this.offsets[arc] + 1; i < this.offsets[arc + 1]; i++) {
        const north = this.lat[i] > lat;
        if (north === this.lat[i - 1] > lat) continue;
        const share = (lat - this.lat[i - 1]) / (this.lat[i] - this.lat[i - 1]);
        const crossing = this.lon[i - 1] + share * (this.lon[i] - this.lon[i - 1]);
        if (crossing < lon || crossing >= nearest) continue;
        nearest = crossing;
        face = north ? this.left[arc] : this.right[arc];
      }
    }
    return face;
  }

  /** Runs of one face: [first date index, last date index, label]; `sameAs` joins neighbours. */
  runs(face, sameAs) {
    const out = [];
    for (let date = 0; date < this.days.length; date++) {
      const label = this.label(face, date);
      const last = out[out.length - 1];
      if (last && sameAs(last[2], label)) last[1] = date;
      else out.push([date, date, label]);
    }
    return out;
  }

  /** The arcs between faces of different value, chained into rings: value -> rings of signed arcs. */
  rings(valueOfFace) {
    const leaving = new Map(); // value -> node -> arcs that leave it with the value on their left
    const add = (value, node, arc) => {
      if (!leaving.has(value)) leaving.set(value, new Map());
      const nodes = leaving.get(value);
      if (nodes.has(node)) nodes.get(node).push(arc);
      else nodes.set(node, [arc]);
    };
    for (let arc = 0; arc < this.arcCount; arc++) {
      const left = this.left[arc] < 0 ? null : valueOfFace[this.left[arc]];
      const right = this.right[arc] < 0 ? null : valueOfFace[this.right[arc]];
      if (left === right) continue;
      if (left != null) add(left, this.start[arc], arc);
      if (right != null) add(right, this.end[arc], ~arc);
    }
    return new Map([...leaving].map(([value, nodes]) => [value, this.#closed(nodes)]));
  }

  /** Every node has as many arcs in as out, so a walk ends where it began. */
  #closed(nodes) {
    const rings = [];
    for (const [first, arcs] of nodes) {
      while (arcs.length) {
        const ring = [];
        let node = first;
        do {
          const arc = nodes.get(node).pop();
          ring.push(arc);
          node = arc < 0 ? this.start[~arc] : this.end[arc];
        } while (node !== first);
        rings.push(ring);
      }
    }
    return rings;
  }

  /** Arcs that `keyOf(left face, right face)` gives one key, chained into lines: key -> lines. */
  lines(keyOf) {
    const byKey = new Map();
    for (let arc = 0; arc < this.arcCount; arc++) {
      const key = keyOf(this.left[arc], this.right[arc]);
      if (key == null) continue;
      if (byKey.has(key)) byKey.get(key).push(arc);
      else byKey.set(key, [arc]);
    }
    return new Map([...byKey].map(([key, arcs]) => [key, this.#chained(arcs)]));
  }

  /** Lines run through nodes where exactly two arcs meet, so that dashes run on. */
  #chained(arcs) {
    const at = new Map();
    const free = new Set(arcs);
    for (const arc of arcs) {
      for (const node of [this.start[arc], this.end[arc]]) {
        if (at.has(node)) at.get(node).push(arc);
        else at.set(node, [arc]);
      }
    }
    const follow = (arc, node, push) => {
      for (;;) {
        const meeting = at.get(node);
        const next = meeting.length === 2 ? meeting.find((other) => free.has(other)) : undefined;
        if (next === undefined) return;
        free.delete(next);
        const forward = this.start[next] === node;
        push(forward ? next : ~next);
        node = forward ? this.end[next] : this.start[next];
      }
    };
    const chains = [];
    for (const arc of arcs) {
      if (!free.delete(arc)) continue;
      const chain = [arc];
      follow(arc, this.end[arc], (signed) => chain.push(signed));
      follow(arc, this.start[arc], (signed) => chain.unshift(~signed));
      chains.push(chain);
    }
    return chains;
  }

  /** Vertices that matter at a zoom, in pixels from the store's origin; both ways the same. */
  pixels(zoom) {
    if (this.thinned.has(zoom)) return this.thinned.get(zoom);
    if (this.thinned.size > 4) this.thinned.clear();
    const size = 256 * 2 ** zoom;
    const offsets = new Int32Array(this.arcCount + 1);
    const points = [];
    for (let arc = 0; arc < this.arcCount; arc++) {
      const last = this.offsets[arc + 1] - 1;
      let lastX = NaN;
      let lastY = NaN;
      for (let i = this.offsets[arc]; i <= last; i++) {
        const x = (this.x[i] - this.originX) * size;
        const y = (this.y[i] - this.originY) * size;
        if (i < last && Math.abs(x - lastX) < 0.6 && Math.abs(y - lastY) < 0.6) continue;
        points.push(x, y);
        lastX = x;
        lastY = y;
      }
      offsets[arc + 1] = points.length / 2;
    }
    const pixels = { offsets, points: Float32Array.from(points) };
    this.thinned.set(zoom, pixels);
    return pixels;
  }

  /** A path of chains at a zoom; rings are closed. */
  path(chains, zoom, closed) {
    const { offsets, points } = this.pixels(zoom);
    const path = new Path2D();
    for (const chain of chains) {
      let begun = false;
      for (const signed of chain) {
        const arc = signed < 0 ? ~signed : signed;
        const n = offsets[arc + 1] - offsets[arc];
        for (let k = begun ? 1 : 0; k < n; k++) {
          const i = 2 * (offsets[arc] + (signed < 0 ? n - 1 - k : k));
          if (begun) path.lineTo(points[i], points[i + 1]);
          else path.moveTo(points[i], points[i + 1]);
          begun = true;
        }
      }
      if (closed) path.closePath();
    }
    return path;
  }
}
