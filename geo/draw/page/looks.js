// The table of looks, and what follows from it: colours, textures, strokes and marks on a canvas.
// The table itself is looks.json, which the stills, the plots and the exports read too.

const LOOKS = readBlock('looks');
const { white: WHITE, ink: INK, land: LAND, outside: OUTSIDE, pointer: POINTER } = LOOKS.paper;
const FONT = 'system-ui, "Segoe UI", "Noto Sans", "Noto Sans Arabic", Tahoma, sans-serif';
const EVENT_KINDS = Object.keys(LOOKS.events);
const LATE = Object.keys(LOOKS.statuses);

const rgbOf = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** A colour laid over another at some opacity, as one opaque colour: neighbours leave no seam. */
function mix(hex, alpha, base = LAND) {
  const under = rgbOf(base);
  return `rgb(${rgbOf(hex).map((v, i) => Math.round(v * alpha + under[i] * (1 - alpha))).join(',')})`;
}

/** A colour that lets through what lies below. */
const sheer = (hex, alpha) => (alpha === 1 ? hex : `rgba(${rgbOf(hex).join(',')},${alpha})`);

const colorOf = (side) => (has(DATA.colors, side) ? DATA.colors[side] : LOOKS.sides.other);

/** The colour of a holder where there is no room for a texture. */
const flatOf = (holder) => (has(DATA.colors, holder) ? DATA.colors[holder] : (LOOKS.statuses[holder] ?? LOOKS.statuses.none).flat);

/** What makes two labels look the same: status, sides, and the texture of their certainty. */
function lookOf(label) {
  const sides = [...new Set((label.controllers.length ? label.controllers : [label.controller]).filter(Boolean).map(sideOf))];
  if (label.status === 'unknown' || label.status === 'none') return label.status;
  if (label.status === 'contested' || label.status === 'mixed') return [label.status, ...sides].join('|');
  if (label.status === 'advance') return `advance|${sideOf(label.controller)}`;
  return ['controlled', sideOf(label.controller), textureOf(label)].join('|');
}

/** Plain, dots or dashes, and how dense: the less sure, the denser. */
function textureOf({ basis, confidence }) {
  const { bases, steps, step, unsure } = LOOKS.textures;
  if (has(bases, basis)) return `${bases[basis]}:${steps[confidence] ?? step}`;
  return (unsure[confidence] ?? ['plain', 0]).join(':');
}

class Patterns {
  constructor(ratio) {
    this.ratio = ratio;
    this.made = new Map();
  }

  /** A seamless tile; `draw` gets a context in page pixels. */
  tile(key, size, draw) {
    if (!this.made.has(key)) {
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = Math.round(size * this.ratio);
      const g = canvas.getContext('2d');
      g.scale(canvas.width / size, canvas.width / size);
      draw(g, size);
      const pattern = g.createPattern(canvas, 'repeat');
      pattern.setTransform(new DOMMatrix().scale(size / canvas.width));
      this.made.set(key, pattern);
    }
    return this.made.get(key);
  }

  /** Bands, one a colour, then some that stay clear; slanting either way or upright. */
  bands(colors, { width, clear = 0, way }) {
    const size = width * (colors.length + clear);
    return this.tile(`bands|${colors}|${width}|${clear}|${way}`, size, (g) => {
      const [top, bottom] = way > 0 ? [size, 0] : way < 0 ? [0, size] : [0, 0];
      for (let shift = -2 * size; shift < 2 * size; shift += size) {
        colors.forEach((color, i) => {
          const x = shift + i * width;
          g.fillStyle = color;
          g.beginPath();
          g.moveTo(x + top, 0);
          g.lineTo(x + top + width, 0);
          g.lineTo(x + bottom + width, size);
          g.lineTo(x + bottom, size);
          g.fill();
        });
      }
    });
  }

  dots(step, color) {
    return this.tile(`dots|${step}|${color}`, step, (g) => {
      g.fillStyle = color;
      for (const [x, y] of [[0.25, 0.25], [0.75, 0.75]]) {
        g.beginPath();
        g.arc(x * step, y * step, LOOKS.textures.dots.width / 2, 0, 7);
        g.fill();
      }
    });
  }

