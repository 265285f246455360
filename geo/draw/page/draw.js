// Painting: control, change, context, fronts, events, places, on any canvas and at any scale.
// One painter serves the screen, the printed sheet, the picture and the swatches of the legend.

/** Where a position lies in a view, in pixels. */
function positionOn(view, [lon, lat]) {
  const size = 256 * 2 ** view.zoom;
  return [worldX(lon) * size - view.x0, worldY(lat) * size - view.y0];
}

class Painter {
  /** `Path` is what holds an outline: the browser's own, or one that becomes text. */
  constructor(store, Path = Path2D) {
    this.store = store;
    this.Path = Path;
    this.paths = new Map();
    this.patternSets = new Map();
    this.names = new Names();
    const world = (line) => Float64Array.from(line.flatMap(([lon, lat]) => [worldX(lon), worldY(lat)]));
    this.context = DATA.context.map((feature) => ({
      ...feature, lines: feature.lines.map(world), rings: (feature.rings ?? []).map(world),
    }));
  }

  patterns(ratio) {
    if (!this.patternSets.has(ratio)) this.patternSets.set(ratio, new Patterns(ratio));
    return this.patternSets.get(ratio);
  }

  /** Paths are kept by what they show and the zoom; a pan only shifts them. */
  #kept(key, zoom, make) {
    const name = `${key}@${zoom}`;
    if (!this.paths.has(name)) {
      if (this.paths.size > 80) this.paths.delete(this.paths.keys().next().value);
      this.paths.set(name, make());
    }
    return this.paths.get(name);
  }

  #path(chains, zoom, closed) {
    return this.store.trace(new this.Path(), chains, zoom, closed);
  }

  /** Rings as one path, for marks that follow them. */
  chainPath(chains, zoom) { return this.#path(chains, zoom, true); }

  controlPaths(date, zoom) {
    return this.#kept(`control:${date}`, zoom, () => {
      const rings = this.store.rings(date, this.store.values(date, lookOf));
      return [...rings].map(([look, chains]) => [look, this.#path(chains, zoom, true)]);
    });
  }

  /** The ground of each holder: holder -> path. */
  holderPaths(date, zoom) {
    return this.#kept(`holders:${date}`, zoom, () => {
      const rings = this.store.rings(date, this.store.values(date, (label) => label.holder));
      return new Map([...rings].map(([holder, chains]) => [holder, this.#path(chains, zoom, true)]));
    });
  }

  changePaths(before, after, zoom) {
    return this.#kept(`change:${before}:${after}`, zoom, () => {
      const rings = changeRings(before, after);
      return [...rings].map(([pair, chains]) => [...JSON.parse(pair), this.#path(chains, zoom, true)]);
    });
  }

  /** Where ground of one side meets ground of another; the weaker face decides how sure. */
  frontPaths(date, zoom) {
    return this.#kept(`fronts:${date}`, zoom, () =>
      frontLines(date).map(({ sure, chains }) => [sure, this.#path(chains, zoom, false)]));
  }

  edgePath(zoom) {
    return this.#kept('edge', zoom, () => {
      const lines = this.store.lines(0, (left, right) => (left < 0 || right < 0 ? 'edge' : null));
      return this.#path(lines.get('edge') ?? [], zoom, false);
    });
  }

  /**
   * Paint a scene: { kind: 'control', date } or { kind: 'change', before, after }, with `show`
   * (what is switched on), `dots`, `selected`, `hot` (a transfer to point out), `measure` and
   * `keyPlaces`; `view` has zoom, x0, y0 (world pixels of the upper left corner), width and height,
   * ratio (device pixels a pixel), and left and top where the picture begins elsewhere.
   */
  paint(ctx, view, scene) {
    ctx.setTransform(view.ratio, 0, 0, view.ratio, (view.left ?? 0) * view.ratio, (view.top ?? 0) * view.ratio);
    this.names.clear();
    if (scene.names === 'only') {
      ctx.clearRect(0, 0, view.width, view.height);
      return this.#names(ctx, view, scene);
    }
    this.#ground(ctx, view, scene);
    if (scene.show.relief && !scene.show.tiles) paintRelief(ctx, view);
    this.#lines(ctx, view, scene.show);
    if (scene.show.places && !scene.story) this.#outlines(ctx, view);
    if (scene.show.fronts) this.#fronts(ctx, view, scene);
    if (scene.show.whatIf) paintWhatIf(ctx, this, view, scene);
    if (scene.show.corridors) paintCorridors(ctx, this, view, scene);
    if (scene.story) paintStory(ctx, this, view, scene);
    if (scene.hot) this.#hot(ctx, view, scene.hot);
    if (scene.selected?.chains) this.#glow(ctx, view, this.#path(scene.selected.chains, view.zoom, false));
    if (scene.selected && !scene.selected.chains) this.#accuracy(ctx, view, scene.selected);
    if (scene.show.events) this.#dots(ctx, view, scene.dots);
    if (scene.names !== 'none') this.#names(ctx, view, scene);
    if (scene.measure) this.#measured(ctx, view, scene.measure);
    return null;
  }

  /** Land, control or change, and the edge of the study area, beyond which nothing is said. */
  #ground(ctx, view, scene) {
    // Under online tiles there is a map already, and it has to be seen.
    if (scene.show.tiles) ctx.clearRect(0, 0, view.width, view.height);
    else {
      ctx.fillStyle = this.context.some(({ kind }) => kind === 'country') ? LOOKS.paper.country : OUTSIDE;
      ctx.fillRect(0, 0, view.width, view.height);
    }
    ctx.save();
    const size = 256 * 2 ** view.zoom;
    ctx.translate(this.store.originX * size - view.x0, this.store.originY * size - view.y0);
    ctx.globalAlpha = scene.show.tiles ? 0.7 : 1;
    if (scene.kind === 'change') this.#change(ctx, view, scene);
    else if (scene.show.control) this.#control(ctx, view, scene.date, scene.show, false);
    ctx.globalAlpha = 1;
    const { edge } = LOOKS;
    const path = this.edgePath(view.zoom);
    // The ground fades where what is known of it ends: a sharp rim would look like a border.
    const fade = scene.show.tiles ? [] : edge.fade.map(([width, alpha]) => [sheer(LOOKS.paper.country, alpha), width]);
    strokeAll(ctx, [...fade, [sheer(INK, edge.alpha), edge.width, edge.dash]], path);
    ctx.restore();
  }

  /** Places, roads and areas by name; what stands on the map already is left free. */
  #names(ctx, view, scene) {
    const { show } = scene;
    if (scene.names === 'only' && show.events) for (const dot of scene.dots) this.#takeDot(view, dot);
    if (scene.keep) this.names.take(...scene.keep);
    const places = show.places ? this.#placeDots(ctx, view, scene) : [];
    this.names.drawPlaces(ctx, view, places.filter((one) => one.key));
    if (scene.story) paintStoryTags(ctx, this, view, scene);
    if (show.roads) this.names.drawLines(ctx, view, this.context);
    this.names.drawPlaces(ctx, view, places.filter((one) => !one.key));
    if (show.borders) this.names.drawAreas(ctx, view, this.context);
  }

  #control(ctx, view, date, show, faded) {
    const patterns = this.patterns(view.ratio);
    const paths = this.controlPaths(date, view.zoom);
    for (const [look, path] of paths) {
      for (const paint of paintsOf(look, patterns, { ...show, faded })) {
        ctx.fillStyle = paint;
        ctx.fill(path, 'evenodd');
        if (typeof paint !== 'string') continue;
        // A hairline of the same colour closes the seam that smoothing leaves between neighbours.
        ctx.strokeStyle = paint;
        ctx.lineWidth = 0.7;
        ctx.stroke(path);
      }
    }
  }

  #change(ctx, view, scene) {
    if (scene.show.control) this.#control(ctx, view, scene.after, scene.show, true);
    const patterns = this.patterns(view.ratio);
    const { before, after } = scene;
    if (!this.store.comparable(before, after)) return this.#changeByClip(ctx, view, scene);
    for (const [from, to, path] of this.changePaths(before, after, view.zoom)) {
      for (const paint of changePaints(from, to, patterns)) {
        ctx.fillStyle = paint;
        ctx.fill(path, 'evenodd');
      }
      changeStroke(ctx, from, to);
      ctx.stroke(path);
    }
  }

  /** Dates that were drawn anew share no outlines: the ground of one is cut out of the other's. */
  #changeByClip(ctx, view, { before, after }) {
    const patterns = this.patterns(view.ratio);
    const [old, now] = [before, after].map((date) => this.holderPaths(date, view.zoom));
    for (const [from, path] of old) {
      for (const [to, other] of now) {
        if (from === to) continue;
        ctx.save();
        ctx.clip(path, 'evenodd');
        for (const paint of changePaints(from, to, patterns)) {
          ctx.fillStyle = paint;
          ctx.fill(other, 'evenodd');
        }
        ctx.restore();
      }
    }
    for (const path of [...old.values(), ...now.values()]) strokeAll(ctx, [LOOKS.change.known.line], path);
  }

  /** The ground that a row of the table speaks of. */
  #hot(ctx, view, { before, after, from, to }) {
    if (!this.store.comparable(before, after)) return;
    const found = this.changePaths(before, after, view.zoom).find(([a, b]) => a === from && b === to);
    if (found) this.#glow(ctx, view, found[2]);
  }

  #glow(ctx, view, path) {
    const size = 256 * 2 ** view.zoom;
    ctx.save();
    ctx.translate(this.store.originX * size - view.x0, this.store.originY * size - view.y0);
    ctx.lineJoin = 'round';
    strokeAll(ctx, [[WHITE, 8], [POINTER, 4.5]], path);
    ctx.restore();
  }

  #measured(ctx, view, points) {
    const spots = points.map((point) => this.at(view, point));
    ctx.setLineDash([]);
    ctx.lineJoin = 'round';
    if (spots.length > 1) {
      ctx.beginPath();
      spots.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
      if (spots.length > 2) ctx.closePath();
      ctx.fillStyle = sheer(POINTER, 0.14);
      if (spots.length > 2) ctx.fill();
      strokeAll(ctx, [[WHITE, 5], [POINTER, 2.4]]);
    }
    for (const [x, y] of spots) {
      ctx.beginPath();
      ctx.arc(x, y, 4, 0, 7);
      ctx.fillStyle = POINTER;
      ctx.strokeStyle = WHITE;
      ctx.lineWidth = 2;
      ctx.fill();
      ctx.stroke();
    }
  }

  #trace(ctx, view, world) {
    const size = 256 * 2 ** view.zoom;
    for (let i = 0; i < world.length; i += 2) {
      const x = world[i] * size - view.x0;
      const y = world[i + 1] * size - view.y0;
      if (i) ctx.lineTo(x, y);
      else ctx.moveTo(x, y);
    }
  }

  #lines(ctx, view, show) {
    ctx.lineJoin = 'round';
    for (const kind of LOOKS.lines.order) {
      if (!show[kind === 'admin1' || kind === 'country' ? 'borders' : 'roads']) continue;
      for (const feature of this.context) {
        if (feature.kind !== kind) continue;
        ctx.beginPath();
        for (const world of feature.lines) this.#trace(ctx, view, world);
        strokeAll(ctx, lineStyles(feature));
      }
    }
  }

  #outlines(ctx, view) {
    for (const { place, lines } of SHAPES) {
      ctx.beginPath();
      for (const line of lines) this.#trace(ctx, view, line);
      strokeAll(ctx, outlineStyles(place));
    }
  }

  #fronts(ctx, view, scene) {
    const size = 256 * 2 ** view.zoom;
    const change = scene.kind === 'change';
    ctx.save();
    ctx.translate(this.store.originX * size - view.x0, this.store.originY * size - view.y0);
    ctx.lineJoin = 'round';
    const { fronts } = LOOKS;
    const [rim, width] = change ? fronts.faded : fronts.widths;
    for (const [sure, path] of this.frontPaths(change ? scene.after : scene.date, view.zoom)) {
      strokeAll(ctx, [[sheer(WHITE, fronts.rim), rim], [INK, width, sure ? [] : fronts.unsure]], path);
    }
    ctx.restore();
  }

  at(view, position) { return positionOn(view, position); }

  metresToPixels(view, metres, position) {
    return (metres * 256 * 2 ** view.zoom) / worldMetres(position);
  }

  /** The error radius of what is selected, so that a point is never taken for a survey. */
  #accuracy(ctx, view, { lonlat, radius }) {
    const [x, y] = this.at(view, lonlat);
    const r = Math.max(9, this.metresToPixels(view, radius || 0, lonlat));
    ctx.beginPath();
    ctx.arc(x, y, r, 0, 7);
    ctx.fillStyle = sheer(POINTER, 0.1);
    ctx.fill();
    strokeAll(ctx, [[sheer(WHITE, 0.85), 3.4, [5, 4]], [POINTER, 1.7, [5, 4]]]);
  }

  #placeDots(ctx, view, scene) {
    const limit = Math.min(lowestRank(view.zoom), scene.story ? LOOKS.places.major : Infinity);
    const shown = [];
    for (const place of DATA.places) {
      if (!place.lonlat) continue;
      const key = scene.keyPlaces.has(place.id);
      const rank = key ? -1 : placeRank(place.kind);
      const inferred = place.coord_method !== 'located';
      if (rank > limit || (inferred && !key && (scene.story || view.zoom < 9))) continue;
      const [x, y] = this.at(view, place.lonlat);
      if (x < -80 || y < -20 || x > view.width + 80 || y > view.height + 20) continue;
      const r = place.lines ? 0 : this.#sharpDot(ctx, x, y, rank, scene.story);
      shown.push({ place, x, y, rank, key, inferred, r });
    }
    return shown.sort((a, b) => a.rank - b.rank || (a.place.id < b.place.id ? -1 : 1));
  }

  /** The point of a place; an event that lies on it stands for it. */
  #sharpDot(ctx, x, y, rank, always) {
    if (!always && !this.names.isFree([x - 1, y - 1, x + 1, y + 1])) return 8;
    const r = rank <= 0 ? 3.6 : rank === 1 ? 3 : 2.2;
    ctx.beginPath();
    ctx.arc(x, y, r, 0, 7);
    ctx.fillStyle = INK;
    ctx.strokeStyle = WHITE;
    ctx.lineWidth = 2;
    ctx.stroke();
    ctx.fill();
    this.names.take([x - r, y - r, x + r, y + r]);
    return r;
  }

  #dots(ctx, view, dots) {
    // What is known to a region only lies below what is known to a place.
    for (const dot of [...dots].sort((a, b) => b.vague - a.vague)) {
      const box = this.#takeDot(view, dot);
      if (!box) continue;
      const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
      if (dot.vague) drawVagueMark(ctx, dot.kind, x, y, (box[2] - box[0]) / 2, dot.events.length);
      else drawMark(ctx, dot.kind, x, y, (box[2] - box[0]) / 2, dot.events.length);
    }
  }

  /** The box of a mark, taken from the names; null where it is not in the picture. */
  #takeDot(view, dot) {
    const [x, y] = this.at(view, dot.lonlat);
    if (x < -20 || y < -20 || x > view.width + 20 || y > view.height + 20) return null;
    const r = dot.events.length > 1 ? 8.5 : 6.5;
    const box = [x - r, y - r, x + r, y + r];
    this.names.take(box);
    return box;
  }
}

