// The side panel: who holds how much, what changed and why, how sure, and what is shown.

const NONE_SHARE = 1e-9;
let printing = false;

/** Holders in a steady order: sides by their largest share ever, then ground nobody holds alone. */
function holderOrder() {
  const largest = new Map();
  store.days.forEach((_, date) => {
    for (const [holder, area] of store.totals(date)) largest.set(holder, Math.max(largest.get(holder) ?? 0, area));
  });
  const place = (holder) => (has(DATA.colors, holder) ? -1 : LATE.indexOf(holder));
  return [...largest].filter(([, area]) => area > NONE_SHARE)
    .sort((a, b) => place(a[0]) - place(b[0]) || b[1] - a[1]).map(([holder]) => holder);
}

const holderName = (holder) => (has(DATA.colors, holder) || has(DATA.actors, holder) ? actorName(holder) : term('holder', holder));

/** The plainest look of a holder, for swatches. */
const holderLook = (holder) => (has(DATA.colors, holder) ? `controlled|${holder}|plain:0` : holder);

const largestSides = () => HOLDERS.filter((holder) => has(DATA.colors, holder)).slice(0, 2);

/** Swatches of the legend are kept from step to step; paper has its own. */
function kept(name, make) {
  const key = `${name}|${JSON.stringify(state.show)}`;
  if (!parts || printing) return make();
  if (!parts.swatches.has(key)) parts.swatches.set(key, make());
  return parts.swatches.get(key);
}

const holderSwatch = (holder) => kept(holder, () => makeHolderSwatch(holder));

function makeHolderSwatch(holder) {
  if (holder === 'contested' || holder === 'mixed') return lookSwatch([holder, ...largestSides()].join('|'), state.show);
  return lookSwatch(holderLook(holder), { ...state.show, doubt: false });
}

/** What a side took less what was taken from it; ground that only became known is no gain. */
function netTaken(holder) {
  const { rows } = toldChange();
  const sum = (place) => rows.filter((row) => row[2] === 'taken' && row[place] === holder).reduce((all, row) => all + row[3], 0);
  return sum(1) - sum(0);
}

function changeCell(area) {
  const { text, mark, word } = signed(area);
  return el('td', { class: `number ${word}` }, mark ? el('span', { 'aria-hidden': 'true' }, `${mark} `) : null, ltr(text));
}

/** The middle of the maps that the evidence allows, and between what nine in ten of them lie. */
function figureOf(holder) {
  const [low, middle, high] = DATA.bands?.[state.dateAfter]?.[holder] ?? [0, 0, 0];
  if (low === high) return null;
  // Digits that the band makes meaningless would only look sure.
  const step = 10 ** Math.max(0, Math.floor(Math.log10((high - low) / 4)));
  const [from, about, to] = [low, middle, high].map((end) => numberText(Math.round(end / step) * step));
  return { about, band: el('span', { class: 'quiet band', title: t('band.means') }, ltr(`(${from}\u2013${to})`)) };
}

function legendTable() {
  const comparing = state.mode !== 'one';
  const after = store.totals(state.dateAfter);
  const loose = looseTotals(state.dateAfter);
  const before = store.totals(state.dateBefore);
  // Whoever holds nothing on either date has no row; whoever held something before has one.
  const holders = HOLDERS.filter((holder) => Math.max(after.get(holder) ?? 0, comparing ? before.get(holder) ?? 0 : 0) > NONE_SHARE);
  const rows = holders.map((holder) => {
    const area = after.get(holder) ?? 0;
    const share = area / store.total;
    const figure = figureOf(holder);
    return el('tr', null,
      el('td', null, holderSwatch(holder)),
      el('th', { scope: 'row' }, foreign(holderName(holder)),
        loose.has(holder) ? el('span', { class: 'quiet loose' }, t('of.which.loose', { area: km2(loose.get(holder)) })) : null,
        el('span', { class: 'bar', 'aria-hidden': 'true' },
          el('span', { style: { width: `${(share * 100).toFixed(2)}%`, background: has(DATA.colors, holder) ? colorOf(holder) : LOOKS.sides.nobody } }))),
      el('td', { class: 'number', 'data-km2': area.toFixed(6) }, ltr(figure?.about ?? km2(area)), figure?.band),
      el('td', { class: 'number quiet' }, ltr(percent(share))),
      comparing ? changeCell(netTaken(holder)) : null);
  });
  return el('table', { class: 'legend' },
    el('caption', null, comparing
      ? [dateText(state.after), ' ', el('span', { class: 'quiet' }, t('compared.with', { date: dateText(state.before) }))]
      : onDay(state.after)),
    el('thead', null, el('tr', null,
      el('td', null), el('th', { scope: 'col' }, t('side')),
      el('th', { scope: 'col', class: 'number' }, t('km2')), el('th', { scope: 'col', class: 'number' }, t('share')),
      comparing ? el('th', { scope: 'col', class: 'number' }, t('taken.net')) : null)),
    el('tbody', null, rows),
    el('tfoot', null, el('tr', null,
      el('td', null), el('th', { scope: 'row' }, t('study.area')),
      el('td', { class: 'number' }, ltr(km2(store.total))), el('td', null), comparing ? el('td', null) : null)));
}

