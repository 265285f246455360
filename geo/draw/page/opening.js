// Opening: where a card or a dialog stands, and what a click or a link opens.

/** Show a card beside the map, or from the lower edge where there is no room: it never moves the map. */
function openCard(lonlat, maker, { focus = false, radius = 0, what = null, chains = null, corridor = null, second = true } = {}) {
  closeCard();
  state.selected = { lonlat, radius, what, chains, corridor };
  const [drawer, body] = [byId('drawer'), byId('drawer-body')];
  // In the opening there is no panel to lie on: the card lies on the panel that was not asked.
  drawer.dataset.side = state.mode === 'story' && second ? 'left' : 'end';
  drawer.hidden = false;
  placeDrawer();
  card = { body, renew: () => body.replaceChildren(maker()), close: () => { drawer.hidden = true; } };
  card.renew();
  body.scrollTop = 0;
  if (focus) body.focus({ preventScroll: true });
  queueMap();
  writeLink();
}

/** As high as the map in the opening, as the side panel elsewhere; a sheet on a phone. */
function placeDrawer() {
  const { style } = byId('drawer');
  const { top, bottom } = byId(state.mode === 'story' ? 'stage' : 'panel').getBoundingClientRect();
  style.setProperty('--top', `${top}px`);
  style.setProperty('--bottom', `${Math.max(0, window.innerHeight - bottom)}px`);
}

function closeCard() {
  const open = card;
  card = null;
  state.selected = null;
  open?.close();
  queueMap();
  if (open) writeLink();
}

function goTo(lonlat) {
  const zoom = Math.max(map.getZoom(), 9);
  map.setView([lonlat[1], lonlat[0]], zoom, { animate: false });
}

const cardDay = () => (state.mode === 'swipe' && state.split > 0.98 ? state.before : state.after);

function openPlace(place, { move = true } = {}) {
  if (!place.lonlat) return openDialog(nameOf(place, place.id), placeCard(place, cardDay()));
  if (move) goTo(place.lonlat);
  return openCard(place.lonlat, () => placeCard(place, cardDay()), { focus: move, radius: place.geo_radius_m ?? 0, what: `p:${place.id}` });
}

function openEvent(event) {
  if (!event.lonlat) return openDialog(eventTitle(event), eventsCard([event]));
  goTo(event.lonlat);
  return openCard(event.lonlat, () => eventsCard([event]), { focus: true, radius: event.geo_radius_m ?? 0, what: `e:${event.id}` });
}

const openGround = (lon, lat, day) => openCard([lon, lat], () => groundCard(lon, lat, day ?? cardDay()), { what: `g:${lon.toFixed(5)},${lat.toFixed(5)}` });

function openFront(front, lonlat, day, { focus = false } = {}) {
  return openCard(lonlat, () => frontCard(front, day), { focus, chains: front.chains, what: `f:${lonlat.map((v) => v.toFixed(5)).join()}` });
}

/** The stretch of front within some pixels of a point of the screen. */
function frontNear(point, date, reach = 7) {
  let best = null;
  for (const front of frontLines(date)) {
    for (const chain of front.chains) {
      const spots = store.positions(chain).map(([lon, lat]) => map.latLngToContainerPoint([lat, lon]));
      for (let i = 1; i < spots.length; i++) {
        const away = L.LineUtil.pointToSegmentDistance(point, spots[i - 1], spots[i]);
        if (away <= reach && away < (best?.away ?? Infinity)) best = { away, front: { ...front, chains: [chain] } };
      }
    }
  }
  return best?.front;
}

/** Open again what a link speaks of. */
function openWhat(what) {
  const [kind, rest] = [what.slice(0, 1), what.slice(2)];
  if (kind === 'p' && PLACES.has(rest)) return openPlace(PLACES.get(rest), { move: false });
  if (kind === 'e') {
    const event = DATA.events.find((one) => one.id === rest && one.lonlat);
    return event && openCard(event.lonlat, () => eventsCard([event]), { radius: event.geo_radius_m ?? 0, what });
  }
  const [lon, lat] = rest.split(',').map(Number);
  if (!(Math.abs(lon) <= 540 && Math.abs(lat) <= 85)) return null;
  if (kind === 'g') return openGround(lon, lat);
  if (kind === 'c' && changeAt({ lng: lon, lat })) return openCard([lon, lat], () => changeCard({ lng: lon, lat }), { what });
  const neck = kind === 'k' && state.show.corridors && corridorNear(map.latLngToContainerPoint([lat, lon]), state.dateAfter);
  if (neck) return openCorridor(neck);
  const front = kind === 'f' && frontNear(map.latLngToContainerPoint([lat, lon]), state.dateAfter);
  return front ? openFront(front, [lon, lat], state.after) : null;
}

function openActor(actor) {
  const notes = [actor.kind, actor.side && actor.side !== actor.id ? actorName(actor.side) : null].filter(Boolean).join(' · ');
  openDialog(nameOf(actor, actor.id), el('div', { class: 'card' },
    el('p', { class: 'quiet' }, sideDot(sideOf(actor.id)), foreign(notes)),
    el('dl', null, row(t('also'), actor.alternatenames ? foreign(listed(splitIds(actor.alternatenames))) : '')),
    actor.notes ? passage('p', null, actor.notes) : null));
}

function openDialog(title, ...content) {
  const dialog = byId('dialog');
  byId('dialog-title').replaceChildren(foreign(title));
  byId('dialog-body').replaceChildren(...content);
  if (!dialog.open) dialog.showModal();
  byId('dialog-title').focus();
}

function openAbout() {
  const theatre = DATA.theatre;
  const licence = el('details', null, el('summary', null, t('about.licence')), el('pre', { dir: 'ltr' }, byId('licence').textContent));
  openDialog(t('tool.about'), el('div', { class: 'card' },
    el('p', null, t('method')), el('p', null, t('about.time')), el('p', null, t('about.numbers')), DATA.bands ? el('p', null, t('band.means')) : null,
    theatre.note ? passage('p', null, theatre.note) : null,
    theatre.attribution ? passage('p', null, theatre.attribution) : null,
    el('p', { class: 'quiet' }, t('about.made', { version: DATA.version, layers: store.days.length, events: DATA.events.length, sources: Object.keys(DATA.sources).length })),
    licence));
}

/** Open what lies under a point of the map. */
function clickAt(point, latlng, event) {
  if (state.measure) return addMeasure(latlng);
  const second = shown.length > 1 && sideUnder(event ?? { clientX: -1, clientY: -1 }, point);
  const found = whatAt(point, latlng, second);
  const { day, place } = found;
  const here = [latlng.lng, latlng.lat];
  const spot = here.map((v) => v.toFixed(5)).join();
  hideTip();
  if (found.kind === 'events') {
    const { events, lonlat } = found.dot;
    const radius = Math.max(...events.map((one) => one.geo_radius_m ?? 0));
    return openCard(lonlat, () => eventsCard(events), { radius, what: `e:${events[0].id}`, second });
  }
  if (found.kind === 'changed') return openCard(here, () => changeCard(latlng), { what: `c:${spot}`, second });
  if (found.kind === 'neck') return openCorridor(found.neck);
  if (found.kind === 'front') return openFront(found.front, here, day);
  if (place) return openCard(found.kind === 'shape' ? here : place.lonlat, () => placeCard(place, day), { radius: place.geo_radius_m ?? 0, what: `p:${place.id}`, second });
  return openGround(...here, day);
}
