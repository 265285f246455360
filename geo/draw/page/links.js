// Links: the view is in the address, so that it can be sent.

function linkText() {
  const centre = map.getCenter();
  const shown = Object.keys(state.show).filter((name) => state.show[name]).join('.');
  const parts = {
    d: toIso(state.after), c: toIso(state.before), m: state.mode, x: state.split.toFixed(4),
    v: `${map.getZoom()}/${centre.lat.toFixed(6)}/${centre.lng.toFixed(6)}`, w: state.window, l: shown, lang: language,
  };
  if (state.hidden.size) parts.h = [...state.hidden].sort().join('.');
  if (state.measure) parts.r = state.measure.map((point) => point.join()).join(';');
  if (state.selected?.what) parts.s = encodeURIComponent(state.selected.what);
  if (!state.keys) parts.q = 0;
  if (state.embedded) parts.e = 1;
  if (stopAt !== null) parts.t = TOUR[stopAt].stop;
  return `#${Object.entries(parts).map(([key, value]) => `${key}=${value}`).join('&')}`;
}

let linkTimer = 0;
function writeLink() {
  if (!CAN_LINK || !store) return;
  window.clearTimeout(linkTimer);
  linkTimer = window.setTimeout(() => window.history.replaceState(null, '', linkText()), 200);
}

function readLink() {
  if (!CAN_LINK || window.location.hash.length < 2) return null;
  const given = new URLSearchParams(window.location.hash.slice(1));
  const day = (text) => (/^\d{4}-\d\d-\d\d$/.test(text ?? '') ? Math.min(axisLast, Math.max(axisFirst, toDay(text))) : null);
  state.after = day(given.get('d')) ?? state.after;
  state.before = Math.min(day(given.get('c')) ?? state.before, state.after);
  if (MODES.includes(given.get('m'))) state.mode = given.get('m');
  if (given.has('x') && given.get('x') >= 0 && given.get('x') <= 1) [state.split, state.splitGiven] = [roundSplit(+given.get('x')), true];
  if (WINDOWS.includes(+given.get('w'))) state.window = +given.get('w');
  if (given.has('l')) {
    const shown = given.get('l').split('.');
    for (const name of Object.keys(state.show)) state.show[name] = shown.includes(name);
  }
  if (has(WORDS, given.get('lang'))) language = given.get('lang');
  state.hidden = new Set((given.get('h') ?? '').split('.').filter((kind) => EVENT_KINDS.includes(kind)));
  if (given.has('r')) {
    const points = given.get('r').split(';').map((pair) => pair.split(',').map(Number));
    state.measure = points.filter((p) => p.length === 2 && Math.abs(p[0]) <= 540 && Math.abs(p[1]) <= 85).slice(0, 500);
  }
  state.embedded = given.get('e') === '1';
  if (state.embedded) state.mode = 'story';
  state.keys = !state.embedded && given.get('q') !== '0';
  state.linked = given.get('s');
  state.linkedStop = +(given.get('t') ?? 0);
  const view = (given.get('v') ?? '').split('/').map(Number);
  return view.length === 3 && view.every(Number.isFinite) && Math.abs(view[1]) <= 90 ? view : null;
}

async function copyLink() {
  window.history.replaceState(null, '', linkText());
  try {
    await navigator.clipboard.writeText(window.location.href);
    say(t('copied'));
  } catch {
    say(t('copy.failed'));
  }
}