  dashes(step, color) {
    return this.tile(`dashes|${step}|${color}`, step, (g) => {
      const { width, length } = LOOKS.textures.dashes;
      g.fillStyle = color;
      for (const at of [0.25, 0.75]) g.fillRect(step * (at - length / 2), step * at - width / 2, step * length, width);
    });
  }

  grid(step, color) {
    return this.tile(`grid|${step}|${color}`, step, (g) => {
      g.fillStyle = color;
      g.fillRect(0, 0, step, 1);
      g.fillRect(0, 0, 1, step);
    });
  }

  lines(step, color) {
    return this.tile(`lines|${step}|${color}`, step, (g) => {
      g.fillStyle = color;
      g.fillRect(0, step / 2 - 0.5, step, 1);
    });
  }
}

const SIDE_PATTERNS = [
  (p, c) => p.bands([c], { width: 1.2, clear: 5, way: 1 }),
  (p, c) => p.bands([c], { width: 1.2, clear: 5, way: -1 }),
  (p, c) => p.lines(7, c),
  (p, c) => p.bands([c], { width: 1.2, clear: 5, way: 0 }),
  (p, c) => p.grid(8, c),
];

/** The layers of paint of one look, from the ground up. */
function paintsOf(look, patterns, { doubt, sidePatterns, faded }) {
  const [status, ...rest] = look.split('|');
  const tint = (side, strength) => mix(colorOf(side), LOOKS.strength[faded ? 'faded' : strength]);
  if (status === 'controlled') {
    const [side, texture] = rest;
    const [kind, step] = texture.split(':');
    const { ink, alpha, steps } = LOOKS.textures;
    // What is only presumed is paler than what is likely, so that both are told apart in print.
    const weak = kind === 'dots' && +step <= steps.low;
    const paints = [tint(side, kind === 'plain' ? 'plain' : weak ? 'weak' : 'unsure')];
    if (sidePatterns) {
      const index = Object.keys(DATA.colors).sort().indexOf(side);
      paints.push(SIDE_PATTERNS[((index % 5) + 5) % 5](patterns, sheer(ink, 0.42)));
    }
    if (doubt && !faded && kind !== 'plain') paints.push(patterns[kind](+step, sheer(ink, alpha)));
    return paints;
  }
  const { ground, bands, dots } = LOOKS.statuses[status];
  if (dots) return [ground, patterns.dots(dots.step, dots.color)];
  if (status === 'unknown') return [ground, patterns.bands([bands.color], bands)];
  if (status === 'advance') return [ground, patterns.bands([tint(rest[0], 'advance')], bands)];
  const tints = (rest.length ? rest : ['unknown']).map((side) => tint(side, 'shared'));
  if (tints.length === 1) tints.push(LAND);
  return [ground, patterns.bands(tints, bands)];
}

const bothHeld = (from, to) => has(DATA.colors, from) && has(DATA.colors, to);

/** Ground that went from hand to hand has a heavier outline than ground that became known. */
function changeStroke(ctx, from, to) {
  [ctx.strokeStyle, ctx.lineWidth] = LOOKS.change[bothHeld(from, to) ? 'hands' : 'known'].line;
  ctx.setLineDash([]);
}

/** Fill of the new holder with wide stripes of the old; what only became known is told apart. */
function changePaints(from, to, patterns) {
  const { strength, change: { hands, known } } = LOOKS;
  if (bothHeld(from, to)) {
    return [mix(colorOf(to), strength.changed), patterns.bands([mix(colorOf(from), strength.changed)], hands.bands)];
  }
  const ground = has(DATA.colors, to) ? mix(colorOf(to), strength.faded * 2) : known.ground;
  const stripe = has(DATA.colors, from) ? mix(colorOf(from), strength.plain) : LOOKS.sides.nobody;
  return [ground, patterns.bands([stripe], known.bands)];
}

