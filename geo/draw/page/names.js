// Names on the map: in order of weight, beside their marks or along their lines, none over another.

/** Whether the window cuts a box; a canvas reaches beyond it. */
function isCut(view, [left, top, right, bottom]) {
  const [mx, my] = [view.marginX ?? 0, view.marginY ?? 0];
  return left < mx || top < my || right > view.width - mx || bottom > view.height - my;
}

class Names {
  constructor() {
    this.taken = []; // boxes of the picture where something stands already
    this.widths = new Map();
  }

  clear() { this.taken = []; }

  take(...boxes) { this.taken.push(...boxes); }

  width(ctx, text) {
    const key = `${ctx.font}|${text}`;
    if (!this.widths.has(key)) {
      if (this.widths.size > 4000) this.widths.clear();
      this.widths.set(key, ctx.measureText(text).width);
    }
    return this.widths.get(key);
  }

  isFree(box) {
    return !this.taken.some((b) => box[0] < b[2] && box[2] > b[0] && box[1] < b[3] && box[3] > b[1]);
  }

  /** Names in order of weight; one that would cover another, or a mark, or be cut by the window, is left out. */
  drawPlaces(ctx, view, places) {
    for (const { place, x, y, rank, key, inferred, r } of places) {
      const strong = rank <= 1;
      const lines = this.#nameLines(place, key || rank <= 1 || view.zoom >= 10, strong, inferred);
      const widths = lines.map(([text, font]) => {
        ctx.font = font;
        return this.width(ctx, text);
      });
      const width = Math.max(...widths);
      const height = lines.length * 14 + 2;
      const gap = r + 5;
      const spots = [
        [x + gap, y - height / 2, 'left'], [x - gap - width, y - height / 2, 'right'],
        [x - width / 2, y - gap - height, 'center'], [x - width / 2, y + gap, 'center'],
        ...(key ? [[x + r, y - r - height, 'left'], [x - r - width, y - r - height, 'right'], [x - r - width, y + r, 'right']] : []),
      ];
      for (const [left, top, align] of spots) {
        const box = [left - 2, top, left + width + 2, top + height];
        if (!this.isFree(box) || isCut(view, box)) continue;
        this.take(box);
        const tx = align === 'left' ? left : align === 'right' ? left + width : left + width / 2;
        lines.forEach(([text, font], i) => this.#text(ctx, text, font, tx, top + 8 + i * 14, align));
        break;
      }
    }
  }

  #nameLines(place, both, strong, inferred) {
    const style = inferred ? 'italic ' : '';
    const large = `${style}${strong ? 700 : 500} ${strong ? 13.5 : 12.5}px ${FONT}`;
    const small = `500 12.5px ${FONT}`;
    const first = nameOf(place, place.id);
    const second = both && ways().names_on_map > 1 && otherName(place);
    return second ? [[first, large], [second, small]] : [[first, large]];
  }

