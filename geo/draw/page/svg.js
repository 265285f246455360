// A canvas context that writes SVG: the painter of the screen draws the vector picture too.

const escapeXml = (text) => String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
  .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const short = (v) => String(Math.round(v * 100) / 100);

/** The commands of a path as text; stands in for Path2D. */
class SvgPath {
  constructor() { this.d = []; }
  moveTo(x, y) { this.d.push(`M${short(x)} ${short(y)}`); }
  lineTo(x, y) { this.d.push(`L${short(x)} ${short(y)}`); }
  closePath() { this.d.push('Z'); }
  rect(x, y, w, h) { this.d.push(`M${short(x)} ${short(y)}h${short(w)}v${short(h)}h${short(-w)}Z`); }
  /** Whole circles only, which is all that the painter asks for. */
  arc(x, y, r) { this.d.push(`M${short(x - r)} ${short(y)}a${short(r)} ${short(r)} 0 1 1 ${short(2 * r)} 0a${short(r)} ${short(r)} 0 1 1 ${short(-2 * r)} 0Z`); }
}

class SvgContext {
  constructor(defs = [], counter = { n: 0 }) {
    this.Path = SvgPath;
    this.out = [];
    this.defs = defs;
    this.counter = counter;
    this.stack = [];
    this.dash = [];
    this.matrix = [1, 0, 0, 1, 0, 0];
    this.clipped = '';
    Object.assign(this, {
      fillStyle: 'black', strokeStyle: 'black', lineWidth: 1, lineJoin: 'miter', font: '10px sans-serif',
      textAlign: 'start', textBaseline: 'alphabetic', direction: 'ltr', letterSpacing: '0px', globalAlpha: 1,
    });
    this.ruler = document.createElement('canvas').getContext('2d');
    this.beginPath();
  }

  static KEPT = ['fillStyle', 'strokeStyle', 'lineWidth', 'lineJoin', 'font', 'textAlign', 'textBaseline', 'direction',
    'letterSpacing', 'globalAlpha', 'matrix', 'clipped', 'dash'];

  save() { this.stack.push(SvgContext.KEPT.map((name) => this[name])); }
  restore() { this.stack.pop()?.forEach((value, i) => { this[SvgContext.KEPT[i]] = value; }); }
  setTransform(...m) { this.matrix = m; }
  transform(a, b, c, d, e, f) {
    const [A, B, C, D, E, F] = this.matrix;
    this.matrix = [A * a + C * b, B * a + D * b, A * c + C * d, B * c + D * d, A * e + C * f + E, B * e + D * f + F];
  }
  translate(x, y) { this.transform(1, 0, 0, 1, x, y); }
  scale(x, y) { this.transform(x, 0, 0, y, 0, 0); }
  rotate(angle) { this.transform(Math.cos(angle), Math.sin(angle), -Math.sin(angle), Math.cos(angle), 0, 0); }
  setLineDash(dash) { this.dash = dash; }

  beginPath() { this.path = new SvgPath(); }
  moveTo(x, y) { this.path.moveTo(x, y); }
  lineTo(x, y) { this.path.lineTo(x, y); }
  closePath() { this.path.closePath(); }
  rect(x, y, w, h) { this.path.rect(x, y, w, h); }
  arc(x, y, r) { this.path.arc(x, y, r); }