/** Ground that counts for a side although it does not hold it alone: contested, or only operated in. */
const looseTotals = (date) =>
  store.sums(date, (label) => (label.controller && label.status !== 'controlled' ? label.holder : null));

function transferTable(transfers, title) {
  if (!transfers.length) return null;
  return el('table', { class: 'transfers' },
    el('caption', null, title),
    el('tbody', null, transfers.map(([from, to, area]) => el('tr', pointOut(from, to),
      el('td', null, kept(JSON.stringify([from, to]), () => swatch((ctx, patterns, w, h) => {
        for (const paint of changePaints(from, to, patterns)) {
          ctx.fillStyle = paint;
          ctx.fillRect(0, 0, w, h);
        }
      }))),
      el('th', { scope: 'row' }, el('button', {
        type: 'button', class: 'plain row', 'data-pair': JSON.stringify([from, to]), on: { click: () => goToChange(from, to) },
      }, foreign(holderName(to)), el('span', { class: 'quiet' }, ` ${t('from')} `), foreign(holderName(from)))),
      el('td', { class: 'number' }, ltr(km2(area)), ' ', el('span', { class: 'quiet' }, t('km2')))))));
}

/** Pointing at a row, or standing on it, shows its ground. */
function pointOut(from, to) {
  const set = (hot) => () => {
    if (JSON.stringify(state.hot) === JSON.stringify(hot)) return;
    state.hot = hot;
    queueMap();
  };
  const on = set({ before: state.dateBefore, after: state.dateAfter, from, to });
  return { on: { pointerenter: on, focusin: on, pointerleave: set(null), focusout: set(null) } };
}

/** Bring into view the ground that went from one to another. */
function goToChange(from, to) {
  if (!store.comparable(state.dateBefore, state.dateAfter)) return;
  const chains = changeRings(state.dateBefore, state.dateAfter).get(JSON.stringify([from, to])) ?? [];
  const points = chains.flatMap((chain) => store.positions(chain)).map(([lon, lat]) => [lat, lon]);
  if (points.length) map.fitBounds(L.latLngBounds(points), { padding: [60, 60], maxZoom: 10, animate: false });
}

/** The fronts of the date in words, for those who do not point. */
function frontTable() {
  const fronts = frontLines(state.dateAfter).map((front) => ({
    ...front, metres: front.chains.reduce((sum, chain) => sum + lineMetres(store.positions(chain)), 0),
  })).sort((a, b) => b.metres - a.metres);
  return folded(t('fronts'), fronts, (front) => {
    const longest = front.chains.map((chain) => store.positions(chain)).reduce((a, b) => (b.length > a.length ? b : a));
    return el('li', null, el('button', {
      type: 'button', class: 'plain',
      on: { click: () => openFront(front, longest[Math.floor(longest.length / 2)], state.after, { focus: true }) },
    }, foreign(actorName(front.sides[0])), ' \u2013 ', foreign(actorName(front.sides[1])),
    el('span', { class: 'quiet' }, ' ', ltr(longText(front.metres)), ` \u00b7 ${t(front.sure ? 'front.sure' : 'front.unsure')}`)));
  });
}

