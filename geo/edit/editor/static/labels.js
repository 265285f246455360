// How patches, actors and places are called, and how large they are.

import { GRID } from './coverage.js';
import { labelOf } from './canvas.js';

/* global actorName, km2, listed, ringKm2, t, term */

/** Who holds a patch, in a few words. */
export function holderText({ properties }) {
  const { controller, controllers, status } = labelOf(properties);
  if (status === 'unknown' || status === 'none') return term('status', status);
  const names = (controllers.length ? controllers : [controller]).filter(Boolean).map(actorName);
  const held = listed(names) || t('nobody.named');
  return status === 'controlled' ? held : `${held} (${term('status', status)})`;
}

/** One hand of a change: an actor, or a status where nobody is named. */
export const handText = (hand) => {
  if (!hand) return t('nobody.named');
  const status = term('status', hand);
  return status === hand ? actorName(hand) : status;
};

const areas = new WeakMap();

export function areaKm2(patch) {
  if (!areas.has(patch)) {
    const ring = (points) => ringKm2(points.map(([x, y]) => [x / GRID, y / GRID]));
    areas.set(patch, patch.polygons.reduce((sum, [outer, ...holes]) => sum + ring(outer) - holes.reduce((s, hole) => s + ring(hole), 0), 0));
  }
  return areas.get(patch);
}

export const areaText = (area) => `${km2(area)} ${t('km2')}`;
