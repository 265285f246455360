// The page taught in one screen, and its keys.

const KEYS = [
  ['/', 'keys.search'], ['1 2 3 4', 'keys.modes'], ['[ ]', 'keys.step'], ['p', 'keys.play'], ['t', 'keys.tour'], ['h', 'home'], ['m', 'keys.measure'],
  ['f', 'keys.full'], ['l', 'keys.language'], ['?', 'keys.help'], ['Enter', 'keys.enter'],
  ['\u2190 \u2191 \u2192 \u2193', 'keys.arrows'], ['Page Up, Page Down', 'keys.page'], ['Esc', 'keys.escape'],
];

const LESSONS = ['read', 'compare', 'time', 'ask', 'doubt', 'take'];

function openHelp() {
  openDialog(t('help'), el('div', { class: 'help' },
    el('ol', { class: 'lessons' }, LESSONS.map((name) => el('li', null,
      el('strong', null, t(`help.${name}`)), ' ', t(`help.${name}.text`)))),
    el('div', null,
      el('table', null, el('caption', null, t('keys')), el('tbody', null, KEYS.map(([key, word]) => el('tr', null,
        el('th', { scope: 'row' }, key.split(' ').length > 1 && key.length > 7 ? el('kbd', { dir: 'ltr' }, key)
          : key.split(' ').map((one, i) => [i ? ' ' : null, el('kbd', { dir: 'ltr' }, one)])),
        el('td', null, t(word)))))),
      el('label', { class: 'keys-off' },
        el('input', { type: 'checkbox', checked: state.keys, on: { change: (event) => { state.keys = event.target.checked; writeLink(); } } }),
        el('span', null, t('keys.on'))))));
}

const SHORTCUTS = {
  '?': openHelp,
  '/': () => byId('search').focus(),
  1: () => setMode('story'),
  2: () => setMode('swipe'),
  3: () => setMode('one'),
  4: () => setMode('change'),
  '[': () => setDay('after', nextLayer(state.after, -1)),
  ']': () => setDay('after', nextLayer(state.after, 1)),
  p: () => byId('play').click(),
  t: () => (TOUR.length ? (stopAt === null ? startTour() : showStop(stopAt + 1)) : null),
  h: () => goHome(),
  m: () => toggleMeasure(),
  f: () => toggleFull(),
  l: () => setLanguage(),
};

/** Keys of one letter are no trap: not while one types, not with a modifier, and they can be turned off. */
function onShortcut(event) {
  const typing = event.target.matches?.('input:not([type="checkbox"], [type="range"]), select, textarea');
  if (!state.keys || event.ctrlKey || event.metaKey || event.altKey || typing || byId('dialog').open) return;
  if (!has(SHORTCUTS, event.key)) return;
  event.preventDefault();
  SHORTCUTS[event.key]();
}

const fullElement = () => document.fullscreenElement;

function toggleFull() {
  if (!document.fullscreenEnabled) return;
  if (fullElement()) document.exitFullscreen();
  else document.documentElement.requestFullscreen();
}

function prepareHelp() {
  byId('help').addEventListener('click', openHelp);
  byId('full').hidden = !document.fullscreenEnabled;
  byId('full').addEventListener('click', toggleFull);
  document.addEventListener('fullscreenchange', () => byId('full').setAttribute('aria-pressed', String(Boolean(fullElement()))));
  document.addEventListener('keydown', onShortcut);
}
