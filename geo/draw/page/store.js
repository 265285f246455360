// The store: faces that never change shape, the arcs between them, and who held each face when.
// Written by store.py; chunks are length-prefixed, numbers are LEB128, signed ones zigzag:
// header, left + 1, right + 1, start, end, counts, dx, dy, ground, runs of label + 1.
// Where layer after layer was drawn anew, the dates fall into epochs with faces and arcs of their
// own: label 0 says that on this date the ground belongs to the faces of another epoch.

const D2R = Math.PI / 180;

/** World coordinates in [0, 1], as on web maps. */
const worldX = (lon) => (lon + 180) / 360;
const worldY = (lat) => 0.5 - Math.log(Math.tan(Math.PI / 4 + (lat * D2R) / 2)) / (2 * Math.PI);

const inflated = (base64) => {
  const packed = Uint8Array.from(atob(base64.trim()), (c) => c.charCodeAt(0));
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip')));
};

/** Events that were packed column by column, as records; an empty value has no key. */
async function unpackEvents(base64) {
  const columns = Object.entries(await inflated(base64).json());
  return Array.from({ length: columns[0]?.[1].length ?? 0 }, (_, i) => {
    const event = {};
    for (const [name, values] of columns) if (values[i] !== null) event[name] = values[i];
    return event;
  });
}

async function unpack(base64) {
  const raw = new Uint8Array(await inflated(base64).arrayBuffer());
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
  const out = new Float64Array(bytes.length);
  let n = 0;
  for (let i = 0; i < bytes.length; n++) {
    let byte = bytes[i++];
    let value = byte & 127;
    for (let scale = 128; byte & 128; scale *= 128) {
      byte = bytes[i++];
      value += (byte & 127) * scale;
    }
    out[n] = value;
  }
  return out.subarray(0, n);
}