/** A text with names where it has ids of places. */
const withNames = (text) => text.replace(/[a-z0-9_]+/g, (word) => (PLACES.has(word) ? placeName(word) : word));

/** What those who drew the layers say of each look. */
function lookList() {
  return folded(t('looks'), DATA.assessments, (look) => el('li', null,
    isoText(look.date, { short: true }), ' ', chip(term('outcome', look.outcome)),
    look.scope ? passage('div', { class: 'quiet' }, withNames(look.scope)) : null,
    look.note ? passage('div', { class: 'note' }, look.note) : null), { kind: 'statements' });
}

/** Ground that changed hands is one thing; ground that we came to know of is another. */
function changeSection() {
  if (!store.comparable(state.dateBefore, state.dateAfter) && !parts.rested) return [el('p', { class: 'quiet' }, t('counting'))];
  const held = (holder) => has(DATA.colors, holder);
  const all = store.transfers(state.dateBefore, state.dateAfter);
  const hands = all.filter(([from, to]) => held(from) && held(to));
  const known = all.filter(([from, to]) => !(held(from) && held(to)));
  return [
    all.length ? null : el('p', null, t('no.change')),
    all.length && !store.comparable(state.dateBefore, state.dateAfter) ? el('p', { class: 'quiet' }, t('drawn.anew')) : null,
    transferTable(hands, t('changed.hands')),
    transferTable(known, t('changed.picture')),
    ledger(),
  ];
}

/** What the ledger says of the spans between the two layers. */
function ledger() {
  const rows = ledgerBetween();
  return folded(t('why'), rows, ledgerItem, { kind: 'ledger', open: rows.length <= 4 });
}

function ledgerItem(change) {
  const date = change.date
    ? [isoText(change.date, { short: true }), change.date_end && change.date_end !== change.date ? ` \u2013 ${isoText(change.date_end, { short: true })}` : '']
    : [isoText(change.from_date, { short: true }), ' \u2013 ', isoText(change.to_date, { short: true })];
  const events = new Set(splitIds(change.event_ids));
  return el('li', null,
    el('span', { class: 'quiet' }, date), ' ', chip(term('change', change.kind)), ' ',
    foreign(change.from_controller ? actorName(change.from_controller) : t('no.one.side')),
    isRtl() ? ' \u2190 ' : ' \u2192 ',
    foreign(change.to_controller ? actorName(change.to_controller) : t('no.one.side')),
    el('div', null, splitIds(change.place_ids).map((id, i) => [i ? ', ' : '', placeButton(id)])),
    change.note ? passage('div', { class: 'note' }, change.note) : null,
    folded(t('events'), DATA.events.filter((event) => events.has(event.id)), eventItem),
    folded(t('sources'), splitIds(change.source_ids), sourceLine, { kind: 'sources' }));
}

function placeButton(id) {
  const place = PLACES.get(id);
  if (!place) return foreign(id);
  return el('button', { type: 'button', class: 'plain', on: { click: () => openPlace(place) } }, foreign(placeName(id)));
}

const TEXTURES = [
  ['reported', 'plain:0'], ['inferred', 'dots:12'], ['presumed', 'dots:8'], ['claimed', 'dashes:12'],
];

/** Under which key a texture is explained: dense dots are presumed ground, others inferred. */
function keyOf(texture) {
  const [kind, step] = texture.split(':');
  if (kind === 'dots') return +step <= LOOKS.textures.steps.low ? 'presumed' : 'inferred';
  return kind === 'plain' ? 'reported' : 'claimed';
}

/** The key of certainty: always there, with every look that occurs on any date. */
const doubtKey = () => el('ul', { class: 'key' }, doubtItems(), contextItems(), corridorKey(keyItem));

