// The marks of the opening on its two panels: changed ground, the arrow, the neck, what hangs on it.

const { story: STORY } = LOOKS;

/** A polygon of an arrow along a line on the screen: narrow where it begins, a head at its end. */
function arrowShape(spots, { tail, shaft, head, length }) {
  const tip = spots.at(-1);
  const before = spots.findLast((spot) => Math.hypot(tip[0] - spot[0], tip[1] - spot[1]) > length) ?? spots[0];
  const angle = Math.atan2(tip[1] - before[1], tip[0] - before[0]);
  const neck = [tip[0] - length * Math.cos(angle), tip[1] - length * Math.sin(angle)];
  const line = [...spots.filter((spot, i) => !i || Math.hypot(tip[0] - spot[0], tip[1] - spot[1]) > length * 1.2), neck];
  const sides = [[], []];
  line.forEach((spot, i) => {
    const [a, b] = [line[Math.max(0, i - 1)], line[Math.min(line.length - 1, i + 1)]];
    const way = Math.atan2(b[1] - a[1], b[0] - a[0]);
    const half = (tail + ((shaft - tail) * i) / (line.length - 1)) / 2;
    sides[0].push([spot[0] + half * Math.sin(way), spot[1] - half * Math.cos(way)]);
    sides[1].unshift([spot[0] - half * Math.sin(way), spot[1] + half * Math.cos(way)]);
  });
  const [nx, ny] = [Math.sin(angle) * head, -Math.cos(angle) * head];
  return [...sides[0], [neck[0] + nx, neck[1] + ny], tip, [neck[0] - nx, neck[1] - ny], ...sides[1]];
}

/** A line of two ends bent a little, and drawn out backwards where it is too short to be seen. */
function bentLine(spots, least) {
  if (spots.length > 2) return spots;
  let [[x0, y0], [x1, y1]] = spots;
  const length = Math.hypot(x1 - x0, y1 - y0) || 1;
  const longer = Math.max(0, least - length) / length;
  [x0, y0] = [x0 - (x1 - x0) * longer, y0 - (y1 - y0) * longer];
  const [dx, dy] = [x1 - x0, y1 - y0];
  const [cx, cy] = [x0 + dx / 2 - dy * STORY.arrow.bend, y0 + dy / 2 + dx * STORY.arrow.bend];
  return Array.from({ length: 13 }, (_, i) => {
    const s = i / 12;
    return [(1 - s) ** 2 * x0 + 2 * s * (1 - s) * cx + s * s * x1, (1 - s) ** 2 * y0 + 2 * s * (1 - s) * cy + s * s * y1];
  });
}

function tracePoints(ctx, points, closed) {
  ctx.beginPath();
  points.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  if (closed) ctx.closePath();
}

function strokeStyles(ctx, styles) {
  ctx.lineJoin = 'round';
  strokeAll(ctx, styles.map(([color, width, dash, alpha = 1]) => [sheer(color, alpha), width, dash]));
}

function paintArrow(ctx, points, side) {
  tracePoints(ctx, points, true);
  ctx.lineJoin = 'round';
  strokeAll(ctx, [[WHITE, 6]]);
  ctx.fillStyle = mix(colorOf(side), STORY.arrow.strength, INK);
  ctx.fill();
  strokeAll(ctx, [[INK, 1.4]]);
}

/** A bracket across a neck: a bar as long as the neck is wide, with an end turned in on either hand. */
function bracketLines([x, y], angle, half, lip = 7) {
  const [ux, uy] = [Math.cos(angle), Math.sin(angle)];
  return [-1, 1].map((way) => {
    const [ex, ey] = [x + way * half * ux, y + way * half * uy];
    return [[ex - lip * uy, ey + lip * ux], [ex, ey], [ex + lip * uy, ey - lip * ux]];
  }).concat([[[x - half * ux, y - half * uy], [x + half * ux, y + half * uy]]]);
}

