// What a click says: the ground, a place, an event - each with who said so.

function sourceLine(id) {
  const source = has(DATA.sources, id) ? DATA.sources[id] : null;
  if (!source) return el('li', null, foreign(id));
  const title = source.title || source.publisher;
  const details = [source.title ? source.publisher : null, isoText(source.published, { short: true })].filter(Boolean);
  return el('li', null,
    source.url ? link(source.url, title) : foreign(title),
    details.length ? [' (', foreign(listed(details)), ')'] : null,
    source.grade ? [' ', el('span', { class: 'grade', title: t('grade') }, source.grade)] : null,
    source.leaning ? el('span', { class: 'leaning' }, ' ', t('leans', { side: actorName(source.leaning) })) : null,
    source.archived_url ? [' ', link(source.archived_url, t('archived'))] : null);
}

function sourceList(ids) {
  return ids.length ? el('ul', { class: 'sources' }, ids.map(sourceLine)) : null;
}

const chip = (text, kind) => el('span', { class: kind ? `chip ${kind}` : 'chip' }, text);

const sideDot = (side) => el('span', { class: 'dot', style: { background: has(DATA.colors, side) ? colorOf(side) : LOOKS.sides.nobody } });

const fullName = (actor) => {
  const side = sideOf(actor);
  return side === actor ? actorName(actor) : `${actorName(actor)} (${actorName(side)})`;
};

/** Who holds ground, in words; to operate somewhere is not to hold it. */
function holderText(label) {
  if (label.controller && label.status === 'controlled') return fullName(label.controller);
  if (label.controller && !label.controllers.length) return `${term('status', label.status)}: ${fullName(label.controller)}`;
  if (label.controllers.length) {
    return `${term('status', label.status)}: ${listed(label.controllers.map(actorName))}`;
  }
  return term('status', label.status);
}

const heldText = (label) =>
  label.status === 'controlled' ? t('held.by', { name: holderText(label) }) : sentence(holderText(label));

const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const doubtChips = (label) => [
  label.controller || label.controllers.length ? chip(term('status', label.status)) : null,
  label.basis ? chip(term('basis', label.basis)) : null,
  label.confidence ? chip(t('confidence.of', { level: term('confidence', label.confidence) }), label.confidence) : null,
];

const sameLook = (a, b) =>
  a.controller === b.controller && a.status === b.status && a.controllers.join() === b.controllers.join();

/** The whole record of a position: who held it, layer by layer. */
function historyList(lon, lat) {
  const runs = store.runs(lon, lat, sameLook);
  return el('ol', { class: 'history' }, runs.map(([first, last, label], i) => {
    const from = dateText(store.days[first], { short: true });
    const open = i === runs.length - 1;
    const to = open
      ? t('as.of', { date: dateText(store.days[store.days.length - 1], { short: true }) })
      : t('until', { date: dateText(store.days[last + 1], { short: true }) });
    return el('li', null, sideDot(label.holder), el('span', null, foreign(holderText(label)), ' ',
      el('span', { class: 'quiet' }, `${t('since.layer', { date: from })}, ${to}`)));
  }));
}

function statementItem(statement) {
  const who = statement.controller ? actorName(statement.controller)
    : listed(splitIds(statement.controllers).map(actorName)) || term('status', statement.status);
  return el('li', null,
    el('span', { class: 'quiet' }, isoText(statement.date, { short: true }),
      statement.date_precision && statement.date_precision !== 'day' ? ` (${term('precision', statement.date_precision)})` : ''),
    ' ', foreign(placeName(statement.place_id)), ': ',
    el('strong', null, foreign(who)),
    extentText(statement) ? [', ', foreign(extentText(statement))] : null,
    statement.status && statement.status !== 'controlled' ? `, ${term('status', statement.status)}` : null,
    ' ', chip(term('basis', statement.basis)), statement.confidence ? [' ', chip(t('confidence.of', { level: term('confidence', statement.confidence) }), statement.confidence)] : null,
    statement.note ? passage('div', { class: 'note' }, statement.note) : null,
    sourceList(splitIds(statement.source_ids)));
}