function doubtItems({ fronts = true, outlines = true } = {}) {
  const side = HOLDERS.find((holder) => has(DATA.colors, holder));
  const used = (test) => store.labels.some(test);
  const item = (picture, name) => keyItem(picture, name);
  const items = [];
  for (const [basis, texture] of TEXTURES) {
    const occurs = used((label) => label.status === 'controlled' && keyOf(textureOf(label)) === basis);
    if (side && occurs) items.push(item(lookSwatch(`controlled|${side}|${texture}`, { ...state.show, doubt: true }), t(`key.${basis}`)));
  }
  for (const status of ['contested', 'mixed', 'advance']) {
    if (used((label) => label.status === status)) items.push(item(lookSwatch([status, ...largestSides()].join('|'), state.show), t(`key.${status}`)));
  }
  if (used((label) => label.status === 'none')) items.push(item(lookSwatch('none', state.show), t('key.none')));
  items.push(item(lookSwatch('unknown', state.show), t('key.unknown')));
  const line = (dash) => swatch((ctx, _, w, h) => {
    ctx.strokeStyle = INK;
    ctx.lineWidth = 2.2;
    ctx.setLineDash(dash);
    ctx.beginPath();
    ctx.moveTo(1, h / 2);
    ctx.lineTo(w - 1, h / 2);
    ctx.stroke();
  });
  if (fronts) items.push(item(line([]), t('key.front')), item(line(LOOKS.fronts.unsure), t('key.front.unsure')));
  const outline = (drawn) => swatch((ctx, _, w, h) => {
    ctx.beginPath();
    ctx.moveTo(1, h / 2);
    ctx.lineTo(w - 1, h / 2);
    strokeAll(ctx, outlineStyles({ coord_method: drawn ? 'drawn' : 'located' }));
  });
  if (outlines && SHAPES.some(({ place }) => place.coord_method === 'located')) items.push(item(outline(false), t('key.outline')));
  if (outlines && SHAPES.some(({ place }) => place.coord_method !== 'located')) items.push(item(outline(true), t('key.outline.drawn')));
  return items;
}

const { order: lineKinds } = LOOKS.lines;

/** The key of the lines by which one finds one's way. */
function contextItems(show = state.show) {
  const drawn = new Map(DATA.context.filter(({ kind }) => lineKinds.includes(kind) && show[kind === 'admin1' || kind === 'country' ? 'borders' : 'roads'])
    .map((one) => [`${one.kind}.${one.accuracy === 'schematic'}`, one]));
  const items = [...drawn.values()].map((one) => keyItem(swatch((ctx, _, w, h) => {
    tracePoints(ctx, [[1, h / 2], [w - 1, h / 2]]);
    strokeAll(ctx, lineStyles(one));
  }), t(`context.${one.kind}`) + (one.accuracy === 'schematic' ? ` (${t('schematic')})` : '')));
  items.push(keyItem(swatch((ctx, _, w, h) => {
    tracePoints(ctx, [[1, h / 2], [w - 1, h / 2]]);
    strokeAll(ctx, [[sheer(INK, LOOKS.edge.alpha), LOOKS.edge.width, LOOKS.edge.dash]]);
  }), t('context.edge')));
  return items;
}

/** The key of the events is a switch for each of their kinds. */
function eventKey() {
  const kinds = new Set(DATA.events.map((event) => eventKind(event.event_type)));
  return el('ul', { class: 'key columns toggles' }, EVENT_KINDS.filter((kind) => kind !== 'other' && kinds.has(kind)).map((kind) => el('li', null, el('label', null,
    el('input', {
      type: 'checkbox', checked: !state.hidden.has(kind),
      on: { change: (event) => { state.hidden[event.target.checked ? 'delete' : 'add'](kind); update(); } },
    }),
    swatch((ctx, _, w, h) => drawMark(ctx, kind, w / 2, h / 2, 5.8, 1)), el('span', null, t(`event.${kind}`))))),
  DATA.events.some((event) => +event.geo_precision === 3) ? el('li', { class: 'vague' },
    swatch((ctx, _, w, h) => drawVagueMark(ctx, 'battle', w / 2, h / 2, 5.8, 1)), el('span', null, t('key.vague'))) : null);
}

/** The events that the map shows now, for those who do not point: places on canvas take no focus. */
function eventList(events) {
  const sorted = [...events].sort((a, b) => (a.event_date < b.event_date ? -1 : a.event_date > b.event_date ? 1 : 0));
  return folded(t('events.listed'), sorted, eventItem);
}

