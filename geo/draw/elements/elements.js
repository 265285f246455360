// Our layers on anybody's Leaflet map: ground with its textures, lines, marks, texts, a key.
// What is told is put into text nodes; addresses become links only if they are of the web.
// The file passes through a template engine: two braces, or a brace and a percent sign, never meet.
window.frontlineLayer = window.frontlineLayer || (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const made = (name, attributes, parent) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (parent) parent.appendChild(node);
    return node;
  };
  // The colours of paper, ink and rims, as the first layer brings them: all have the same.
  let paper = {};
  const block = (tag, text, style, parent) => {
    const node = document.createElement(tag);
    if (text) node.textContent = text;
    node.style.cssText = style;
    if (parent) parent.appendChild(node);
    return node;
  };

  // A tile of one family of parallel lines, turned as it runs; dots are dashes of no length.
  const TURNS = new Map([[1, 45], [-1, -45], [0, 0], [2, 90]]);
  function pattern(defs, id, fill) {
    const [, , step, way, , dash] = fill.lines[0];
    const period = dash ? dash[0] + dash[1] : step;
    const rows = dash ? 2 : 1;
    const tile = made("pattern", {
      id, width: step * rows, height: period, patternUnits: "userSpaceOnUse",
      patternTransform: `rotate(${TURNS.get(way)})`,
    }, defs);
    made("rect", { width: step * rows, height: period, fill: fill.ground || "none" }, tile);
    for (const [color, width, , , shift, dashes, alpha] of fill.lines) {
      for (let row = 0; row < rows; row += 1) {
        const x = (((shift + row * step) % (step * rows)) + step * rows) % (step * rows);
        const from = dashes ? (period / rows) * row + width / 2 : 0;
        const end = dashes ? from + dashes[0] : period;
        made("path", {
          d: `M${x} ${from}V${end}`, stroke: color, "stroke-width": width, "stroke-opacity": alpha,
          "stroke-linecap": dashes && dashes[0] < 0.1 ? "round" : "butt",
        }, tile);
      }
    }
  }
  function swatch(fills, i, id) {
    const box = made("svg", { width: 26, height: 15, "aria-hidden": true, style: "flex:none" });
    let paint = fills[i].ground;
    if (fills[i].lines.length) {
      pattern(made("defs", {}, box), id, fills[i]);
      paint = `url(#${id})`;
    }
    made("rect", { x: 0.5, y: 0.5, width: 25, height: 14, fill: paint, stroke: paper.rim }, box);
    return box;
  }
  function mark(look, vague, size = 15) {
    const box = made("svg", {
      width: size, height: size, viewBox: "-1.6 -1.6 3.2 3.2", "aria-hidden": true, style: "flex:none",
    });
    const paint = vague
      ? { fill: paper.white, "fill-opacity": 0.6, stroke: look.color, "stroke-width": 0.3, "stroke-dasharray": "0.6 0.35" }
      : { fill: look.color, stroke: paper.white, "stroke-width": 0.28 };
    if (look.corners.length && !vague) made("polygon", { points: look.corners.join(" "), ...paint }, box);
    else made("circle", { r: 1.1, ...paint }, box);
    return box;
  }
  function told(lines, direction) {
    const box = block("div", "", "max-width:19rem;white-space:normal;line-height:1.35");
    box.dir = direction;
    lines.forEach((line, i) => block("div", line, i ? "" : "font-weight:600", box));
    return box;
  }
  function card(values, direction) {
    const box = told(values.instead ? [] : values.tip, direction);
    box.style.cssText += ";max-height:15rem;overflow:auto";
    const more = values.more || [];
    for (const text of more) if (text) block("p", text, "margin:.4em 0 0", box);
    for (const [name, address] of values.links || []) {
      const line = block("div", "", "", box);
      if (!/^https?:\/\//.test(address)) { line.textContent = name; continue; }
      const link = block("a", name, "", line);
      link.href = address;
      link.rel = "noopener noreferrer";
      link.target = "_blank";
    }
    return box;
  }

  // One key on a map, for all of our layers that it shows.
  const Key = L.Control.extend({
    options: { position: "topleft" },
    onAdd() {
      this.rows = new Map();
      this.box = block("details", "", `background:${paper.white};color:${paper.ink};`
        + `box-shadow:0 1px 4px ${paper.rim};` + "padding:5px 9px;border-radius:4px;max-width:20rem;max-height:60vh;overflow:auto;font:12px/1.4 system-ui,sans-serif");
      this.box.className = "frontline-key";
      this.box.open = this._map.getSize().x > 640;
      L.DomEvent.disableClickPropagation(this.box);
      L.DomEvent.disableScrollPropagation(this.box);
      return this.box;
    },
    show(layer, content, rows) {
      this.rows.delete(layer);
      if (rows) this.rows.set(layer, [content, rows]);
      this.box.replaceChildren(block("summary", layer.content.word, "cursor:pointer;list-style-position:inside"));
      for (const [one, many] of this.rows.values()) {
        const part = block("div", "", "margin-top:3px", this.box);
        part.dir = one.direction;
        block("div", one.title, "font-weight:600", part);
        for (const [node, text] of many) {
          const row = block("div", "", "display:flex;gap:6px;align-items:center;margin:2px 0", part);
          row.append(node, text);
        }
      }
      this.box.style.display = this.rows.size ? "" : "none";
    },
  });

  const Ours = L.FeatureGroup.extend({
    initialize(content, options) {
      L.FeatureGroup.prototype.initialize.call(this, []);
      L.setOptions(this, options);
      this.content = content;
      this.id = `frontline-${L.stamp(this)}`;
    },
    getAttribution() {
      const box = document.createElement("span");
      box.textContent = this.content.attribution;
      return box.innerHTML;
    },
    // What folium's side-by-side cuts in two: everything of ours lies in a pane of its own.
    getContainer() { return this.pane; },
    onAdd(map) {
      this.pane = map.getPane(this.id) || map.createPane(this.id);
      this.pane.style.zIndex = this.options.height;
      this.renderer = this.renderer || L.svg({ pane: this.id, padding: 0.5 });
      if (!this.getLayers().length) this.fill();
      L.FeatureGroup.prototype.onAdd.call(this, map);
      this.defs(map);
      if (this.options.key) {
        map.frontlineKey = map.frontlineKey || new Key().addTo(map);
        map.frontlineKey.show(this, this.content, this.keyRows());
      }
    },
    onRemove(map) {
      L.FeatureGroup.prototype.onRemove.call(this, map);
      if (this.options.key && map.frontlineKey) map.frontlineKey.show(this, this.content, null);
    },
    defs(map) {
      const svg = this.renderer._container;
      if (!svg || svg.querySelector("defs")) return;
      const defs = made("defs", {});
      svg.prepend(defs);
      this.content.fills.forEach((fill, i) => fill.lines.length && pattern(defs, `${this.id}-${i}`, fill));
    },
    ink(i) {
      const fill = this.content.fills[i];
      return fill.lines.length ? `url(#${this.id}-${i})` : fill.ground;
    },
    fill() {
      const { features, marks, direction } = this.content;
      const common = { pane: this.id, renderer: this.renderer };
      for (const feature of features) {
        const values = feature.properties;
        for (const [color, weight, dash, alpha] of values.strokes || [[]]) {
          const style = values.strokes
            ? { color, weight, opacity: alpha, dashArray: dash.length ? dash.join(" ") : null }
            : {
              fillColor: values.mark ? null : this.ink(values.fill), fillOpacity: this.options.opacity,
              stroke: Boolean(values.rim), color: (values.rim || ["none"])[0], weight: (values.rim || [0, 0])[1],
            };
          const one = L.geoJSON(feature, {
            ...common, style: { ...common, ...style },
            pointToLayer: (_, at) => L.marker(at, { pane: this.id, icon: this.icon(marks[values.mark], values), alt: values.tip[0] }),
          });
          one.bindTooltip(() => told(values.tip, direction), { sticky: !values.mark, direction: "auto" });
          if ((values.more || []).some(Boolean) || values.links) {
            one.bindPopup(() => card(values, direction), { maxWidth: 340, autoPanPadding: [20, 20] });
          }
          this.addLayer(one);
        }
      }
    },
    icon(look, values) {
      const box = block("div", "", "display:flex;align-items:center;justify-content:center;height:100%");
      box.append(mark(look, values.vague, 18));
      if (values.count) {
        block("span", String(values.count), `position:absolute;left:14px;top:-7px;font:600 11px system-ui;color:${paper.ink};`
          + `text-shadow:${[2, 2, 3].map((wide) => `0 0 ${wide}px ${paper.white}`)}`, box);
      }
      return L.divIcon({ html: box, className: "frontline-mark", iconSize: [20, 20] });
    },
    keyRows() {
      const { key, fills, marks } = this.content;
      return key.map((row, i) => {
        if (row.mark) return [mark(marks[row.mark], false), row.text];
        if (!row.strokes) return [swatch(fills, row.fill, `${this.id}-key-${i}`), row.text];
        const line = made("svg", { width: 26, height: 15, "aria-hidden": true, style: "flex:none" });
        for (const [stroke, width, dash, alpha] of row.strokes) {
          made("path", { d: "M1 7.5H25", stroke, "stroke-width": width, "stroke-opacity": alpha, "stroke-dasharray": dash.join(" ") }, line);
        }
        return [line, row.text];
      });
    },
  });
  return (content, options) => {
    paper = content.paper;
    return new Ours(content, options);
  };
})();