/** The ground between two dates that share their faces: [from, to] as JSON -> rings. */
function changeRings(before, after) {
  const from = store.values(before, (label) => label.holder);
  const to = store.values(after, (label) => label.holder);
  const pairs = from.map((holder, i) => (holder === to[i] ? null : JSON.stringify([holder, to[i]])));
  return store.rings(after, pairs);
}

/** The front lines of a date: { sides, sure, chains }; the weaker of the two faces decides how sure. */
function frontLines(date) {
  const faces = store.values(date, (label) =>
    label.controller && label.status !== 'unknown' && label.status !== 'none'
      ? { side: sideOf(label.controller), sure: textureOf(label).startsWith('plain') }
      : null);
  const lines = store.lines(date, (left, right) => {
    const [a, b] = [faces[left], faces[right]];
    if (!a || !b || a.side === b.side) return null;
    return JSON.stringify([...[a.side, b.side].sort(), a.sure && b.sure]);
  });
  return [...lines].map(([key, chains]) => {
    const [one, two, sure] = JSON.parse(key);
    return { sides: [one, two], sure, chains };
  });
}

/** A small picture of a look for the legend. */
function swatch(draw, width = 28, height = 18) {
  const ratio = Math.max(2, window.devicePixelRatio || 1);
  const canvas = el('canvas', { class: 'swatch', width: width * ratio, height: height * ratio, 'aria-hidden': 'true' });
  const ctx = canvas.getContext('2d');
  ctx.scale(ratio, ratio);
  draw(ctx, painter.patterns(ratio), width, height);
  canvas.shown = { draw, width, height }; // So that pictures can draw it anew, in lines.
  return canvas;
}

const lookSwatch = (look, show) =>
  swatch((ctx, patterns, w, h) => {
    for (const paint of paintsOf(look, patterns, { ...show, faded: false })) {
      ctx.fillStyle = paint;
      ctx.fillRect(0, 0, w, h);
    }
  });
