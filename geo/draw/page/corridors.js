// Necks: where ground could be cut off, by how short a line; and the layer of a what-if.

const RULES = ['passable', 'enemy', 'own'];
const { cut: CUT } = LOOKS.necks;

/** The necks of a date, each knowing its date and where its label stands. */
const corridorsOn = (date) => (DATA.corridors?.days[date] ?? []).map((one, i) => Object.assign(one, { date, i }));

/** Whether a neck is there whatever unknown ground is taken for, as far as the ground is not cut off already. */
const isFirm = (one) => typeof one.answers.passable === 'number';

/** The km2 behind a neck, by the most cautious reading of unknown ground that has an answer. */
const areaBehind = (one) => ['passable', 'own', 'enemy'].map((rule) => one.answers[rule]).find((area) => typeof area === 'number');

const sceneDate = (scene) => (scene.kind === 'change' ? scene.after : scene.date);

function outline(ctx, painter, view, lines, closed = false) {
  ctx.beginPath();
  for (const line of lines) {
    line.forEach((position, i) => {
      const [x, y] = painter.at(view, position);
      if (i) ctx.lineTo(x, y);
      else ctx.moveTo(x, y);
    });
    if (closed) ctx.closePath();
  }
}

/** A leg: yellow between dark edges, a bar across each end, dashed where it depends on how unknown ground is read. */
function strokeCut(ctx, firm) {
  ctx.lineJoin = 'round';
  const dash = firm ? [] : [8, 4];
  strokeAll(ctx, [[sheer(WHITE, 0.9), 7.5], [INK, 5.5, dash], [CUT, 2.6, dash]]);
}

function strokeEnds(ctx, painter, view, line) {
  const [a, b] = [line[0], line[line.length - 1]].map((position) => painter.at(view, position));
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  const [nx, ny] = [-(b[1] - a[1]) / length, (b[0] - a[0]) / length];
  ctx.beginPath();
  for (const [x, y] of [a, b]) {
    ctx.moveTo(x - 6 * nx, y - 6 * ny);
    ctx.lineTo(x + 6 * nx, y + 6 * ny);
  }
  strokeAll(ctx, [[WHITE, 5], [INK, 2.6]]);
}

/** The ground behind a neck, while one points at it or has its card open. */
function paintPocket(ctx, painter, view, one) {
  outline(ctx, painter, view, one.pocket, true);
  ctx.fillStyle = painter.patterns(view.ratio).bands([sheer(INK, 0.5)], { width: 1.6, clear: 4, way: 1 });
  ctx.fill('evenodd');
  strokeAll(ctx, [[WHITE, 4.5, [3, 3]], [INK, 2, [3, 3]]]);
}

function paintCorridors(ctx, painter, view, scene) {
  const all = corridorsOn(sceneDate(scene));
  const pointed = [scene.selected?.corridor, scene.near].find((one) => one?.date === sceneDate(scene));
  if (pointed) paintPocket(ctx, painter, view, all[pointed.i]);
  // The firm ones lie on top.
  for (const one of [...all].sort((a, b) => isFirm(a) - isFirm(b))) {
    outline(ctx, painter, view, one.line);
    strokeCut(ctx, isFirm(one));
    for (const line of one.line) strokeEnds(ctx, painter, view, line);
  }
  for (const one of [...all].sort((a, b) => isFirm(b) - isFirm(a))) {
    if (!isFirm(one) && view.zoom < 9 && one.i !== pointed?.i) continue;
    one.line.forEach((line, leg) => paintWidth(ctx, painter, view, line, one.legs[leg][2]));
  }
}

