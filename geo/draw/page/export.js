// What is taken away from the page: paper, pictures as points or as lines, and tables.

function viewOf(width, height, ratio, zoom = map.getZoom()) {
  const centre = map.getCenter();
  const size = 256 * 2 ** zoom;
  return { zoom, width, height, ratio, x0: worldX(centre.lng) * size - width / 2, y0: worldY(centre.lat) * size - height / 2 };
}

const sceneDay = (scene) => (scene.side === 'before' ? state.before : state.after);

const sceneTitle = (scene) => (scene.kind === 'change'
  ? t('gained.between', { before: dateText(state.before), after: dateText(state.after) }) : onDay(sceneDay(scene)));

/** A line as long as a round number of kilometres, and the way north, in the corner of a picture. */
function paintScale(ctx, view) {
  const left = view.left ?? 0;
  const { lng, lat } = map.getCenter();
  const metres = worldMetres([lng, lat]) / (256 * 2 ** view.zoom);
  const most = (metres * view.width) / 4000;
  const km = [1, 2, 5, 10, 20, 50, 100, 200, 500].filter((one) => one <= most).at(-1) ?? 1;
  const [x, y, wide] = [10, view.height - 12, (km * 1000) / metres];
  ctx.setTransform(view.ratio, 0, 0, view.ratio, left * view.ratio, (view.top ?? 0) * view.ratio);
  tracePoints(ctx, [[x, y - 5], [x, y], [x + wide, y], [x + wide, y - 5]]);
  strokeAll(ctx, [[WHITE, 4.5], [INK, 1.6]]);
  ctx.font = `700 11px ${FONT}`;
  ctx.textAlign = 'left';
  ctx.textBaseline = 'bottom';
  ctx.direction = 'ltr';
  ctx.strokeStyle = WHITE;
  ctx.lineWidth = 3;
  ctx.strokeText(`${km} km`, x + 4, y - 3);
  ctx.fillStyle = INK;
  ctx.fillText(`${km} km`, x + 4, y - 3);
  if (PROJECTION.centre) return; // North is not one way there.
  const [cx, top] = [view.width - 18, 10];
  tracePoints(ctx, [[cx, top], [cx + 7, top + 20], [cx, top + 16], [cx - 7, top + 20]], true);
  strokeAll(ctx, [[WHITE, 3]]);
  ctx.fill();
  ctx.textAlign = 'center';
  ctx.textBaseline = 'top';
  ctx.strokeText('N', cx, top + 21);
  ctx.fillText('N', cx, top + 21);
}

/** A picture of some size that just holds what the opening is about, whatever the window shows. */
function storyView(width, height, ratio) {
  const bounds = storyBounds();
  const [west, east] = [worldX(bounds.getWest()), worldX(bounds.getEast())];
  const [north, south] = [worldY(bounds.getNorth()), worldY(bounds.getSouth())];
  const zoom = Math.log2(Math.min(width / (east - west), height / (south - north)) / 256);
  const view = viewOf(width, height, ratio, zoom);
  const size = 256 * 2 ** zoom;
  return { ...view, x0: ((west + east) / 2) * size - width / 2, y0: ((north + south) / 2) * size - height / 2 };
}

/** One page: what happened, before and after with the change marked, the key, and how it was made. */
function printSheet() {
  const mode = state.mode;
  if (mode === 'swipe') state.mode = 'story'; // Paper cannot be swiped: both dates, side by side.
  const all = scenes();
  const width = all.length > 1 ? 520 : 1060;
  const height = 300 + (all.length > 1 ? 30 : 0);
  const shrink = Math.log2(width / map.getSize().x);
  const figures = all.map((scene) => {
    const canvas = el('canvas', { width: width * 2, height: height * 2 });
    const ctx = canvas.getContext('2d');
    const view = scene.story ? storyView(width, height, 2) : viewOf(width, height, 2, map.getZoom() + Math.min(0, shrink));
    painter.paint(ctx, view, { ...scene, selected: null, hot: null, near: null, show: { ...scene.show, sidePatterns: true, tiles: false } });
    paintScale(ctx, view);
    return el('figure', null, el('figcaption', null, foreign(all.length > 1 ? `${sentence(t(scene.side))}: ${sceneTitle(scene)}` : sceneTitle(scene))), canvas);
  });
  const kept = state.show;
  state.show = { ...kept, sidePatterns: true };
  printing = true;
  const tables = el('div', { class: 'tables' }, el('div', null, legendTable()), el('div', null, doubtKey()));
  const key = mode === 'one' || mode === 'change' ? null : el('ul', { class: 'marks' }, storyMarks());
  state.show = kept;
  printing = false;
  byId('sheet').replaceChildren(...[
    el('h1', null, foreign(mode === 'one' ? nameOf(DATA.theatre, '') : storyHeadline())),
    el('p', { class: 'quiet' }, foreign(nameOf(DATA.theatre, ''))),
    mode === 'one' ? null : el('ul', { class: 'parts' }, storyParts().map(storyItem)),
    el('div', { class: 'figures' }, figures), key, tables,
    el('p', null, t('method')),
    DATA.theatre.attribution ? passage('p', null, DATA.theatre.attribution) : null,
    window.location.protocol.startsWith('http') ? el('p', { dir: 'ltr' }, window.location.href) : null].filter(Boolean));
  state.mode = mode;
}

/** Where a cell could begin a formula; the same signs as in geo/exchange/texts.py. */
const FORMULA = /(^|[;\t\r\n|])(?='*[=+\-@\t\r＝＋－＠])/g;

/** A cell that no spreadsheet runs as a formula. */
function csvCell(value) {
  const text = typeof value === 'string' ? value.replace(FORMULA, "$1'") : String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

const csvText = (rows) => `\ufeff${rows.map((cells) => cells.map(csvCell).join(',')).join('\r\n')}\r\n`;

function areaRows() {
  const rows = [['date', 'holder', 'name', 'area_km2']];
  store.days.forEach((day, date) => {
    const sums = store.totals(date);
    for (const holder of HOLDERS) {
      if (sums.has(holder)) rows.push([toIso(day), holder, holderName(holder), sums.get(holder).toFixed(6)]);
    }
  });
  return rows;
}

function changeRows() {
  const days = [state.dateBefore, state.dateAfter].map((date) => toIso(store.days[date]));
  return [['from_date', 'to_date', 'from', 'to', 'area_km2'],
    ...store.transfers(state.dateBefore, state.dateAfter).map(([from, to, area]) => [...days, from, to, area.toFixed(6)])];
}

const saveTable = (rows, name) => saveFile(new Blob([csvText(rows)], { type: 'text/csv' }), name);
const saveAreas = () => saveTable(areaRows(), 'areas.csv');
const saveChanges = () => saveTable(changeRows(), fileName('.csv'));

function saveFile(blob, name) {
  const url = URL.createObjectURL(blob);
  el('a', { href: url, download: name }).click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10000);
}
