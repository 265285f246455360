// The locator: the whole study area, small, with its countries and where the view lies in it.

const LOCATOR = { most: 150, high: 116, pad: 7 };

/** How large the inset is, and the view in which it shows the whole study area. */
function locatorView(ratio, scale = 1) {
  const [west, south, east, north] = store.bounds;
  const [x0, x1, y0, y1] = [worldX(west), worldX(east), worldY(north), worldY(south)];
  const pad = LOCATOR.pad * scale;
  const per = Math.min((LOCATOR.most * scale - 2 * pad) / (x1 - x0), (LOCATOR.high * scale - 2 * pad) / (y1 - y0));
  const [width, height] = [(x1 - x0) * per + 2 * pad, (y1 - y0) * per + 2 * pad];
  return { zoom: Math.log2(per / 256), width, height, ratio, x0: x0 * per - pad, y0: y0 * per - pad };
}

/** Whether the view leaves out so much that one may ask where it lies. */
function isCloseUp(bounds) {
  const [west, south, east, north] = store.bounds;
  const inside = (from, to, a, b) => Math.max(0, Math.min(to, b) - Math.max(from, a)) / (b - a);
  return inside(bounds.getWest(), bounds.getEast(), west, east) * inside(bounds.getSouth(), bounds.getNorth(), south, north) < 0.8;
}

/** Draw it with its upper left corner where the context stands. */
function paintLocator(ctx, painterOf, view, bounds) {
  const size = 256 * 2 ** view.zoom;
  const place = ([lon, lat]) => positionOn(view, [lon, lat]);
  ctx.fillStyle = LOOKS.paper.country;
  ctx.fillRect(0, 0, view.width, view.height);
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, 0, view.width, view.height);
  ctx.clip();
  ctx.save();
  ctx.translate(painterOf.store.originX * size - view.x0, painterOf.store.originY * size - view.y0);
  ctx.fillStyle = LOOKS.locator.area;
  ctx.fill(painterOf.edgePath(view.zoom), 'evenodd');
  ctx.restore();
  for (const { kind, lines } of painterOf.context) {
    if (kind !== 'country') continue;
    for (const line of lines) {
      const points = Array.from({ length: line.length / 2 }, (_, i) => [line[2 * i] * size - view.x0, line[2 * i + 1] * size - view.y0]);
      tracePoints(ctx, points);
      strokeAll(ctx, [LOOKS.locator.border]);
    }
  }
  ctx.font = `600 10px ${FONT}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.direction = ways().direction;
  const [left, top] = place([bounds.getWest(), bounds.getNorth()]).map((v) => Math.max(1.5, v));
  const [right, bottom] = place([bounds.getEast(), bounds.getSouth()]).map((v, axis) => Math.min((axis ? view.height : view.width) - 1.5, v));
  for (const { kind, spot, ...names } of painterOf.context) {
    if (kind !== 'country' || !spot) continue;
    const name = nameOf(names, '');
    const half = ctx.measureText(name).width / 2;
    const [x, y] = place(spot);
    if (x - half < 1 || x + half > view.width - 1 || y < 7 || y > view.height - 7) continue;
    ctx.fillStyle = LOOKS.names.country[0];
    ctx.fillText(name, x, y);
  }
  tracePoints(ctx, [[left, top], [right, top], [right, bottom], [left, bottom]], true);
  strokeAll(ctx, [[WHITE, 3.4], [POINTER, 1.8]]);
  ctx.restore();
  tracePoints(ctx, [[0.5, 0.5], [view.width - 0.5, 0.5], [view.width - 0.5, view.height - 0.5], [0.5, view.height - 0.5]], true);
  strokeAll(ctx, [[LOOKS.paper.frame, 1]]);
}

/** Whether the inset would lie on the ground and the marks that the opening is about. */
function coversStory() {
  if (state.mode !== 'story') return false;
  const { x, y } = map.getSize();
  const { width, height } = locatorView(1);
  const { rings, arrow, hold } = toldChange();
  const spots = [...rings.flatMap(({ ring }) => ring), ...(arrow?.points ?? []), ...(hold?.rings.flat() ?? [])];
  return spots.map(([lon, lat]) => map.latLngToContainerPoint([lat, lon]))
    .some((at) => at.x > x - width - 14 && at.x < x && at.y > y - height - 14 && at.y < y);
}

/** Beside the map while it shows a part of the study area only. */
function drawLocator() {
  const canvas = byId('locator');
  const bounds = map.getBounds();
  canvas.hidden = !isCloseUp(bounds) || coversStory();
  if (canvas.hidden) return;
  const ratio = window.devicePixelRatio || 1;
  const view = locatorView(ratio, stacked() ? 0.72 : 1);
  const pixels = [view.width, view.height].map((v) => Math.round(v * ratio));
  if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) [canvas.width, canvas.height] = pixels;
  canvas.style.width = `${view.width}px`;
  canvas.style.height = `${view.height}px`;
  canvas.setAttribute('aria-label', t('locator'));
  const ctx = canvas.getContext('2d');
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  paintLocator(ctx, painter, view, bounds);
}

// What lies over the map: no name is written below it, where it could not be read.

const OVER_MAP = ['.leaflet-control-zoom', '.leaflet-control-scale', '#corner', '.north', '#locator', '#panel-before', '#panel-after', '#badge-one'];
let covered = { of: '' };

/** Boxes of one of the two panels, on its canvas; asked of the browser only when they may be others. */
function coveredBoxes(second) {
  const { x, y } = map.getSize();
  const of = [state.mode, x, y, language, byId('locator').hidden, stopAt === null].join();
  if (covered.of !== of) {
    const found = [...document.querySelectorAll(OVER_MAP.join())].map((node) => node.getBoundingClientRect()).filter((box) => box.width);
    covered = { of, found, at: map.getContainer().getBoundingClientRect() };
  }
  const [left, top] = second ? panelShift() : [0, 0];
  const margin = [Math.round(x * 0.08), Math.round(y * 0.08)]; // As far as a canvas reaches beyond the map.
  const shift = [margin[0] - covered.at.left - left, margin[1] - covered.at.top - top];
  // A title is wider on another date: it is not measured anew at every step.
  return covered.found.map((box) => [box.left + shift[0] - 3, box.top + shift[1] - 3, box.right + shift[0] + (box.width > 60 ? 40 : 3), box.bottom + shift[1] + 3]);
}
