// Places that are a line or an area: their outlines, and what pointing at one says.

/** Those places, each with its lines in world units and the box that holds them. */
function shapesOf(places) {
  return places.filter((place) => place.lines).map((place) => {
    const lines = place.lines.map((line) => Float64Array.from(line.flatMap(([lon, lat]) => [worldX(lon), worldY(lat)])));
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const line of lines) {
      for (let i = 0; i < line.length; i += 2) {
        box[0] = Math.min(box[0], line[i]);
        box[1] = Math.min(box[1], line[i + 1]);
        box[2] = Math.max(box[2], line[i]);
        box[3] = Math.max(box[3], line[i + 1]);
      }
    }
    return { place, lines, box };
  });
}

const SHAPES = shapesOf(DATA.places);

/** How an outline is drawn: dashed where we drew it from words. */
function outlineStyles(place) {
  const { rim, width, alpha, drawn } = LOOKS.places.outline;
  return [[sheer(WHITE, alpha), rim], [sheer(INK, alpha), width, place.coord_method === 'located' ? [] : drawn]];
}

/** The place whose outline runs within so many pixels of a position. */
function shapeNear({ lng, lat }, reach = 6) {
  if (!state.show.places) return null;
  const x = worldX(lng);
  const y = worldY(lat);
  const far = reach / (256 * 2 ** map.getZoom());
  let best = null;
  for (const { place, lines, box } of SHAPES) {
    if (x < box[0] - far || y < box[1] - far || x > box[2] + far || y > box[3] + far) continue;
    for (const line of lines) {
      for (let i = 2; i < line.length; i += 2) {
        const away = Math.sqrt(squareToSegment(x, y, line[i - 2], line[i - 1], line[i], line[i + 1]));
        if (away <= far && away < (best?.away ?? Infinity)) best = { away, place };
      }
    }
  }
  return best?.place ?? null;
}

function squareToSegment(x, y, x1, y1, x2, y2) {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const along = dx || dy ? Math.min(1, Math.max(0, ((x - x1) * dx + (y - y1) * dy) / (dx * dx + dy * dy))) : 0;
  return (x - x1 - along * dx) ** 2 + (y - y1 - along * dy) ** 2;
}

/** How well a line or an area is known: drawn from words, and how far it may be off. */
function shapeText(place) {
  const distance = place.geo_radius_m == null ? '' : distanceText(place.geo_radius_m);
  const how = term('coord', place.coord_method);
  return distance ? t('shape.error', { how, distance }) : how;
}

/** What a statement means of the shape of its place, in words; nothing where it means all of it. */
function extentText(statement) {
  const { extent, share_pct: share, width_from_m: least, width_to_m: most } = statement;
  if (!extent || extent === 'all') return null;
  const opposite = statement.opposite ? actorName(statement.opposite) : '';
  const values = {
    opposite,
    place: statement.to_place_id ? placeName(statement.to_place_id) : '',
    share: share == null ? '' : percent(share / 100),
  };
  const [other, part] = [opposite ? '.opposite' : '', share == null ? '' : '.part'];
  const said = t(`extent.${extent}${extent === 'ring' ? part : ['share', 'track', 'severed'].includes(extent) ? other : ''}`, values);
  if (least == null || most == null) return said;
  const width = least === most ? distanceText(least) : t('width.range', { least: distanceText(least), most: distanceText(most) });
  return listed([said, t('width', { width })]);
}