/** A line of words in a box on the map, where there is room beside a spot. */
function paintTag(ctx, painter, view, lines, [x, y], { gap = 14, below = false, tags = [] } = {}) {
  ctx.font = `700 ${view.width < 560 ? 11 : 12.5}px ${FONT}`;
  const width = Math.max(...lines.map((line) => ctx.measureText(line).width)) + 14;
  const height = lines.length * 16 + 6;
  const fits = (box) => box[0] > (view.marginX ?? 0) + 2 && box[1] > (view.marginY ?? 0) + 2
    && box[2] < view.width - (view.marginX ?? 0) - 2 && box[3] < view.height - (view.marginY ?? 0) - 2;
  const spots = [1, 2, 3, 5, 8].flatMap((times) => {
    const away = gap * times;
    const near = [[x - width / 2, y - away - height], [x - width / 2, y + away], [x + away, y - height / 2], [x - away - width, y - height / 2],
      [x - away / 2 - width, y - away - height], [x - away / 2 - width, y + away], [x + away / 2, y + away], [x + away / 2, y - away - height]];
    if (below) near.unshift(near.splice(1, 1)[0]);
    return near;
  });
  const boxes = spots.map(([left, top]) => [left, top, left + width, top + height]);
  // Where all is full it may lie over marks, never over another of its kind.
  const apart = ([l, u, r, d]) => tags.every(([left, top, right, bottom]) => r < left || l > right || d < top || u > bottom);
  const box = boxes.find((one) => fits(one) && painter.names.isFree(one)) ?? boxes.find((one) => fits(one) && apart(one));
  if (!box) return;
  painter.names.take(box);
  tags.push(box);
  ctx.fillStyle = INK;
  ctx.fillRect(box[0], box[1], width, height);
  ctx.fillStyle = STORY.tag;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.direction = ways().direction;
  lines.forEach((line, i) => ctx.fillText(line, box[0] + width / 2, box[1] + 11 + i * 16));
}

/** Which way a neck runs: across the way from the ground behind it to where it is narrowest. */
function neckAngle(ctx, painter, view, hold) {
  const spots = hold.rings.flat().map((position) => painter.at(view, position));
  const [x, y] = painter.at(view, hold.where);
  const mean = spots.reduce((sum, spot) => [sum[0] + spot[0] / spots.length, sum[1] + spot[1] / spots.length], [0, 0]);
  return Math.atan2(mean[1] - y, mean[0] - x) + Math.PI / 2;
}

/** Points of a line close enough that boxes round them leave no gap. */
function pointsAlong(points) {
  return points.slice(1).flatMap(([x1, y1], i) => {
    const [x0, y0] = points[i];
    const steps = Math.max(1, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / 8));
    return Array.from({ length: steps + 1 }, (_, k) => [x0 + ((x1 - x0) * k) / steps, y0 + ((y1 - y0) * k) / steps]);
  });
}

function paintNeck(ctx, painter, view, hold) {
  if (!hold.where || hold.width == null) return;
  const spot = painter.at(view, hold.where);
  const half = Math.max(9, painter.metresToPixels(view, hold.width * 500, hold.where));
  const draw = (points) => {
    tracePoints(ctx, points);
    strokeStyles(ctx, STORY.neck);
    painter.names.take(...pointsAlong(points).map(([px, py]) => [px - 6, py - 6, px + 6, py + 6]));
  };
  if (hold.line) hold.line.forEach((line) => draw(line.map((position) => painter.at(view, position))));
  else bracketLines(spot, neckAngle(ctx, painter, view, hold), half).forEach(draw);
}

function paintPocketOutline(ctx, painter, view, hold) {
  outline(ctx, painter, view, hold.rings, true);
  strokeStyles(ctx, STORY.pocket);
}

/** The name of the ground that would be cut off, at its middle. */
function paintPocketName(ctx, painter, view, hold, tags) {
  const place = bestKnown(hold.places);
  const ring = hold.rings.reduce((a, b) => (b.length > a.length ? b : a), hold.rings[0] ?? []);
  if (!ring.length) return;
  const [west, east] = [Math.min(...ring.map((p) => p[0])), Math.max(...ring.map((p) => p[0]))];
  const south = Math.min(...ring.map((p) => p[1]));
  const lines = [t(hold.joined != null && hold.joined < 0.5 ? 'story.tag.off' : 'story.tag.could')];
  if (place) lines.push(placeName(place));
  paintTag(ctx, painter, view, lines, painter.at(view, [(west + east) / 2, south]), { gap: 6, below: true, tags });
}