/** The km of a leg beside its middle, where there is room. */
function paintWidth(ctx, painter, view, line, km) {
  const text = `${numberText(km, 1)} ${t('km')}`;
  const [a, b] = [line[0], line[line.length - 1]].map((position) => painter.at(view, position));
  ctx.font = `700 12.5px ${FONT}`;
  const half = ctx.measureText(text).width / 2 + 3;
  const [mx, my] = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  for (const [dx, dy] of [[0, -16], [0, 16], [half + 10, 0], [-half - 10, 0]]) {
    const box = [mx + dx - half, my + dy - 9, mx + dx + half, my + dy + 9];
    if (!painter.names.isFree(box)) continue;
    painter.names.take(box);
    ctx.fillStyle = INK;
    ctx.fillRect(box[0], box[1], 2 * half, 18);
    ctx.fillStyle = CUT;
    ctx.textAlign = 'center';
    ctx.textBaseline = 'middle';
    ctx.direction = ways().direction;
    ctx.fillText(text, mx + dx, my + dy + 0.5);
    return;
  }
}

/** Ground that nobody reported taken: hatched both ways, and the words all over the map. */
function paintWhatIf(ctx, painter, view, scene) {
  const asked = DATA.whatIf;
  if (sceneDate(scene) !== asked.date) return;
  const patterns = painter.patterns(view.ratio);
  for (const [rings, way, dash] of [[asked.off, -1, [2, 5]], [asked.taken, 1, [9, 5]]]) {
    outline(ctx, painter, view, rings, true);
    if (way > 0) {
      ctx.fillStyle = sheer(WHITE, 0.55);
      ctx.fill('evenodd');
    }
    ctx.fillStyle = patterns.bands([way > 0 ? colorOf(asked.side) : sheer(INK, 0.6)], { width: way > 0 ? 3 : 2, clear: 2, way });
    ctx.fill('evenodd');
    strokeAll(ctx, [[WHITE, 4.5, dash], [INK, 2, dash]]);
  }
  ctx.font = `800 19px ${FONT}`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.direction = ways().direction;
  ctx.lineJoin = 'round';
  for (let y = 70, row = 0; y < view.height; y += 190, row++) {
    for (let x = row % 2 ? 60 : 240; x < view.width + 200; x += 430) {
      ctx.save();
      ctx.translate(x, y);
      ctx.rotate(-0.35);
      ctx.strokeStyle = sheer(WHITE, 0.6);
      ctx.lineWidth = 4;
      ctx.strokeText(t('whatif.mark'), 0, 0);
      ctx.fillStyle = sheer(INK, 0.42);
      ctx.fillText(t('whatif.mark'), 0, 0);
      ctx.restore();
    }
  }
}

// Words.

const anchorName = (id) => (id === 'edge' ? t('corridor.edge') : nameOf(DATA.corridors.anchors[id], id));
const stretchName = (ids) => listed(ids.map((id) => (id === 'edge' ? t('corridor.edge') : PLACES.has(id) ? placeName(id) : holderName(id))));

function answerText(answer) {
  if (typeof answer === 'number') return [ltr(km2(answer)), ` ${t('km2')}`];
  return [t(`corridor.${answer}`)];
}

/** A neck: how long, whose, what lies behind it, and the three answers for unknown ground. */
function corridorCard(one) {
  const recent = new Set(one.events);
  return el('div', { class: 'card' },
    el('h2', null, t('corridor.card'), ' ', ltr(longText(one.km * 1000))),
    el('p', null, one.sides.map((side, i) => [i ? ' \u00b7 ' : '', sideDot(side), foreign(actorName(side))]), ' ', chip(term('basis', 'inferred'))),
    el('p', { class: 'quiet' }, onDay(store.days[one.date])),
    el('p', null, t('corridor.means')),
    el('h3', null, t('corridor.answers')),
    el('dl', null, RULES.map((rule) => row(t(`corridor.if.${rule}`), ...answerText(one.answers[rule])))),
    el('dl', null,
      row(t('corridor.supplied'), foreign(listed(one.anchors.map(anchorName))))),
    folded(t('corridor.behind'), one.places, (id) => el('li', null, placeButton(id)))
      ?? el('p', { class: 'quiet' }, t('corridor.no.place')),
    el('h3', null, t(one.legs.length > 1 ? 'corridor.legs' : 'corridor.leg')),
    el('ul', { class: 'list' }, one.legs.map(([from, to, km]) => el('li', null,
      foreign(stretchName(from)), ' \u2013 ', foreign(stretchName(to)), ' ', ltr(longText(km * 1000))))),
    one.legs.length > 1 ? el('p', { class: 'quiet' }, t('corridor.ways')) : null,
    folded(t('corridor.events'), DATA.events.filter((event) => recent.has(event.id)), eventItem));
}