  #id(prefix) { return `${prefix}${this.counter.n++}`; }
  #ink(style) { return typeof style === 'string' ? style : `url(#${style.id})`; }
  #place() {
    const [a, b, c, d, e, f] = this.matrix.map((v) => Math.round(v * 1e4) / 1e4);
    return a === 1 && b === 0 && c === 0 && d === 1 && e === 0 && f === 0 ? '' : ` transform="matrix(${a} ${b} ${c} ${d} ${e} ${f})"`;
  }
  #put(shape) {
    const alpha = this.globalAlpha === 1 ? '' : ` opacity="${this.globalAlpha}"`;
    const text = shape.replace('@', `${this.#place()}${alpha}`);
    this.out.push(this.clipped ? `<g clip-path="url(#${this.clipped})">${text}</g>` : text);
  }
  #stroked() {
    const dash = this.dash.length ? ` stroke-dasharray="${this.dash.join(' ')}"` : '';
    return `stroke="${escapeXml(this.#ink(this.strokeStyle))}" stroke-width="${this.lineWidth}" stroke-linejoin="${this.lineJoin}"${dash}`;
  }

  fill(path = this.path, rule = 'nonzero') {
    if (typeof path === 'string') [path, rule] = [this.path, path];
    if (!path.d.length) return;
    this.#put(`<path@ d="${path.d.join('')}" fill="${escapeXml(this.#ink(this.fillStyle))}" fill-rule="${rule}"/>`);
  }
  stroke(path = this.path) {
    if (path.d.length) this.#put(`<path@ d="${path.d.join('')}" fill="none" ${this.#stroked()}/>`);
  }
  fillRect(x, y, w, h) {
    this.#put(`<rect@ x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}" fill="${escapeXml(this.#ink(this.fillStyle))}"/>`);
  }
  drawImage(picture, x, y, w, h) {
    this.#put(`<image@ x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}" preserveAspectRatio="none" href="${picture.toDataURL('image/png')}"/>`);
  }
  clip(path = this.path, rule = 'nonzero') {
    if (typeof path === 'string') [path, rule] = [this.path, path];
    const id = this.#id('c');
    const within = this.clipped ? ` clip-path="url(#${this.clipped})"` : '';
    this.defs.push(`<clipPath id="${id}"${within}><path d="${path.d.join('')}"${this.#place()} clip-rule="${rule}"/></clipPath>`);
    this.clipped = id;
  }

  createRadialGradient(x, y, _, x1, y1, r) {
    const id = this.#id('g');
    const stops = [];
    const at = this.defs.length;
    this.defs.push('');
    const write = () => {
      this.defs[at] = `<radialGradient id="${id}" gradientUnits="userSpaceOnUse" cx="${short(x1)}" cy="${short(y1)}" r="${short(r)}">${stops.join('')}</radialGradient>`;
    };
    return { id, addColorStop: (offset, color) => { stops.push(`<stop offset="${offset}" stop-color="${escapeXml(color)}"/>`); write(); } };
  }

  measureText(text) {
    this.ruler.font = this.font;
    this.ruler.letterSpacing = this.letterSpacing;
    return this.ruler.measureText(text);
  }
  #write(text, x, y, limit, paint) {
    const rtl = this.direction === 'rtl';
    const anchor = { center: 'middle', left: rtl ? 'end' : 'start', right: rtl ? 'start' : 'end', end: 'end' }[this.textAlign] ?? 'start';
    const [, style, weight, size, family] = /^(italic )?(?:(\d+) )?([\d.]+)px (.*)$/.exec(this.font);
    const squeeze = limit && this.measureText(text).width > limit ? ` textLength="${short(limit)}" lengthAdjust="spacingAndGlyphs"` : '';
    const base = this.textBaseline === 'middle' ? +size * 0.35 : 0;
    const spaced = this.letterSpacing === '0px' ? '' : ` letter-spacing="${this.letterSpacing}"`;
    this.#put(`<text@ x="${short(x)}" y="${short(y + base)}" font-family="${escapeXml(family)}" font-size="${size}" font-weight="${weight ?? 400}"`
      + `${style ? ' font-style="italic"' : ''} text-anchor="${anchor}" direction="${this.direction}"${spaced}${squeeze} ${paint}>${escapeXml(text)}</text>`);
  }
  fillText(text, x, y, limit) { this.#write(text, x, y, limit, `fill="${escapeXml(this.#ink(this.fillStyle))}"`); }
  strokeText(text, x, y, limit) { this.#write(text, x, y, limit, `fill="none" ${this.#stroked()}`); }

  /** The document; its title is read out by those who cannot see it. */
  document(width, height, title) {
    return `<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" `
      + `viewBox="0 0 ${width} ${height}" role="img"><title>${escapeXml(title)}</title>\n<defs>${this.defs.join('\n')}</defs>\n${this.out.join('\n')}\n</svg>\n`;
  }
}

/** Patterns as SVG has them; drawn by the same hands. */
class SvgPatterns extends Patterns {
  constructor(context) {
    super(1);
    this.context = context;
  }

  tile(key, size, draw) {
    if (!this.made.has(key)) {
      const { defs, counter } = this.context;
      const g = new SvgContext(defs, counter);
      draw(g, size);
      const id = `p${counter.n++}`;
      defs.push(`<pattern id="${id}" patternUnits="userSpaceOnUse" width="${short(size)}" height="${short(size)}">${g.out.join('')}</pattern>`);
      this.made.set(key, { id });
    }
    return this.made.get(key);
  }
}