  #text(ctx, text, font, x, y, align, color = INK) {
    ctx.font = font;
    ctx.textAlign = align;
    ctx.textBaseline = 'middle';
    ctx.direction = directionOf(text);
    ctx.lineJoin = 'round';
    ctx.strokeStyle = sheer(WHITE, 0.92);
    ctx.lineWidth = 3.4;
    ctx.strokeText(text, x, y);
    ctx.fillStyle = color;
    ctx.fillText(text, x, y);
  }

  /** Names along roads and zones; a schematic line says so itself, before any village is named. */
  drawLines(ctx, view, features) {
    for (const feature of features) {
      if (feature.kind === 'admin1' || feature.kind === 'country') continue;
      const name = nameOf(feature, '');
      const note = feature.accuracy === 'schematic' ? `(${t('schematic')})` : '';
      const text = [name, note].filter(Boolean).join(' ');
      if (text) this.#nameAlong(ctx, view, feature.lines, text);
    }
  }

  #nameAlong(ctx, view, lines, text) {
    const font = `italic 500 11.5px ${FONT}`;
    ctx.font = font;
    const width = this.width(ctx, text);
    for (const { x, y, angle } of straightStretches(lines, view, width)) {
      // Slanting text is kept clear by a chain of small boxes; one large box would seldom fit.
      const [cx, cy] = [x + 11 * Math.sin(angle), y - 11 * Math.cos(angle)];
      const boxes = [];
      for (let s = -width / 2; s <= width / 2; s += 8) {
        const [bx, by] = [cx + s * Math.cos(angle), cy + s * Math.sin(angle)];
        boxes.push([bx - 6, by - 6.5, bx + 6, by + 6.5]);
      }
      if (!boxes.every((box) => this.isFree(box) && !isCut(view, box))) continue;
      this.take(...boxes);
      ctx.save();
      ctx.translate(cx, cy);
      ctx.rotate(angle);
      this.#text(ctx, text, font, 0, 0, 'center', LOOKS.names.line);
      ctx.restore();
      return;
    }
  }

  drawAreas(ctx, view, features) {
    for (const feature of features) {
      if (feature.spot && (feature.kind === 'country' || feature.kind === 'admin1')) this.#areaName(ctx, view, feature, nameOf(feature, ''));
    }
  }

  #areaName(ctx, view, feature, name) {
    const country = feature.kind === 'country';
    const font = `${country ? 600 : 500} ${country ? 15 : 12.5}px ${FONT}`;
    ctx.font = font;
    if (!isRtl()) ctx.letterSpacing = country ? '4px' : '2px';
    const half = ctx.measureText(name).width / 2;
    const spot = positionOn(view, feature.spot);
    const [mx, my] = [(view.marginX ?? 0) + half + 4, (view.marginY ?? 0) + 14];
    // Moved inwards where the window would cut it, if the ground that it names is in the window at all.
    const [x, y] = [[spot[0], mx, view.width - mx], [spot[1], my, view.height - my]].map(([v, low, high]) => Math.max(low, Math.min(high, v)));
    if (Math.abs(x - spot[0]) > half || Math.abs(y - spot[1]) > 14) {
      ctx.letterSpacing = '0px';
      return;
    }
    const box = [x - half, y - 10, x + half, y + 10];
    if (this.isFree(box)) {
      this.take(box);
      this.#text(ctx, name, font, x, y, 'center', sheer(...LOOKS.names[feature.kind]));
    }
    ctx.letterSpacing = '0px';
  }
}

/** Stretches of lines on the screen that could carry a text of some width, straightest and flattest first. */
function straightStretches(lines, view, width) {
  const size = 256 * 2 ** view.zoom;
  const found = [];
  for (const world of lines) {
    const xs = [];
    for (let i = 0; i < world.length; i += 2) {
      const point = [world[i] * size - view.x0, world[i + 1] * size - view.y0];
      const last = xs[xs.length - 1] ?? point;
      const steps = Math.min(60, Math.ceil(Math.hypot(point[0] - last[0], point[1] - last[1]) / 24));
      for (let k = 1; k < steps; k++) xs.push(last.map((v, axis) => v + ((point[axis] - v) * k) / steps));
      xs.push(point);
    }
    for (let i = 0; i < xs.length; i++) {
      // From each vertex as far as the text is long: a straight line if the way there is no longer.
      let way = 0;
      let j = i;
      while (j + 1 < xs.length && way < width) {
        way += Math.hypot(xs[j + 1][0] - xs[j][0], xs[j + 1][1] - xs[j][1]);
        j++;
      }
      const [dx, dy] = [xs[j][0] - xs[i][0], xs[j][1] - xs[i][1]];
      const x = xs[i][0] + dx / 2;
      const y = xs[i][1] + dy / 2;
      const [mx, my] = [50 + (view.marginX ?? 0), 40 + (view.marginY ?? 0)];
      const inside = x > mx && y > my && x < view.width - mx && y < view.height - my;
      if (!inside || way < width * 0.9) continue;
      let angle = Math.atan2(dy, dx);
      if (Math.abs(angle) > Math.PI / 2) angle -= Math.sign(angle) * Math.PI;
      const bend = way / Math.max(1, Math.hypot(dx, dy));
      found.push({ x, y, angle, bend, weight: bend + 0.4 * Math.abs(Math.sin(angle)) });
    }
  }
  return found.filter((spot) => spot.bend < 1.25).sort((a, b) => a.weight - b.weight).slice(0, 80);
}