/** Strokes of a context line, the lowest first: [colour, width, dash]. */
function lineStyles({ kind, accuracy }) {
  const styles = LOOKS.lines[`${kind}.${accuracy}`] ?? LOOKS.lines[kind] ?? LOOKS.lines.zone;
  return styles.map(([color, width, dash, alpha]) => [sheer(color, alpha), width, dash]);
}

/** Stroke the path of a context several times, each time with a colour, a width and a dash. */
function strokeAll(ctx, styles, path) {
  for (const [color, width, dash = []] of styles) {
    ctx.strokeStyle = color;
    ctx.lineWidth = width;
    ctx.setLineDash(dash);
    if (path) ctx.stroke(path);
    else ctx.stroke();
  }
  ctx.setLineDash([]);
}

const KIND_OF = new Map(EVENT_KINDS.flatMap((kind) => LOOKS.events[kind].types.map((type) => [type, kind])));
const eventKind = (type) => KIND_OF.get(type) ?? 'other';
const eventColor = (kind) => LOOKS.events[kind].color;

/** The corners of a mark of radius 1; none for a disc. */
function markCorners({ star, corners = [] }) {
  if (!star) return corners;
  const [rays, far, near] = star;
  return Array.from({ length: 2 * rays }, (_, i) => {
    const reach = i % 2 ? near : far;
    return [reach * Math.sin((i * Math.PI) / rays), -reach * Math.cos((i * Math.PI) / rays)];
  });
}

/** The outline of an event mark; shape and colour both tell the kind. */
function markPath(path, kind, x, y, r) {
  const corners = markCorners(LOOKS.events[kind]);
  corners.forEach(([dx, dy], i) => (i ? path.lineTo(x + dx * r, y + dy * r) : path.moveTo(x + dx * r, y + dy * r)));
  if (corners.length) path.closePath();
  else path.arc(x, y, r, 0, 7);
  return path;
}

function drawMark(ctx, kind, x, y, r, count) {
  const { mark } = LOOKS;
  const { color, cross } = LOOKS.events[kind];
  const path = markPath(new (ctx.Path ?? Path2D)(), kind, x, y, r);
  ctx.lineJoin = 'round';
  ctx.strokeStyle = WHITE;
  ctx.lineWidth = mark.rim;
  ctx.stroke(path);
  ctx.fillStyle = color;
  ctx.fill(path);
  if (count > 1) {
    ctx.fillStyle = WHITE;
    ctx.font = `700 ${Math.round(r * mark.text)}px ${FONT}`;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.fillText(String(count), x, y + 0.5);
  } else if (cross) {
    ctx.strokeStyle = WHITE;
    ctx.lineWidth = mark.cross;
    ctx.beginPath();
    for (const way of [1, -1]) {
      ctx.moveTo(x - r * cross, y - way * r * cross);
      ctx.lineTo(x + r * cross, y + way * r * cross);
    }
    ctx.stroke();
  }
}

/** What is known to a region only: a hollow, dashed mark in a wide faint ring, nowhere in particular. */
function drawVagueMark(ctx, kind, x, y, r, count) {
  const { color } = LOOKS.events[kind];
  const { ring, alpha, dash } = LOOKS.mark.vague;
  ctx.beginPath();
  ctx.arc(x, y, r * ring, 0, 7);
  ctx.fillStyle = sheer(color, alpha);
  ctx.fill();
  strokeAll(ctx, [[sheer(color, 0.55), 1, [2, 4]]]);
  const path = markPath(new (ctx.Path ?? Path2D)(), kind, x, y, r - 1);
  ctx.fillStyle = WHITE;
  ctx.fill(path);
  strokeAll(ctx, [[color, 1.5, dash]], path);
  if (count < 2) return;
  ctx.fillStyle = color;
  ctx.font = `700 ${Math.round(r * LOOKS.mark.text)}px ${FONT}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.fillText(String(count), x, y + 0.5);
}

const placeRank = (kind) => LOOKS.places.ranks[kind] ?? LOOKS.places.rank;

/** The least important places that are shown at a zoom. */
const lowestRank = (zoom) => (LOOKS.places.zooms.find(([below]) => zoom < below) ?? [0, LOOKS.places.rank])[1];
