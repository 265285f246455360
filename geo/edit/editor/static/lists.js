// The lists that a box for an id offers: places, events, rows, sources, actors, statements.

import { idOf } from './work.js';

/* global DATA, el, language, nameOf, placeName */

/** Fill each list, unless what it is made from is still the same. */
export function fillLists(app) {
  const { work } = app;
  const fill = (name, options, key) => {
    const list = document.getElementById(`known-${name}`);
    if (list.made === key && list.spoken === language) return;
    Object.assign(list, { made: key, spoken: language });
    list.replaceChildren(...options().map(([value, label]) => el('option', { value, label })));
  };
  fill('places', () => work.now.places.map((place) => [idOf(place), nameOf(place.properties, idOf(place))]), work.now.places);
  fill('events', () => app.eventsShown().map((event) => [idOf(event), app.eventText(idOf(event))]), work.now.events);
  fill('changes', () => app.ledger.rows().map((row) => [row.id, row.note ?? '']), work.now.changes);
  fill('sources', () => Object.values(DATA.sources).map((source) => [source.id, [source.publisher, source.title].filter(Boolean).join(': ')]), app.state);
  fill('actors', () => Object.values(app.actors).map((actor) => [actor.id, nameOf(actor, actor.id)]), app.state);
  fill('statements', () => [...app.statements.values()].filter((s) => s.date <= app.state.date)
    .map((s) => [s.id, `${placeName(s.place_id)}, ${s.date}, ${s.controller ?? s.status}`]), app.state);
}
