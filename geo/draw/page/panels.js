// Two panels of one map: the second pane is drawn beside the map's own box, or below it, so that
// both move as one and no second map has to follow. What happens there is taken back to the first.

const PANEL_GAP = 6;

/** Whether the two panels stand one above the other: on a phone. */
const stacked = () => window.matchMedia('(max-width: 600px)').matches;

/** How far the second panel lies from the first, in pixels. */
function panelShift() {
  const { x, y } = map.getSize();
  return stacked() ? [0, y + PANEL_GAP] : [x + PANEL_GAP, 0];
}

/** Whether a pointer is on the second panel. */
function onSecond({ clientX, clientY }) {
  if (state.mode !== 'story') return false;
  const box = map.getContainer().getBoundingClientRect();
  return stacked() ? clientY > box.bottom : clientX > box.right;
}

function preparePanels() {
  const pointOf = map.mouseEventToContainerPoint;
  map.mouseEventToContainerPoint = (event) => {
    const point = pointOf.call(map, event);
    return onSecond(event) ? point.subtract(panelShift()) : point;
  };
  byId('explore').addEventListener('click', () => { setMode('swipe'); byId('mode-swipe').focus(); });
}

/** The side of the comparison that a pointer is on: 0 or 1. */
function sideUnder(event, point) {
  if (state.mode === 'story') return onSecond(event) ? 1 : 0;
  return state.mode === 'swipe' && point.x > map.getSize().x * state.split ? 1 : 0;
}

/** The map's box has another size in each view and window: its middle and its scale stay. */
function fitBox() {
  const { clientWidth, clientHeight } = map.getContainer();
  const { x, y } = map.getSize();
  if (x === clientWidth && y === clientHeight) return false;
  const [centre, zoom] = [map.getCenter(), map.getZoom()];
  map.invalidateSize({ pan: false, animate: false });
  map.setView(centre, zoom, { animate: false });
  return true;
}

/** Where the page scrolls below the map, one finger scrolls it and two move the map. */
function prepareTouch() {
  const scrolls = window.matchMedia('(max-width: 800px)');
  const coarse = window.matchMedia('(pointer: coarse)');
  const choose = () => map.dragging[scrolls.matches && coarse.matches && !fullElement() ? 'disable' : 'enable']();
  for (const query of [scrolls, coarse]) query.addEventListener('change', choose);
  document.addEventListener('fullscreenchange', choose);
  choose();
  let hint = 0;
  map.getContainer().addEventListener('touchmove', (event) => {
    if (map.dragging.enabled() || event.touches.length > 1) return;
    byId('touch-hint').hidden = false;
    window.clearTimeout(hint);
    hint = window.setTimeout(() => { byId('touch-hint').hidden = true; }, 1200);
  }, { passive: true });
}
