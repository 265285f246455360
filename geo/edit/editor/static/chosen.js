// The panel about what is chosen: patches of ground, an event, a place; or else lists to choose from.

import { cornersOf } from './coverage.js';
import { Form, choice, text } from './fields.js';
import { actorOptions, addColumns, scale, wordsOf } from './forms.js';
import { areaKm2, areaText, holderText } from './labels.js';
import { labelOf } from './canvas.js';
import { idOf } from './work.js';

/* global PLACES, colorOf, el, eventColor, eventKind, flatOf, foreign, isoText, language, listed, nameOf, placeName, sideOf, splitIds, t, term */

/** What a change of status asks of the other three axes. */
function valuesForStatus(status, { controller, controllers }) {
  const parties = splitIds(controllers);
  if (status === 'unknown') return { status, controller: null, controllers: null, basis: null, confidence: null };
  if (status === 'none') return { status, controller: null, controllers: null };
  if (status === 'contested' || status === 'mixed') return { status, controller: null, controllers: controllers ?? controller ?? null };
  return { status, controller: controller ?? parties[0] ?? null, controllers: null };
}

const several = (form) => ['contested', 'mixed'].includes(form.value('status'));
const assessed = (form) => !['unknown'].includes(form.value('status'));

/** What a node holds, without what is not there. */
const fill = (node, ...children) => node.replaceChildren(...children.filter(Boolean));

export class Chosen {
  constructor(app, node) {
    Object.assign(this, { app, node, key: null, form: null });
    this.filter = '';
  }

  /** Build anew when something else is chosen; else bring the values up to date. */
  renew(force = false) {
    const { chosen, selected, tool } = this.app;
    const key = JSON.stringify([chosen, [...selected], tool, language]);
    if (!force && key === this.key) {
      this.form?.renew();
      this.head?.();
      if (!this.form && document.activeElement?.type !== 'search') this.#lists();
      return;
    }
    this.key = key;
    [this.form, this.head] = [null, null];
    if (chosen?.spot) this.#spot(chosen);
    else if (chosen?.layer === 'events') this.#event(chosen.id);
    else if (chosen?.layer === 'places') this.#place(chosen.id);
    else if (selected.size) this.#patches();
    else this.#lists();
  }

  // Ground.