function toggles() {
  const names = Object.keys(state.show);
  return el('ul', { class: 'toggles' }, names.map((name) => el('li', null, el('label', null,
    el('input', {
      type: 'checkbox', checked: state.show[name],
      on: { change: (event) => { state.show[name] = event.target.checked; update(); } },
    }), el('span', null, t(`show.${name}`))))));
}

function eventWindow() {
  return el('label', { class: 'window' }, t('events.window'), ' ',
    el('select', { on: { change: (event) => { state.window = +event.target.value; update(); } } },
      WINDOWS.map((days) => el('option', { value: days, selected: days === state.window }, t('days', { count: days })))));
}

function section(id, title, ...content) {
  return el('section', { 'aria-labelledby': id }, el('h2', { id }, title), content);
}

let parts = null;

/** What depends on the language alone is built once, so that a step of the date costs little. */
function buildPanel() {
  parts = { language, swatches: new Map(), story: el('div'), control: el('div'), fronts: el('div'), corridors: el('div'), doubt: el('div'), list: el('div', { class: 'listing' }), shown: null };
  document.getElementById('panel').replaceChildren(...[
    parts.story,
    section('h-control', t('control'), parts.control, parts.fronts, parts.corridors),
    section('h-doubt', t('how.sure'), parts.doubt),
    section('h-events', t('events'), eventKey(), eventWindow(), parts.list),
    section('h-layers', t('shown'), toggles()),
    section('h-about', t('about.map'),
      el('p', { class: 'method' }, t('method')),
      DATA.theatre.attribution ? passage('p', { class: 'quiet' }, DATA.theatre.attribution) : null,
      lookList(),
      el('div', { class: 'tools' },
        tool('png', savePng), tool('svg', saveSvg), tool('card', saveCard), tool('areas', saveAreas), tool('changes', saveChanges), tool('print', () => window.print()),
        CAN_LINK ? tool('copy', copyLink) : null, CAN_LINK ? tool('embed', openEmbed) : null, tool('about', openAbout))),
  ].filter(Boolean));
}

function drawPanel(events) {
  if (parts?.language !== language) buildPanel();
  rest();
  renew(parts.story, panelStory());
  drawControl();
  renew(parts.list, [eventList(events)].filter(Boolean));
  renew(parts.corridors, [corridorTable()].filter(Boolean));
  const shown = JSON.stringify(state.show);
  if (shown !== parts.shown) parts.doubt.replaceChildren(doubtKey());
  parts.shown = shown;
}

function drawControl() {
  renew(parts.control, [legendTable(), state.mode === 'one' ? null : changeSection()].flat().filter(Boolean));
}

/** What takes longer to count is counted once nobody steps on. */
let resting = 0;
function rest() {
  const of = [state.dateBefore, state.dateAfter].join();
  if (parts.restedOf === of) return;
  window.clearTimeout(resting);
  parts.restedOf = of;
  parts.rested = false;
  parts.fronts.replaceChildren();
  resting = window.setTimeout(() => {
    parts.rested = true;
    renew(parts.fronts, [frontTable()].filter(Boolean));
    if (state.mode !== 'one' && !store.comparable(state.dateBefore, state.dateAfter)) drawControl();
  }, 150);
}

/** Put in new content; what was open stays open, and whoever stood on a control stays there. */
function renew(box, content) {
  const title = (summary) => summary.textContent.replace(/ \(\d+\)$/, '');
  const summaries = () => [...box.querySelectorAll('details > summary')];
  const focusables = () => [...box.querySelectorAll('button, summary, a')];
  const folds = new Map(summaries().map((node) => [title(node), node.parentElement.open]));
  const focused = focusables().indexOf(document.activeElement);
  box.replaceChildren(...content);
  for (const node of summaries()) {
    const open = folds.get(title(node));
    if (open === undefined || open === node.parentElement.open) continue;
    node.parentElement.open = open;
    node.parentElement.dispatchEvent(new Event('toggle')); // The browser's own comes too late.
  }
  if (focused >= 0) focusables()[focused]?.focus({ preventScroll: true });
}

const tool = (name, action) => el('button', { type: 'button', on: { click: action } }, t(`tool.${name}`));