/** All marks of a panel; boxes of words are taken from the names that follow. */
function paintStory(ctx, painter, view, scene) {
  const { rings, arrow, hold, rows } = toldChange();
  const after = scene.side === 'after';
  const size = 256 * 2 ** view.zoom;
  ctx.save();
  ctx.translate(painter.store.originX * size - view.x0, painter.store.originY * size - view.y0);
  ctx.lineJoin = 'round';
  const styles = STORY[sumOf(rows, 'taken') ? (after ? 'taken' : 'was') : 'picture'].map(([color, width, dash, alpha = 1]) => [sheer(color, alpha), width, dash]);
  strokeAll(ctx, styles, painter.chainPath(rings.map(({ chain }) => chain), view.zoom));
  ctx.restore();
  if (!after) return;
  if (hold) paintPocketOutline(ctx, painter, view, hold);
  if (arrow) {
    // It ends beside the mark of the place, so that both can be seen.
    const whole = bentLine(arrow.points.map((position) => painter.at(view, position)), STORY.arrow.least);
    const tip = whole.at(-1);
    const away = ([x, y]) => Math.hypot(tip[0] - x, tip[1] - y);
    const near = whole.findLast((spot) => away(spot) > STORY.arrow.short) ?? whole[0];
    const share = STORY.arrow.short / (away(near) || 1);
    const line = [...whole.filter((spot) => away(spot) >= away(near)), tip.map((v, axis) => v + (near[axis] - v) * share)];
    paintArrow(ctx, arrowShape(line, STORY.arrow), arrow.side);
    painter.names.take(...line.map(([x, y]) => [x - 8, y - 8, x + 8, y + 8]));
  }
  if (hold) paintNeck(ctx, painter, view, hold);
}

/** What the marks say, where the name of the place that was taken leaves room. */
function paintStoryTags(ctx, painter, view, scene) {
  const { hold } = toldChange();
  if (!hold || scene.side !== 'after') return;
  const tags = [];
  if (hold.where && hold.width != null) {
    const half = painter.metresToPixels(view, hold.width * 500, hold.where);
    paintTag(ctx, painter, view, [widthText(hold)], painter.at(view, hold.where), { gap: Math.min(half, 30) + 6, tags });
  }
  paintPocketName(ctx, painter, view, hold, tags);
}

/** Small pictures of the marks for the key. */
function markSwatch(kind, side) {
  return swatch((ctx, _, w, h) => {
    if (kind === 'arrow') return paintArrow(ctx, arrowShape([[3, h / 2], [w - 3, h / 2]], { tail: 3, shaft: 6, head: 7, length: 10 }), side);
    if (kind === 'neck') {
      for (const points of bracketLines([w / 2, h / 2], 0, w / 2 - 5, 5)) {
        tracePoints(ctx, points);
        strokeStyles(ctx, STORY.neck);
      }
      return null;
    }
    if (kind === 'front') {
      tracePoints(ctx, [[1, h / 2 - 4], [w - 1, h / 2 - 4]]);
      strokeAll(ctx, [[INK, LOOKS.fronts.widths[1]]]);
      tracePoints(ctx, [[1, h / 2 + 4], [w - 1, h / 2 + 4]]);
      return strokeAll(ctx, [[INK, LOOKS.fronts.widths[1], LOOKS.fronts.unsure]]);
    }
    tracePoints(ctx, [[3, 3], [w - 3, 3], [w - 3, h - 3], [3, h - 3]], true);
    return strokeStyles(ctx, STORY[kind]);
  });
}

/** From plain to dotted and pale: how the same side looks the less sure it is. */
function sureSwatch(side) {
  return swatch((ctx, patterns, w, h) => {
    [0, 1, 2].forEach((i) => {
      const texture = ['plain:0', 'dots:12', 'dots:8'][i];
      for (const paint of paintsOf(`controlled|${side}|${texture}`, patterns, { ...state.show, doubt: true, faded: false })) {
        ctx.fillStyle = paint;
        ctx.fillRect((i * w) / 3, 0, w / 3, h);
      }
    });
  }, 48);
}