  #patches() {
    const { app } = this;
    const patches = () => app.work.now.control.filter((patch) => app.selected.has(patch.id));
    const form = this.form = new Form(() => patches().map((patch) => patch.properties), (values, options) => app.setPatches(values, options));
    const heading = el('h2', { class: 'name' });
    const facts = el('p', { class: 'quiet' });
    this.head = () => {
      const many = patches();
      const names = [...new Set(many.map(holderText))];
      heading.replaceChildren(swatchOf(many[0]), foreign(many.length > 1 ? t('patches.count', { count: many.length }) : names[0] ?? ''));
      const area = many.reduce((sum, patch) => sum + areaKm2(patch), 0);
      facts.replaceChildren(areaText(area), many.length > 1 ? ` · ${listed(names)}` : '', many.length === 1 ? ` · ${many[0].id}` : '');
    };
    addColumns(form, app, 'control', {
      first: ['controller', 'controllers', 'status', 'basis', 'confidence', 'source_ids', 'statement_ids', 'note'],
      fields: {
        controller: () => choice(actorOptions, { onSet: (f, value) => f.write(this.#given(value), { now: true, word: 'step.give' }) }),
        status: ({ choices }) => choice(() => wordsOf(choices, 'status'), { empty: false, onSet: (f, value) => f.write((old) => valuesForStatus(value, old), { now: true }) }),
      },
      when: {
        controller: (f) => !['unknown', 'none', 'contested', 'mixed'].includes(f.value('status')),
        controllers: several,
        basis: assessed,
        confidence: assessed,
      },
    });
    const tools = el('div', { class: 'tools' }, this.#patchTools());
    fill(this.node, heading, facts, this.#otherSide(), form.renew(), tools);
    this.head();
  }

  #given(controller) {
    return (old) => ({ ...valuesForStatus(['advance'].includes(old.status) ? old.status : 'controlled', old), controller });
  }

  /** After a front line was cut: the ground on the other hand of it. */
  #otherSide() {
    const { hands } = this.app;
    if (!hands) return null;
    return el('p', { class: 'hands' }, t('hands'), ' ',
      el('button', { type: 'button', on: { click: () => this.app.drawing.turn() } }, t('hands.turn')));
  }

  #patchTools() {
    const { app } = this;
    const button = (word, on) => el('button', { type: 'button', on: { click: on } }, t(word));
    const many = app.work.now.control.filter((patch) => app.selected.has(patch.id));
    return [
      many.length === 1 ? button('tool.split', () => app.take('split')) : null,
      button('tool.borders', () => app.take('borders')),
      many.length > 1 ? button('join', () => app.join()) : null,
      button('zoom.to', () => app.stage.zoomTo(many.flatMap((patch) => patch.polygons.flat(2)))),
    ];
  }

  // Events and places.

  #spot({ ids }) {
    const events = ids.map((id) => this.app.work.record('events', id)).filter(Boolean);
    this.node.replaceChildren(el('h2', { class: 'name' }, t('events.here', { count: events.length })), this.#rows(events, 'events'));
  }

  #event(id) {
    const { app } = this;
    const form = this.form = new Form(() => [app.work.record('events', id)?.properties ?? {}], (values, options) => app.work.setRecord('events', id, values, options));
    const heading = el('h2', { class: 'name' });
    this.head = () => heading.replaceChildren(eventName(app.work.record('events', id)));
    const types = app.state.lists.event_types;
    addColumns(form, app, 'events', {
      first: ['event_date', 'end_date', 'time_precision', 'event_type', 'sub_event_type', 'actor1', 'actor2', 'place_id', 'location', 'geo_precision', 'geo_radius_m', 'source_ids', 'notes', 'confidence'],
      fields: {
        time_precision: (column) => scale('time_precision', 'time', column),
        event_type: ({ choices }) => choice(() => wordsOf(choices, 'type'), { empty: false, onSet: (f, value) => f.write({ event_type: value, sub_event_type: types[value]?.[0] ?? null }, { now: true }) }),
        sub_event_type: () => choice((f) => wordsOf(types[f.value('event_type')] ?? [], 'sub'), { empty: false }),
        place_id: () => text({ list: 'known-places', onSet: (f, value) => app.work.setEventPlace(id, value) }),
        geo_precision: (column) => scale('geo_precision', 'geo', column),
      },
    });
    this.#record('events', id, heading, form);
  }