/** Sums of the signed numbers of one chunk, each times a factor. */
function running(bytes, factor = 1) {
  const out = varints(bytes);
  let sum = 0;
  for (let i = 0; i < out.length; i++) {
    sum += out[i] % 2 ? -(out[i] + 1) / 2 : out[i] / 2;
    out[i] = sum * factor;
  }
  return out;
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
    this.lon = running(chunks[6], header.quantum);
    this.lat = running(chunks[7], header.quantum);
    this.areas = varints(chunks[8]).map((v) => v * header.area_unit);
    this.faceCount = this.areas.length;
    this.history = this.#unrolled(varints(chunks[9]));
    this.#split();
    this.bounds = this.#bounds();
    this.originX = worldX(this.bounds[0]);
    this.originY = worldY(this.bounds[3]);
    this.total = [...this.totals(0).values()].reduce((sum, area) => sum + area, 0);
    this.thinned = new Map();
  }

  /** Faces and arcs by epoch: only those of the date's own are walked. */
  #split() {
    const dates = this.days.length;
    const begins = new Int32Array(this.faceCount);
    for (let face = 0; face < this.faceCount; face++) {
      let date = 0;
      while (this.history[face * dates + date] < 0) date++;
      begins[face] = date;
    }
    const firsts = [...new Set(begins)].sort((a, b) => a - b);
    const number = new Map(firsts.map((first, epoch) => [first, epoch]));
    this.faceEpoch = begins.map((first) => number.get(first));
    this.epochOf = this.days.map((_, date) => firsts.filter((first) => first <= date).length - 1);
    const faces = firsts.map(() => []);
    this.faceEpoch.forEach((epoch, face) => faces[epoch].push(face));
    this.facesOf = faces.map((list) => Int32Array.from(list));
    const arcs = firsts.map(() => []);
    for (let arc = 0; arc < this.arcCount; arc++) {
      arcs[this.faceEpoch[this.left[arc] < 0 ? this.right[arc] : this.left[arc]]].push(arc);
    }
    this.arcsOf = arcs.map((list) => Int32Array.from(list));
  }

  #unrolled(runs) {
    const dates = this.days.length;
    const history = new Int32Array(this.faceCount * dates);
    let at = 0;
    for (let face = 0; face < this.faceCount; face++) {
      let date = face * dates;
      for (let n = runs[at++]; n > 0; n--) {
        history.fill(runs[at + 1] - 1, date, date + runs[at]);
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

  /** One value a face of the date's epoch: what `valueOf` makes of its label; null elsewhere. */
  values(date, valueOf) {
    const made = this.labels.map(valueOf);
    const dates = this.days.length;
    const out = new Array(this.faceCount).fill(null);
    for (const face of this.facesOf[this.epochOf[date]]) out[face] = made[this.history[face * dates + date]];
    return out;
  }

  /** Square kilometres of the labels that hold ground on a date, by what `keyOf` makes of them. */
  sums(date, keyOf) {
    const byLabel = new Float64Array(this.labels.length);
    const dates = this.days.length;
    for (const face of this.facesOf[this.epochOf[date]]) byLabel[this.history[face * dates + date]] += this.areas[face];
    const sums = new Map();
    this.labels.forEach((label, i) => {
      const key = byLabel[i] > 0 ? keyOf(label) : null;
      if (key != null) sums.set(key, (sums.get(key) ?? 0) + byLabel[i]);
    });
    return sums;
  }

  /** Square kilometres by holder (a side, or the status of ground that nobody holds alone). */
  totals(date) {
    return this.sums(date, (label) => label.holder);
  }

  /** Whether two dates share their faces, so that what changed is a sum over them. */
  comparable(before, after) {
    return this.epochOf[before] === this.epochOf[after];
  }

  /** Square kilometres that went from one holder to another, largest first. */
  transfers(before, after) {
    const sums = this.comparable(before, after) ? this.#moved(before, after) : this.#scanned(before, after);
    return [...sums].map(([key, area]) => [...JSON.parse(key), area]).sort((a, b) => b[2] - a[2]);
  }

  #moved(before, after) {
    const sums = new Map();
    for (const face of this.facesOf[this.epochOf[before]]) {
      const from = this.label(face, before).holder;
      const to = this.label(face, after).holder;
      if (from === to) continue;
      const key = JSON.stringify([from, to]);
      sums.set(key, (sums.get(key) ?? 0) + this.areas[face]);
    }
    return sums;
  }

  /** The same where the two dates have no faces in common: summed along many parallels. */
  #scanned(before, after, rows = 1500) {
    const [, south, , north] = this.bounds;
    const step = (north - south) / rows;
    const spans = [before, after].map((date) => this.#crossings(date, south, step, rows));
    const sums = new Map();
    for (let row = 0; row < rows; row++) {
      const middle = south + (row + 0.5) * step;
      const [a, b] = spans.map((all) => all[row]);
      let [i, j] = [0, 0];
      let [from, to, last] = [null, null, 0];
      while (i < a.length || j < b.length) {
        const first = j >= b.length || (i < a.length && a[i][0] <= b[j][0]);
        const [lon, holder] = first ? a[i++] : b[j++];
        if (from != null && to != null && from !== to) {
          const key = JSON.stringify([from, to]);
          sums.set(key, (sums.get(key) ?? 0) + step * stripKm2(middle, last, lon));
        }
        if (first) from = holder;
        else to = holder;
        last = lon;
      }
    }
    return sums;
  }

  /** Where parallels enter ground of another holder, going east: [longitude, holder] a row. */
  #crossings(date, south, step, rows) {
    const holders = this.values(date, (label) => label.holder);
    const found = Array.from({ length: rows }, () => []);
    for (const arc of this.arcsOf[this.epochOf[date]]) {
      const [left, right] = [this.left[arc], this.right[arc]].map((face) => (face < 0 ? null : holders[face]));
      if (left === right) continue;
      for (let i = this.offsets[arc] + 1; i < this.offsets[arc + 1]; i++) {
        const [y0, y1] = [this.lat[i - 1], this.lat[i]];
        const up = y1 > y0;
        const first = Math.max(0, Math.ceil((Math.min(y0, y1) - south) / step - 0.5));
        const last = Math.min(rows - 1, Math.ceil((Math.max(y0, y1) - south) / step - 0.5) - 1);
        for (let row = first; row <= last; row++) {
          const share = (south + (row + 0.5) * step - y0) / (y1 - y0);
          found[row].push([this.lon[i - 1] + share * (this.lon[i] - this.lon[i - 1]), up ? right : left]);
        }
      }
    }
    for (const row of found) row.sort((p, q) => p[0] - q[0]);
    return found;
  }

  /** The face of a date at a position: the one west of the nearest arc on the ray east; -1 outside. */
  faceAt(lon, lat, date) {
    let nearest = Infinity;
    let face = -1;
    for (const arc of this.arcsOf[this.epochOf[date]]) {
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

  /** Who held a position: [first date index, last date index, label]; `sameAs` joins neighbours. */
  runs(lon, lat, sameAs) {
    const out = [];
    let face = -1;
    for (let date = 0; date < this.days.length; date++) {
      if (date === 0 || !this.comparable(date - 1, date)) face = this.faceAt(lon, lat, date);
      if (face < 0) continue;
      const label = this.label(face, date);
      const last = out[out.length - 1];
      if (last && sameAs(last[2], label)) last[1] = date;
      else out.push([date, date, label]);
    }
    return out;
  }

  /** The arcs of a date between faces of different value, chained into rings: value -> rings of signed arcs. */
  rings(date, valueOfFace) {
    const leaving = new Map(); // value -> node -> arcs that leave it with the value on their left
    const add = (value, node, arc) => {
      let nodes = leaving.get(value);
      if (!nodes) leaving.set(value, (nodes = new Map()));
      const arcs = nodes.get(node);
      if (arcs) arcs.push(arc);
      else nodes.set(node, [arc]);
    };
    for (const arc of this.arcsOf[this.epochOf[date]]) {
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

  /** Arcs of a date that `keyOf(left face, right face)` gives one key, chained into lines: key -> lines. */
  lines(date, keyOf) {
    const byKey = new Map();
    for (const arc of this.arcsOf[this.epochOf[date]]) {
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

  /** Vertices of one arc that matter at a zoom, in pixels from the store's origin; both ways the same. */
  pixels(arc, zoom) {
    let arcs = this.thinned.get(zoom);
    if (!arcs) {
      if (this.thinned.size > 4) this.thinned.delete(this.thinned.keys().next().value);
      this.thinned.set(zoom, (arcs = new Array(this.arcCount)));
    }
    return (arcs[arc] ??= this.#thin(arc, 256 * 2 ** zoom));
  }

  #thin(arc, size) {
    const [first, last] = [this.offsets[arc], this.offsets[arc + 1] - 1];
    const points = [];
    // Near a pixel's size latitude needs no logarithm: vertices closer than that are passed over.
    const nearLon = (0.7 * 360) / size;
    const nearLat = nearLon * Math.cos(this.lat[first] * D2R);
    let [lon, lat] = [NaN, NaN];
    for (let i = first; i <= last; i++) {
      if (i < last && Math.abs(this.lon[i] - lon) < nearLon && Math.abs(this.lat[i] - lat) < nearLat) continue;
      lon = this.lon[i];
      lat = this.lat[i];
      points.push((worldX(lon) - this.originX) * size, (worldY(lat) - this.originY) * size);
    }
    return Float32Array.from(points);
  }

  /** Add chains at a zoom to a path; rings are closed. */
  trace(path, chains, zoom, closed) {
    for (const chain of chains) {
      let begun = false;
      for (const signed of chain) {
        const points = this.pixels(signed < 0 ? ~signed : signed, zoom);
        const n = points.length / 2;
        for (let k = begun ? 1 : 0; k < n; k++) {
          const i = 2 * (signed < 0 ? n - 1 - k : k);
          if (begun) path.lineTo(points[i], points[i + 1]);
          else path.moveTo(points[i], points[i + 1]);
          begun = true;
        }
      }
      if (closed) path.closePath();
    }
    return path;
  }

  /** The positions of a chain, in order. */
  positions(chain) {
    const out = [];
    for (const signed of chain) {
      const arc = signed < 0 ? ~signed : signed;
      const [first, last] = [this.offsets[arc], this.offsets[arc + 1] - 1];
      for (let k = out.length ? 1 : 0; k <= last - first; k++) {
        const i = signed < 0 ? last - k : first + k;
        out.push([this.lon[i], this.lat[i]]);
      }
    }
    return out;
  }
}