/** The necks of the date in words, for those who do not point. */
function corridorTable() {
  if (!state.show.corridors) return null;
  const all = corridorsOn(state.dateAfter);
  const asked = DATA.corridors?.days[state.dateAfter] !== null;
  if (!all.length) return el('p', { class: 'quiet' }, t(asked ? 'corridor.without' : 'corridor.unasked'));
  const point = (near) => () => { state.near = near; queueMap(); };
  return folded(t('corridors'), all, (one) => el('li', null, el('button', {
    type: 'button', class: 'plain',
    on: {
      click: () => openCorridor(one, { focus: true }), pointerenter: point(one), focusin: point(one),
      pointerleave: point(null), focusout: point(null),
    },
  }, one.sides.map((side) => sideDot(side)), foreign(listed(one.sides.map(actorName))), ' ', ltr(longText(one.km * 1000)),
  el('span', { class: 'quiet' }, ' ', t('corridor.cuts', { area: km2(areaBehind(one)), count: one.places.length })))));
}

/** Where a link finds a neck again: the middle of its longest leg. */
function corridorSpot(one) {
  const at = one.legs.reduce((best, leg, i) => (leg[2] > one.legs[best][2] ? i : best), 0);
  const [a, b] = [one.line[at][0], one.line[at].at(-1)];
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

/** The card stands over the northern end of the ground, so that the ground can be seen below it. */
function openCorridor(one, { focus = false } = {}) {
  const top = [...one.pocket, ...one.line].flat().reduce((a, b) => (b[1] > a[1] ? b : a));
  return openCard(top, () => corridorCard(one), {
    focus, chains: [], corridor: one, what: `k:${corridorSpot(one).map((v) => v.toFixed(5)).join()}`,
  });
}

/** The neck within some pixels of a point of the screen; a firm one first. */
function corridorNear(point, date, reach = 8) {
  let best = null;
  for (const one of corridorsOn(date)) {
    for (const line of one.line) {
      const spots = line.map(([lon, lat]) => map.latLngToContainerPoint([lat, lon]));
      for (let i = 1; i < spots.length; i++) {
        const away = L.LineUtil.pointToSegmentDistance(point, spots[i - 1], spots[i]) + (isFirm(one) ? 0 : 0.5);
        if (away <= reach && away < (best?.away ?? Infinity)) best = { away, one };
      }
    }
  }
  return best?.one;
}

/** What of this layer the key has to explain. */
function corridorKey(item) {
  const cut = (firm) => swatch((ctx, _, w, h) => {
    ctx.beginPath();
    ctx.moveTo(2, h / 2);
    ctx.lineTo(w - 2, h / 2);
    strokeCut(ctx, firm);
  });
  const ground = (color, way, width) => swatch((ctx, patterns, w, h) => {
    ctx.fillStyle = LAND;
    ctx.fillRect(0, 0, w, h);
    ctx.fillStyle = patterns.bands([color], { width, clear: 2, way });
    ctx.fillRect(0, 0, w, h);
  });
  const items = [];
  if (state.show.corridors) items.push(item(cut(true), t('key.corridor')), item(cut(false), t('key.corridor.maybe')));
  if (state.show.whatIf) {
    items.push(item(ground(colorOf(DATA.whatIf.side), 1, 3), t('key.whatif.taken')));
    items.push(item(ground(sheer(INK, 0.6), -1, 2), t('key.whatif.off')));
    items.push(el('li', null, el('div', null, el('strong', null, t('whatif.mark')), passage('p', null, DATA.whatIf.question))));
  }
  return items;
}