  #place(id) {
    const { app } = this;
    const form = this.form = new Form(() => [app.work.record('places', id)?.properties ?? {}], (values, options) => app.work.setRecord('places', id, values, options));
    const heading = el('h2', { class: 'name' });
    this.head = () => {
      const place = app.work.record('places', id);
      heading.replaceChildren(foreign(place ? nameOf(place.properties, id) : ''));
    };
    addColumns(form, app, 'places', {
      first: ['name', 'name_ar', 'alternatenames', 'kind', 'admin1', 'coord_method', 'coord_source', 'geo_radius_m', 'source_ids', 'note'],
    });
    this.#record('places', id, heading, form);
  }

  #record(layer, id, heading, form) {
    const { app } = this;
    const record = app.work.record(layer, id);
    const facts = el('p', { class: 'quiet' }, id, ` · ${t(!record?.geometry ? 'no.position' : record.geometry.type === 'Point' ? 'drag.to.move' : 'drawn.elsewhere')}`);
    const fresh = !app.work.base[layer].some((one) => idOf(one) === id);
    const button = (word, on) => el('button', { type: 'button', on: { click: on } }, t(word));
    const tools = [
      record?.geometry ? button('zoom.to', () => app.stage.zoomTo(cornersOf(record.geometry))) : null,
      fresh || layer === 'events' ? button('remove', () => app.work.removeRecord(layer, id)) : null,
      button('back', () => app.choose(null)),
    ];
    this.node.replaceChildren(heading, facts, form.renew(), el('div', { class: 'tools' }, tools));
    this.head();
  }

  // Nothing chosen: lists, for those who search or use no pointer.

  #lists() {
    const { app } = this;
    const search = el('input', { type: 'search', 'aria-label': t('find'), placeholder: t('find'), autocomplete: 'off', value: this.filter });
    const lists = el('div');
    const list = () => {
      this.filter = search.value;
      const asked = fold(this.filter);
      const fits = (...texts) => !asked || texts.some((one) => one && fold(one).includes(asked));
      const patches = app.work.now.control.filter((patch) => fits(holderText(patch), patch.id, patch.properties.note))
        .sort((a, b) => areaKm2(b) - areaKm2(a));
      const events = (asked ? app.work.now.events : app.eventsShown()).filter(({ properties: p }) => fits(p.id, p.location, p.notes, placeName(p.place_id), p.event_date));
      const places = app.work.now.places.filter(({ properties: p }) => fits(p.id, p.name, p.name_ar, p.alternatenames));
      fill(lists,
        section('patches', patches, (list) => el('ul', { class: 'pick' }, list.map((patch) => el('li', null,
          el('button', { type: 'button', class: 'plain row', on: { click: () => app.selectPatch(patch.id, false, true) } }, swatchOf(patch), foreign(holderText(patch)), el('span', { class: 'quiet' }, ` ${areaText(areaKm2(patch))}`))))), Boolean(asked)),
        section(asked ? 'events' : 'events.near', events, (list) => this.#rows(list, 'events'), Boolean(asked)),
        section('places', places, (list) => this.#rows(list, 'places'), Boolean(asked)),
        asked && !patches.length && !events.length && !places.length ? el('p', { class: 'quiet' }, t('found.none')) : null,
      );
    };
    search.addEventListener('input', list);
    list();
    this.node.replaceChildren(el('p', null, t('nothing.chosen')), search, lists);
  }

  #rows(records, layer) {
    return el('ul', { class: 'pick' }, records.map((record) => el('li', null,
      el('button', { type: 'button', class: 'plain row', on: { click: () => this.app.choose({ layer, id: idOf(record) }, { zoom: true }) } },
        layer === 'events' ? eventName(record) : foreign(nameOf(record.properties, idOf(record)))))));
  }
}

const fold = (text) => String(text).normalize('NFKD').replace(/[\u0300-\u036f\u064b-\u0652]/g, '').toLowerCase();

/** A list that is filled when it is first opened; what was searched for is open at once. */
function section(word, records, listOf, open = false) {
  if (!records.length) return null;
  const fillOnce = () => { if (details.open && details.childElementCount < 2) details.append(listOf(records)); };
  const details = el('details', { open, on: { toggle: fillOnce } }, el('summary', null, `${t(word)} (${records.length})`));
  fillOnce();
  return details;
}

function eventName(event) {
  if (!event) return '';
  const { event_date: date, sub_event_type: kind, place_id: place, location } = event.properties;
  const color = eventColor(eventKind(event.properties.event_type));
  const where = PLACES.has(place) ? placeName(place) : location ?? place;
  const parts = [isoText(date, { short: true, year: false }), kind && term('sub', kind), where && foreign(where)].filter(Boolean);
  return el('span', null, el('span', { class: 'dot', style: { background: color } }), parts.flatMap((part, i) => (i ? [' · ', part] : [part])));
}

/** The colour of a patch, as the legend of the map has it. */
function swatchOf(patch) {
  if (!patch) return '';
  const { status, controller, controllers } = labelOf(patch.properties);
  const sides = (controllers.length ? controllers : [controller]).filter(Boolean).map(sideOf).map(colorOf);
  const fill = status === 'unknown' || status === 'none' || !sides.length ? flatOf(status)
    : sides.length > 1 ? `linear-gradient(135deg, ${sides.map((c, i) => `${c} ${(i * 100) / sides.length}% ${((i + 1) * 100) / sides.length}%`).join(',')})` : sides[0];
  return el('span', { class: 'swatch', style: { background: fill } });
}
