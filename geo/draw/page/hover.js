// What lies under a point of the map, and what pointing at it says: that one can click, and what is there.

let pointing = 0;
let shown = []; // The scenes as they were drawn last.

/** An event, a neck, a place, a front, an outline or the ground at a point of one of the two dates. */
function whatAt(point, latlng, second) {
  const all = shown.length ? shown : scenes();
  const scene = all[second ? 1 : 0] ?? all[0];
  const day = all.length > 1 && !second ? state.before : state.after;
  const near = (items, reach) => {
    let best = null;
    for (const item of items) {
      if (!item.lonlat) continue;
      const away = map.latLngToContainerPoint([item.lonlat[1], item.lonlat[0]]).distanceTo(point);
      if (away <= reach && away < (best?.away ?? Infinity)) best = { item, away };
    }
    return best?.item;
  };
  const dot = scene.show.events && near(scene.dots, 14);
  if (dot) return { kind: 'events', dot, day };
  const limit = scene.story ? LOOKS.places.major : map.getZoom() < 8.4 ? 2 : 4;
  const place = scene.show.places && near(DATA.places.filter((p) => !p.lines && (scene.keyPlaces.has(p.id) || placeRank(p.kind) <= limit)), 10);
  const pair = scene.story ? changeAt(latlng) : null;
  if (pair && !place) return { kind: 'changed', pair, day };
  const neck = scene.show.corridors && corridorNear(point, Math.max(0, store.index(day)));
  if (neck) return { kind: 'neck', neck, day };
  if (place) return { kind: 'place', place, day };
  const front = scene.show.fronts && frontNear(point, Math.max(0, store.index(day)));
  if (front) return { kind: 'front', front, day };
  const shape = !scene.story && shapeNear(latlng);
  return shape ? { kind: 'shape', place: shape, day } : { kind: 'ground', day };
}

/** Who holds a position, and of which class that is. */
function holderLine({ lng, lat }, day) {
  const date = store.index(day);
  const face = date < 0 ? -1 : store.faceAt(lng, lat, date);
  if (face < 0) return t('outside');
  const label = store.label(face, date);
  const name = holderName(label.controller ? sideOf(label.controller) : label.holder);
  if (label.status !== 'controlled') return label.controller ? holderText(label) : name;
  return listed([name, t(`class.${keyOf(textureOf(label))}`)]);
}

/** What is said of what lies under the pointer: a title, and a line below. */
function tipText(found, latlng) {
  const { kind, day } = found;
  if (kind === 'events') {
    const { events } = found.dot;
    const first = decisive(events)[0];
    return [eventTitle(first), listed([isoText(first.event_date, { short: true }), ...(events.length > 1 ? [t('and.events', { count: events.length - 1 })] : [])])];
  }
  if (kind === 'changed') return [t('tip.changed', { to: holderName(found.pair[1]), from: holderName(found.pair[0]) }), t('tip.why')];
  if (kind === 'neck') return [`${t('corridor.card')} ${longText(found.neck.km * 1000)}`, listed(found.neck.sides.map(actorName))];
  if (kind === 'place') return [nameOf(found.place, found.place.id), holderLine({ lng: found.place.lonlat[0], lat: found.place.lonlat[1] }, day)];
  if (kind === 'front') return [t('front.card'), t(found.front.sure ? 'front.sure' : 'front.unsure')];
  if (kind === 'shape') return [nameOf(found.place, found.place.id), shapeText(found.place)];
  return [holderLine(latlng, day), ''];
}

function hideTip() {
  window.cancelAnimationFrame(pointing);
  byId('tip').hidden = true;
  byId('tip').className = '';
}

/** Beside the pointer, on the side where there is room; never in its way. */
function showTip(event, found, latlng) {
  const tip = byId('tip');
  const [title, line] = tipText(found, latlng);
  tip.dir = ways().direction;
  tip.className = found.kind === 'shape' ? 'shape-tip' : '';
  tip.replaceChildren(el('strong', null, foreign(title)), ...(line ? [el('div', { class: 'quiet' }, foreign(line))] : []));
  tip.hidden = false;
  const stage = byId('stage').getBoundingClientRect();
  const [x, y] = [event.clientX - stage.left, event.clientY - stage.top];
  const left = x + 16 + tip.offsetWidth > stage.width ? x - 12 - tip.offsetWidth : x + 16;
  const top = y + 18 + tip.offsetHeight > stage.height ? y - 12 - tip.offsetHeight : y + 18;
  tip.style.setProperty('transform', `translate(${Math.max(2, left).toFixed(0)}px, ${Math.max(2, top).toFixed(0)}px)`);
}

function onPoint({ containerPoint, latlng, originalEvent }) {
  if (originalEvent.pointerType === 'touch' || state.measure || map.dragging.moving?.()) return hideTip();
  window.cancelAnimationFrame(pointing);
  pointing = window.requestAnimationFrame(() => {
    const found = whatAt(containerPoint, latlng, shown.length > 1 && sideUnder(originalEvent, containerPoint));
    map.getContainer().style.cursor = 'pointer';
    showTip(originalEvent, found, latlng);
    pointAtNeck(found.neck ?? null);
  });
  return null;
}

function pointAtNeck(neck) {
  if (neck === state.near) return;
  state.near = neck;
  queueMap();
}

function prepareHover() {
  map.on('mousemove', onPoint);
  map.on('movestart zoomstart mousedown', hideTip);
  byId('stage').addEventListener('pointerleave', hideTip);
  byId('divider').addEventListener('pointerenter', hideTip);
}
