// A saved picture is laid out as a still: headline, panels with scale and north, what happened, the key
// of all that is drawn, sources, method and the address of the view. It can be printed as it is.

const LAYOUT = { margin: 22, gap: 14, title: 25, least: 1000, swipe: 0.68 };

/** A text in lines that fit a width. */
function wrapped(ctx, text, font, width) {
  ctx.font = font;
  const lines = [];
  for (const word of String(text).split(/\s+/)) {
    const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
    if (lines.length && ctx.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** A part of the picture: how high it is, and how it is drawn from its upper left corner. */
const textBlock = (ctx, text, { size, weight = 400, color = INK, width, dir = directionOf(text), most = 99 }) => {
  const font = `${weight} ${size}px ${FONT}`;
  const lines = wrapped(ctx, text, font, width).slice(0, most);
  const step = size * 1.32;
  return {
    height: lines.length * step,
    draw: (paper, x, y) => lines.forEach((line, i) => {
      paper.font = font;
      paper.fillStyle = color;
      paper.direction = dir;
      paper.textAlign = dir === 'rtl' ? 'right' : 'left';
      paper.textBaseline = 'middle';
      // A word longer than the line, such as an address, is squeezed into it.
      paper.fillText(line, dir === 'rtl' ? x + width : x, y + (i + 0.5) * step, width);
    }),
  };
};

/** Swatches with their words, as many a line as there is room for. */
function keyBlock(ctx, items, width) {
  const font = `400 12px ${FONT}`;
  ctx.font = font;
  const high = 21;
  let [x, line] = [0, 0];
  const placed = items.map(({ picture, text }) => {
    const room = picture.shown.width + 7 + ctx.measureText(text).width + 20;
    if (x && x + room > width) [x, line] = [0, line + 1];
    const at = { picture, text, x, y: line * high };
    x += room;
    return at;
  });
  return {
    height: items.length ? (line + 1) * high : 0,
    draw: (paper, left, top, patterns) => placed.forEach(({ picture, text, x: from, y }) => {
      const { width: wide, height: tall, draw } = picture.shown;
      const start = isRtl() ? left + width - from - wide : left + from;
      paper.save();
      paper.translate(start, top + y + (high - tall) / 2);
      paper.beginPath();
      paper.rect(-1, -1, wide + 2, tall + 2);
      paper.clip();
      draw(paper, patterns, wide, tall);
      paper.setLineDash([]);
      if (picture.classList.contains('rimmed')) {
        tracePoints(paper, [[0.5, 0.5], [wide - 0.5, 0.5], [wide - 0.5, tall - 0.5], [0.5, tall - 0.5]], true);
        strokeAll(paper, [[LOOKS.paper.rim, 1]]);
      }
      paper.restore();
      paper.font = font;
      paper.fillStyle = INK;
      paper.direction = ways().direction;
      paper.textAlign = isRtl() ? 'right' : 'left';
      paper.textBaseline = 'middle';
      paper.fillText(text, isRtl() ? start - 7 : start + wide + 7, top + y + high / 2);
    }),
  };
}

/** Columns of a heading and a few sentences, side by side. */
function columnsBlock(ctx, columns, width) {
  const room = (width - LAYOUT.gap * (columns.length - 1)) / columns.length;
  const made = columns.map(([title, text]) => [
    textBlock(ctx, title, { size: 11.5, weight: 700, color: LOOKS.paper.quiet, width: room }), textBlock(ctx, text, { size: 12.5, width: room }),
  ]);
  return {
    height: Math.max(...made.map(([a, b]) => a.height + b.height)),
    draw: (paper, left, top) => made.forEach(([a, b], i) => {
      const x = left + (isRtl() ? columns.length - 1 - i : i) * (room + LAYOUT.gap);
      a.draw(paper, x, top);
      b.draw(paper, x, top + a.height);
    }),
  };
}

/** What a picture shows: one panel or two, each with its scene and the view in which it is painted. */
function picturePanels() {
  const mode = state.mode;
  if (mode === 'swipe') state.mode = 'story'; // A picture cannot be swiped: both dates, side by side.
  const all = scenes();
  state.mode = mode;
  const { x, y } = map.getSize();
  const scale = mode === 'swipe' ? LAYOUT.swipe : 1;
  const [width, height] = [Math.round(x * scale), Math.round(y * scale)];
  // The opening's marks belong to its own view; a swipe has events instead.
  const events = (day) => dotsOf(eventsNear(day, day));
  return all.map((scene) => ({
    title: all.length > 1 ? `${sentence(t(scene.side))}: ${dateText(sceneDay(scene))}` : sceneTitle(scene),
    note: scene.kind === 'change' || store.days[store.index(sceneDay(scene))] === sceneDay(scene) ? '' : asOfText(sceneDay(scene)),
    scene: {
      ...scene, selected: null, hot: null, near: null, measure: state.measure, show: { ...(mode === 'swipe' ? state.show : scene.show), tiles: false },
      ...(mode === 'swipe' ? { story: null, dots: events(sceneDay(scene)), keyPlaces: keyPlaces() } : {}),
    },
    width, height, zoom: map.getZoom() + Math.log2(scale),
  }));
}

/** The key of everything that the panels draw. */
function pictureKey(panels) {
  const items = [...pictureHolders(panels), ...(state.mode === 'change' ? changeItems() : []), ...(state.mode === 'story' ? storyMarks() : [])];
  const fronts = panels.some(({ scene }) => scene.show.fronts);
  const outlines = panels[0].scene.show.places && !panels[0].scene.story;
  if (panels[0].scene.show.doubt || fronts) items.push(...doubtItems({ fronts, outlines }));
  const kinds = new Set(panels.flatMap(({ scene }) => (scene.show.events ? scene.dots : [])).map(({ kind }) => kind));
  for (const kind of EVENT_KINDS.filter((one) => kinds.has(one))) items.push(keyItem(swatch((c, _, w, h) => drawMark(c, kind, w / 2, h / 2, 5.8, 1), 18, 18), t(`event.${kind}`)));
  if (panels.some(({ scene }) => scene.show.events && scene.dots.some(({ vague }) => vague))) {
    items.push(keyItem(swatch((c, _, w, h) => drawVagueMark(c, 'battle', w / 2, h / 2, 5.8, 1), 18, 18), t('key.vague')));
  }
  items.push(...contextItems(panels[0].scene.show));
  return items.map((item) => ({ picture: item.querySelector('canvas'), text: item.textContent }));
}

/** Every holder of a date that is shown, with its ground on the last. */
function pictureHolders(panels) {
  const dates = panels.map(({ scene }) => scene.date ?? scene.after);
  const sums = store.totals(dates.at(-1));
  const seen = HOLDERS.filter((holder) => dates.some((date) => (store.totals(date).get(holder) ?? 0) > NONE_SHARE));
  return seen.map((holder) => {
    const figure = figureOf(holder);
    const area = figure ? `${figure.about} ${t('km2')} ${figure.band.textContent}` : `${km2(sums.get(holder) ?? 0)} ${t('km2')}`;
    return keyItem(rimmed(makeHolderSwatch(holder)), listed([holderName(holder), area]));
  });
}

/** Who took what from whom, as the map of gained and lost has it. */
const changeItems = () => store.transfers(state.dateBefore, state.dateAfter).filter(([, , area]) => area >= 0.05).map(([from, to, area]) => keyItem(
  rimmed(swatch((ctx, patterns, w, h) => changePaints(from, to, patterns).forEach((paint) => { ctx.fillStyle = paint; ctx.fillRect(0, 0, w, h); }))),
  `${t('tip.changed', { to: holderName(to), from: holderName(from) })}, ${km2(area)} ${t('km2')}`));

function rimmed(picture) {
  picture.classList.add('rimmed');
  return picture;
}

/** The publishers on whom the ground of the last date rests, those of most patches first. */
function publishersText() {
  const counts = new Map();
  for (const i of Object.values(DATA.patches.days[state.dateAfter] ?? {})) {
    for (const id of splitIds(DATA.patches.reasons[i][1])) {
      const name = DATA.sources[id]?.publisher ?? id;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  const names = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name);
  if (!names.length) return '';
  const most = 8;
  return t('still.sources', { names: names.length > most ? t('and.more', { names: listed(names.slice(0, most)), count: names.length - most }) : listed(names) });
}

/** Where the view can be opened again: of a file its name, for its folder is nobody's business. */
function viewAddress() {
  if (!CAN_LINK) return '';
  const { protocol, origin, pathname } = window.location;
  return protocol.startsWith('http') ? `${origin}${pathname}${linkText()}` : `${decodeURIComponent(pathname.split('/').at(-1))}${linkText()}`;
}

const pictureHeadline = () => (state.mode === 'one' ? t('still.control', { date: dateText(state.after) }) : storyHeadline());

/** All parts with their places; `draw` paints them on any context that has the canvas's methods. */
function layPicture() {
  const ctx = document.createElement('canvas').getContext('2d');
  const { margin, gap } = LAYOUT;
  const panels = picturePanels();
  const room = panels.reduce((sum, { width }) => sum + width, gap * (panels.length - 1));
  const inner = Math.max(LAYOUT.least, room);
  const small = { size: 11, color: LOOKS.paper.quiet, width: inner };
  const dates = state.mode === 'one' ? onDay(state.after) : t('between', { before: dateText(state.before), after: dateText(state.after) });
  const blocks = [
    textBlock(ctx, pictureHeadline(), { size: LAYOUT.title, weight: 700, width: inner }),
    textBlock(ctx, `${nameOf(DATA.theatre, '')} \u00b7 ${dates}`, { size: 14, color: LOOKS.paper.quiet, width: inner }),
    { height: panels[0].height + 26, panels },
    state.mode === 'one' ? null : columnsBlock(ctx, storyParts().map(([kind, said]) => [t(`part.${kind}`), said.map(sentence).join(' ')]), inner),
    keyBlock(ctx, pictureKey(panels), inner),
    ...[t('method'), publishersText(), DATA.theatre.attribution].filter(Boolean).map((text) => textBlock(ctx, text, small)),
    viewAddress() ? textBlock(ctx, viewAddress(), { ...small, size: 10, dir: 'ltr' }) : null,
  ].filter(Boolean);
  let y = margin;
  const tops = blocks.map(({ height, panels: isMap }, i) => {
    const top = y;
    y += height + (isMap || i === 1 || blocks[i + 1]?.panels ? gap * 0.7 : i > 2 ? 5 : 2);
    return top;
  });
  const size = [inner + 2 * margin, Math.ceil(y + margin)];
  const left = margin + (inner - room) / 2;
  const draw = (paper, painterOf, ratio) => {
    const flat = () => paper.setTransform(ratio, 0, 0, ratio, 0, 0);
    flat();
    paper.fillStyle = WHITE;
    paper.fillRect(0, 0, ...size);
    blocks.forEach((block, i) => {
      if (block.panels) paintPanels(paper, painterOf, ratio, block.panels, left, tops[i]);
      else block.draw(paper, margin, tops[i], painterOf.patterns(ratio));
      flat();
    });
  };
  return { size, draw };
}

/** The panels beside each other, each under its date, with scale and north; the last with the inset. */
function paintPanels(paper, painterOf, ratio, panels, left, top) {
  panels.forEach(({ title, note, scene, width, height, zoom }, i) => {
    const x = left + i * (width + LAYOUT.gap);
    const flat = () => paper.setTransform(ratio, 0, 0, ratio, 0, 0);
    flat();
    const words = note ? `${title} (${note})` : title;
    paper.font = `700 14px ${FONT}`;
    paper.fillStyle = INK;
    paper.direction = ways().direction;
    paper.textAlign = isRtl() ? 'right' : 'left';
    paper.textBaseline = 'middle';
    paper.fillText(words, isRtl() ? x + width : x, top + 12, width);
    const view = { ...(zoom === null ? storyView(width, height, ratio) : viewOf(width, height, ratio, zoom)), left: x, top: top + 26 };
    const roomy = width >= 480 && zoom !== null && i === panels.length - 1; // On a small panel it would hide what matters.
    const inset = roomy && isCloseUp(map.getBounds()) ? locatorView(ratio) : null;
    const keep = [[0, height - 34, 170, height], [width - 40, 0, width, 50], ...(inset ? [[width - inset.width - 12, height - inset.height - 12, width, height]] : [])];
    paper.save();
    paper.beginPath();
    paper.rect(x, view.top, width, height);
    paper.clip();
    painterOf.paint(paper, view, { ...scene, keep });
    paintScale(paper, view);
    if (inset) {
      paper.setTransform(ratio, 0, 0, ratio, (x + width - inset.width - 8) * ratio, (view.top + height - inset.height - 8) * ratio);
      paintLocator(paper, painterOf, inset, map.getBounds());
    }
    paper.restore();
    flat();
    tracePoints(paper, [[x, view.top], [x + width, view.top], [x + width, view.top + height], [x, view.top + height]], true);
    strokeAll(paper, [[LOOKS.paper.frame, 1]]);
  });
}

const CARD = { width: 1200, height: 630 };

/** A card for social media: the headline, both dates or the one, who is who, and whose data it is. */
function layCard() {
  const ctx = document.createElement('canvas').getContext('2d');
  const { width, height } = CARD;
  const { margin, gap } = LAYOUT;
  const inner = width - 2 * margin;
  const panels = picturePanels();
  const key = keyBlock(ctx, pictureHolders(panels).map((item) => ({ picture: item.querySelector('canvas'), text: item.textContent })), inner);
  const head = textBlock(ctx, pictureHeadline(), { size: 36, weight: 700, width: inner, most: 2 });
  const foot = textBlock(ctx, [nameOf(DATA.theatre, ''), DATA.theatre.attribution].filter(Boolean).join(' \u00b7 '), { size: 10, color: LOOKS.paper.quiet, width: inner, most: 2 });
  const top = margin * 0.7 + head.height + 6;
  const room = { width: Math.floor((inner - gap * (panels.length - 1)) / panels.length), height: Math.floor(height - top - 26 - key.height - foot.height - margin - 10) };
  // Framed on what happened, whatever the window shows; one date alone keeps the view.
  const shrink = Math.log2(Math.min(room.width / panels[0].width, room.height / panels[0].height));
  const fitted = panels.map((panel) => ({ ...panel, ...room, zoom: state.mode === 'one' ? panel.zoom + shrink : null }));
  const draw = (paper, painterOf, ratio) => {
    const flat = () => paper.setTransform(ratio, 0, 0, ratio, 0, 0);
    flat();
    paper.fillStyle = WHITE;
    paper.fillRect(0, 0, width, height);
    head.draw(paper, margin, margin * 0.7);
    paintPanels(paper, painterOf, ratio, fitted, margin, top);
    flat();
    const below = top + 26 + room.height + 8;
    key.draw(paper, margin, below, painterOf.patterns(ratio));
    flat();
    foot.draw(paper, margin, below + key.height + 4);
  };
  return { size: [width, height], draw };
}

function saveCard() {
  const { size: [width, height], draw } = layCard();
  const canvas = el('canvas', { width, height });
  draw(canvas.getContext('2d'), painter, 1);
  canvas.toBlob((blob) => saveFile(blob, fileName('-card.png')));
}

const fileName = (end) => `control-${state.mode === 'one' ? '' : `${toIso(state.before)}-`}${toIso(state.after)}${end}`;

function savePng() {
  const ratio = 2;
  const { size, draw } = layPicture();
  const [width, height] = size.map((v) => Math.round(v * ratio));
  const canvas = el('canvas', { width, height });
  draw(canvas.getContext('2d'), painter, ratio);
  canvas.toBlob((blob) => saveFile(blob, fileName('.png')));
}

function svgText() {
  const ctx = new SvgContext();
  const vector = new Painter(store, SvgPath);
  const patterns = new SvgPatterns(ctx);
  vector.patterns = () => patterns;
  const { size, draw } = layPicture();
  draw(ctx, vector, 1);
  return ctx.document(...size.map(Math.ceil), `${nameOf(DATA.theatre, '')}: ${pictureHeadline()}`);
}

const saveSvg = () => saveFile(new Blob([svgText()], { type: 'image/svg+xml' }), fileName('.svg'));