function statementSection(statements, title) {
  return folded(title, statements, statementItem, { kind: 'statements', open: statements.length <= 3 });
}

const statementsById = (ids) => ids.filter((id) => has(DATA.statements, id)).map((id) => DATA.statements[id]);

/** Ground at a position on a day: holder, how sure, since when, before whom, and why. */
function groundCard(lon, lat, day) {
  const date = store.index(day);
  const face = date < 0 ? -1 : store.faceAt(lon, lat, date);
  if (face < 0) {
    return el('div', { class: 'card' }, el('h2', null, t('outside')), el('p', null, t('outside.text')));
  }
  const label = store.label(face, date);
  return el('div', { class: 'card' },
    el('h2', null, sideDot(label.holder), foreign(heldText(label))),
    el('p', { class: 'quiet' }, onDay(day)),
    el('p', null, doubtChips(label)),
    groundWhy(label, date),
    el('h3', null, t('history')),
    historyList(lon, lat));
}

/** A stretch of front: between whom, how sure, how long. */
function frontCard({ sides, sure, chains }, day) {
  const metres = chains.reduce((sum, chain) => sum + lineMetres(store.positions(chain)), 0);
  return el('div', { class: 'card' },
    el('h2', null, t('front.card')),
    el('p', null, sideDot(sides[0]), foreign(actorName(sides[0])), ' \u2013 ', sideDot(sides[1]), foreign(actorName(sides[1]))),
    el('p', { class: 'quiet' }, onDay(day)),
    el('dl', null, row(t('length'), ltr(longText(metres))), row(t('how.sure'), t(sure ? 'front.sure' : 'front.unsure'))),
    el('p', { class: 'quiet' }, t('front.weaker')));
}

function groundWhy(label, date) {
  const days = DATA.patches.days[date] ?? {};
  const reason = has(days, label.patch) ? DATA.patches.reasons[days[label.patch]] : [];
  const [statementIds, sourceIds, note] = reason;
  const statements = statementsById(splitIds(statementIds))
    .sort((a, b) => (a.date < b.date ? 1 : a.date > b.date ? -1 : 0));
  const cited = new Set(statements.flatMap((s) => splitIds(s.source_ids)));
  return [
    note ? passage('p', { class: 'note' }, note) : null,
    statementSection(statements, t('statements')),
    sourceList(splitIds(sourceIds).filter((id) => !cited.has(id))),
    !statements.length && !sourceIds ? el('p', { class: 'quiet' }, t('no.statements')) : null,
  ];
}

/** "on 2 August 2017", and which layer answers for it if not that day's own. */
function onDay(day) {
  const layer = store.days[store.index(day)];
  return layer === day || layer === undefined ? dateText(day) : `${dateText(day)} (${t('as.of', { date: dateText(layer) })})`;
}

function accuracyText(place) {
  if (!place.lonlat) return t('never.located');
  const radius = place.geo_radius_m ? t('within', { distance: distanceText(place.geo_radius_m) }) : '';
  if (place.lines) return shapeText(place);
  return listed([term('coord', place.coord_method), radius].filter(Boolean));
}

function row(name, ...value) {
  return value.some((v) => v != null && v !== '') ? [el('dt', null, name), el('dd', null, ...value)] : null;
}

