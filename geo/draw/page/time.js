// The time axis: who held how much on each date, how much happened, and when nobody looked.

// Days after a layer or an assessment until which we still count the ground as looked at.
const LOOKED_DAYS = 14;
const AXIS_HEIGHT = 64;
// Two bands, one below the other: the ground by side, and the events; each has its word beside it.
const GROUND_HEIGHT = 36;
const EVENTS_TOP = 40;

let axisFirst = 0;
let axisLast = 1;
let totalsByDate = [];
let eventsByDay = new Map();
let lookDays = [];
let axisDrawn = '';
// Measured when the window changes, not at every step: to ask for it makes the browser lay out anew.
let axisWidth = 0;

function measureAxis() {
  axisWidth = document.getElementById('chart').clientWidth;
}

function prepareTime() {
  const looks = DATA.assessments.map((row) => toDay(row.date));
  axisFirst = store.days[0];
  // It ends where the data ends: some days after somebody last looked.
  axisLast = [...store.days, ...looks].reduce((a, b) => Math.max(a, b), axisFirst + 1) + LOOKED_DAYS;
  totalsByDate = store.days.map((_, date) => store.totals(date));
  for (const event of DATA.events) {
    const day = toDay(event.event_date);
    eventsByDay.set(day, (eventsByDay.get(day) ?? 0) + 1);
  }
  lookDays = [...new Set([...store.days, ...looks])].sort((a, b) => a - b);
  for (const which of ['before', 'after']) {
    const range = document.getElementById(`range-${which}`);
    range.min = axisFirst;
    range.max = axisLast;
    range.addEventListener('input', () => setDay(which, +range.value));
    range.addEventListener('pointerdown', stopPlaying);
    const pick = document.getElementById(`pick-${which}`);
    pick.addEventListener('change', () => setDay(which, +pick.value));
    range.addEventListener('keydown', (event) => {
      const step = { PageUp: 1, PageDown: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      setDay(which, nextLayer(state[which], step));
    });
  }
  byId('chart').addEventListener('click', onAxis);
  document.getElementById('step-back').addEventListener('click', () => setDay('after', nextLayer(state.after, -1)));
  document.getElementById('step-on').addEventListener('click', () => setDay('after', nextLayer(state.after, 1)));
  document.getElementById('play').addEventListener('click', () => (playing ? stopPlaying() : startPlaying()));
}

/** A click on the axis brings there the date that is nearer; a layer beside it is meant. */
function onAxis(event) {
  const box = byId('chart').getBoundingClientRect();
  const day = axisFirst + Math.round(((event.clientX - box.left) / box.width) * (axisLast - axisFirst));
  const reach = (6 * (axisLast - axisFirst)) / box.width;
  const layer = store.days.reduce((a, b) => (Math.abs(b - day) < Math.abs(a - day) ? b : a));
  const meant = Math.abs(layer - day) <= reach ? layer : day;
  const isBefore = state.mode !== 'one' && Math.abs(meant - state.before) < Math.abs(meant - state.after);
  stopPlaying();
  setDay(isBefore ? 'before' : 'after', meant);
}

/** The next day that has a layer of its own, either way. */
function nextLayer(day, step) {
  const found = step > 0 ? store.days.find((d) => d > day) : store.days.filter((d) => d < day).pop();
  return found ?? day;
}

function setDay(which, day) {
  leaveTour();
  const clamped = Math.min(axisLast, Math.max(axisFirst, day));
  state[which] = clamped;
  if (state.before > state.after) state[which === 'before' ? 'after' : 'before'] = clamped;
  update();
}

let playing = 0;
let paused = null; // The day at which play was stopped by hand: there it goes on.

/** Every layer from the first to the last; where two dates are compared, each with the one before. */
function startPlaying() {
  if (paused !== state.after || nextLayer(state.after, 1) === state.after) {
    if (state.mode !== 'one') state.before = store.days[0];
    setDay('after', store.days[state.mode === 'one' ? 0 : Math.min(1, store.days.length - 1)]);
  }
  playing = window.setInterval(() => {
    const next = nextLayer(state.after, 1);
    if (next === state.after) return stopPlaying();
    if (state.mode !== 'one') state.before = state.after;
    return setDay('after', next);
  }, 900);
  drawPlayButton();
}

function stopPlaying() {
  if (playing) paused = state.after;
  window.clearInterval(playing);
  playing = 0;
  drawPlayButton();
}

function drawPlayButton() {
  const button = document.getElementById('play');
  button.textContent = playing ? '\u275A\u275A' : '\u25B6';
  button.setAttribute('aria-label', t(playing ? 'pause' : 'play'));
  button.title = t(playing ? 'pause' : 'play');
}

function drawTime() {
  for (const which of ['before', 'after']) {
    const range = document.getElementById(`range-${which}`);
    range.value = state[which];
    range.setAttribute('aria-label', t(which === 'before' ? 'date.before' : state.mode === 'one' ? 'date.shown' : 'date.after'));
    range.setAttribute('aria-valuetext', onDay(state[which]));
    range.hidden = which === 'before' && state.mode === 'one';
  }
  document.getElementById('step-back').disabled = nextLayer(state.after, -1) === state.after;
  document.getElementById('step-on').disabled = nextLayer(state.after, 1) === state.after;
  drawPick('before');
  drawPick('after');
  document.getElementById('pick-before').parentElement.hidden = state.mode === 'one';
  document.getElementById('after-word').textContent = t(state.mode === 'one' ? 'date' : 'after');
  document.getElementById('as-of').textContent = asOfText(state.after);
  drawPlayButton();
  const drawn = [axisWidth, window.devicePixelRatio, language].join();
  if (drawn !== axisDrawn) {
    drawAxis();
    drawTicks();
  }
  axisDrawn = drawn;
}

/** Thumbs of dates near each other cover one another; a list of the layers does not. */
function drawPick(which) {
  const pick = document.getElementById(`pick-${which}`);
  const option = (day, kind) => el('option', { value: day, class: kind }, dateText(day, { short: true }));
  if (pick.dataset.language !== language) pick.replaceChildren(...store.days.map((day) => option(day)));
  pick.dataset.language = language;
  pick.querySelector('.between')?.remove();
  if (!store.days.includes(state[which])) pick.prepend(option(state[which], 'between'));
  pick.value = state[which];
}

function asOfText(day) {
  const layer = store.days[store.index(day)];
  return layer === day ? t('own.layer') : t('as.of', { date: dateText(layer) });
}

function drawAxis() {
  const canvas = document.getElementById('chart');
  const width = axisWidth;
  if (!width) return;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(AXIS_HEIGHT * ratio);
  const ctx = canvas.getContext('2d');
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  const x = (day) => ((day - axisFirst) / (axisLast - axisFirst)) * width;
  drawAreas(ctx, x, width);
  drawGaps(ctx, x, painter.patterns(ratio));
  drawBars(ctx, x);
  drawTurns(ctx, x, correctedDays(), LOOKS.axis.redrawn);
  drawTurns(ctx, x, movedDays(), INK, true);
  drawLooks(ctx, x);
}

/** Layers at which the picture was corrected: there a step is ours, not the war's. */
const correctedDays = () => ledgerDays((row) => row.kind === 'correction', 'to_date');

/** Days on which the ledger has somebody move. */
const movedDays = () => ledgerDays((row) => MOVES.has(row.kind) && row.to_controller, 'date', 'to_date');

function ledgerDays(test, ...keys) {
  const rows = DATA.changes.filter((row) => !SUPERSEDED.has(row.id) && test(row));
  const days = rows.map((row) => toDay(keys.map((key) => row[key]).find(Boolean)));
  return [...new Set(days)].filter((day) => day > axisFirst && day <= axisLast);
}

/** Marks at the upper edge: days of corrections with a line down, days of moves as a mark alone. */
function drawTurns(ctx, x, days, color, plain = false) {
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.lineWidth = 1.2;
  ctx.setLineDash([3, 2]);
  for (const day of days) {
    ctx.beginPath();
    ctx.moveTo(x(day), 6);
    if (!plain) ctx.lineTo(x(day), GROUND_HEIGHT);
    ctx.stroke();
    ctx.beginPath();
    ctx.moveTo(x(day) - 4, 0);
    ctx.lineTo(x(day) + 4, 0);
    ctx.lineTo(x(day), 7);
    ctx.fill();
  }
  ctx.setLineDash([]);
}

/** Steps, not slopes: a layer holds until the next. */
function drawAreas(ctx, x, width) {
  const height = GROUND_HEIGHT;
  store.days.forEach((day, date) => {
    const left = x(day);
    const right = date + 1 < store.days.length ? x(store.days[date + 1]) : width;
    let bottom = height;
    for (const holder of HOLDERS) {
      const part = ((totalsByDate[date].get(holder) ?? 0) / store.total) * height;
      ctx.fillStyle = has(DATA.colors, holder) ? mix(colorOf(holder), LOOKS.strength.axis) : flatOf(holder);
      ctx.fillRect(left, bottom - part, right - left + 0.5, part);
      bottom -= part;
    }
  });
}

/** Spans in which nobody looked, and what comes after the last layer, are veiled. */
function drawGaps(ctx, x, patterns) {
  const stops = [...lookDays.filter((day) => day >= axisFirst), axisLast + LOOKED_DAYS + 1];
  stops.forEach((day, i) => {
    const next = stops[i + 1];
    if (next === undefined || next - day <= LOOKED_DAYS) return;
    const from = x(day + LOOKED_DAYS);
    const to = Math.min(x(next), x(axisLast));
    if (to <= from) return;
    const { unseen } = LOOKS.axis;
    ctx.fillStyle = sheer(WHITE, unseen.white);
    ctx.fillRect(from, 0, to - from, GROUND_HEIGHT);
    ctx.fillStyle = patterns.bands([sheer(unseen.color, unseen.alpha)], unseen);
    ctx.fillRect(from, 0, to - from, GROUND_HEIGHT);
  });
}

function drawBars(ctx, x) {
  const span = axisLast - axisFirst;
  const bin = Math.max(1, Math.round(span / 120));
  const bins = new Map();
  for (const [day, count] of eventsByDay) {
    if (day < axisFirst || day > axisLast) continue;
    const start = axisFirst + Math.floor((day - axisFirst) / bin) * bin;
    bins.set(start, (bins.get(start) ?? 0) + count);
  }
  const most = Math.max(1, ...bins.values());
  ctx.fillStyle = sheer(...LOOKS.axis.bars);
  for (const [day, count] of bins) {
    const height = Math.max(2, (count / most) * (AXIS_HEIGHT - 8 - EVENTS_TOP));
    ctx.fillRect(x(day) - 0.5, AXIS_HEIGHT - 8 - height, Math.max(1.5, x(day + bin) - x(day) - 1), height);
  }
}

/** Full marks are layers, hollow ones are days on which somebody looked without drawing anew. */
function drawLooks(ctx, x) {
  const own = new Set(store.days);
  for (const day of lookDays) {
    if (day < axisFirst) continue;
    ctx.beginPath();
    ctx.arc(Math.min(x(axisLast) - 3, Math.max(3, x(day))), AXIS_HEIGHT - 3.5, 2.6, 0, 7);
    ctx.fillStyle = own.has(day) ? INK : WHITE;
    ctx.strokeStyle = INK;
    ctx.lineWidth = 1;
    ctx.fill();
    ctx.stroke();
  }
}

/** Month names under the axis, as many as there is room for. */
function drawTicks() {
  const box = document.getElementById('ticks');
  const width = axisWidth;
  const ticks = [];
  const start = toDate(axisFirst);
  let lastX = -Infinity;
  for (let month = 0; month < 1200; month++) {
    const day = Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + month, 1) / 864e5;
    if (day > axisLast) break;
    const at = (Math.max(day, axisFirst) - axisFirst) / (axisLast - axisFirst);
    if (day < axisFirst && at !== 0) continue;
    if (at * width - lastX < 64 || at * width > width - 24) continue;
    lastX = at * width;
    const date = toDate(Math.max(day, axisFirst));
    const name = ways().months.short[date.getUTCMonth()];
    const text = ticks.length === 0 || date.getUTCMonth() === 0 ? `${name} ${date.getUTCFullYear()}` : name;
    ticks.push(el('span', { style: { left: `${(at * 100).toFixed(2)}%` } }, text));
  }
  box.replaceChildren(...ticks);
}