function placeCard(place, day) {
  const other = otherName(place);
  const statements = Object.values(DATA.statements).filter((s) => s.place_id === place.id)
    .sort((a, b) => (a.date < b.date ? 1 : a.date > b.date ? -1 : 0));
  const events = DATA.events.filter((event) => event.place_id === place.id);
  const date = store.index(day);
  const face = place.lonlat && date >= 0 ? store.faceAt(...place.lonlat, date) : -1;
  const label = face >= 0 ? store.label(face, date) : null;
  return el('div', { class: 'card' },
    el('h2', null, foreign(nameOf(place, place.id)), other && other !== nameOf(place) ? el('span', { class: 'other' }, foreign(other)) : null),
    el('p', { class: 'quiet' }, [term('kind', place.kind), place.admin1].filter(Boolean).map((x, i) => [i ? ' · ' : '', foreign(x)])),
    place.lines ? el('p', { class: 'quiet' }, t(place.is_area ? 'shape.area' : 'shape.line')) : null,
    label ? el('p', null, sideDot(label.holder), foreign(heldText(label)),
      el('span', { class: 'quiet' }, ` ${onDay(day)}`)) : null,
    label ? el('p', null, doubtChips(label)) : null,
    face >= 0 ? [el('h3', null, t('history')), historyList(...place.lonlat)] : null,
    el('dl', null,
      row(t('position'), foreign(accuracyText(place))),
      row(t('position.source'), place.coord_source ? foreign(place.coord_source) : ''),
      row(t('also'), place.alternatenames ? foreign(listed(splitIds(place.alternatenames))) : '')),
    place.note ? passage('p', { class: 'note' }, place.note) : null,
    statementSection(statements, t('statements.place')),
    folded(t('events'), events, eventItem),
    sourceList(splitIds(place.source_ids)));
}

/** "Other" says nothing: then the kind of event does. */
const eventTitle = (event) => (event.sub_event_type === 'Other' ? '' : term('sub', event.sub_event_type)) || term('type', event.event_type);

function eventDates(event) {
  const range = event.end_date && event.end_date !== event.event_date
    ? `${isoText(event.event_date, { short: true })} \u2013 ${isoText(event.end_date, { short: true })}`
    : isoText(event.event_date, { short: true });
  return event.time_precision > 1 ? `${range} (${term('precision', event.time_precision === 2 ? 'week' : 'month')})` : range;
}

const partyText = (lead, others) => listed([lead, ...splitIds(others)].filter(Boolean).map(actorName));

function eventBody(event) {
  const kind = eventKind(event.event_type);
  const place = event.place_id ? placeName(event.place_id) : '';
  const where = place && event.location && event.location !== place && ways().names[0] === ''
    ? `${place} (${event.location})` : place || event.location || t('no.place');
  const radius = event.geo_radius_m != null ? t('within', { distance: distanceText(event.geo_radius_m) }) : '';
  const exact = event.geo_precision ? term('geo', String(event.geo_precision)) : '';
  return el('section', null,
    el('h2', null, eventTitle(event)),
    el('p', { class: 'quiet' }, chip(t(`event.${kind}`)), ' ', eventDates(event), ' · ', foreign(where)),
    event.notes ? passage('p', null, event.notes) : null,
    el('dl', null,
      row(t('actor'), foreign(partyText(event.actor1, event.assoc_actor_1))),
      row(t('against'), event.actor2 ? foreign(partyText(event.actor2, event.assoc_actor_2)) : ''),
      row(t('position'), event.lonlat ? foreign(listed([exact, radius].filter(Boolean))) : t('not.located')),
      row(t('dead'), event.fatalities != null ? ltr(String(event.fatalities)) : ''),
      row(t('confidence'), event.confidence ? chip(term('confidence', event.confidence), event.confidence) : '')),
    sourceList(splitIds(event.source_ids)));
}

/** What decided first: where ground changed hands, then the newest. */
const decisive = (events) => [...events].sort((a, b) => TRANSFERS.has(b.sub_event_type) - TRANSFERS.has(a.sub_event_type)
  || (a.event_date < b.event_date ? 1 : a.event_date > b.event_date ? -1 : 0));

const eventsCard = (events) => el('div', { class: 'card events' },
  events.length > 1 ? el('p', { class: 'quiet' }, t('events.here', { count: events.length })) : null, decisive(events).map(eventBody));

const eventItem = (event) => el('li', null, eventButton(event));

/** A line of a list that opens the event on the map. */
function eventButton(event) {
  const place = event.place_id ? placeName(event.place_id) : event.location;
  return el('button', { type: 'button', class: 'plain', on: { click: () => openEvent(event) } },
    el('span', { class: 'quiet' }, isoText(event.event_date, { short: true })), ' ',
    eventTitle(event), place ? [' · ', foreign(place)] : null);
}
