// The slider of a notebook: one picture a date, drawn as SVG; the date is shared with Python.
const SVG = "http://www.w3.org/2000/svg";

function made(name, attributes, parent) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (parent) parent.appendChild(node);
  return node;
}

function patterns(svg, scene, mark) {
  const defs = made("defs", {}, svg);
  scene.fills.forEach((fill, i) => {
    if (!fill.lines) return;
    const step = 7;
    const pattern = made("pattern", {
      id: `${mark}-${i}`, width: step, height: step, patternUnits: "userSpaceOnUse",
      patternTransform: fill.turn ? `rotate(${fill.turn})` : "",
    }, defs);
    made("rect", { width: step, height: step, fill: fill.color }, pattern);
    if (fill.dots) made("circle", { cx: 2, cy: 2, r: 0.9, fill: fill.lines }, pattern);
    else made("rect", { width: fill.wide, height: step, fill: fill.lines }, pattern);
  });
}

function draw(svg, scene, frame, mark) {
  svg.replaceChildren();
  patterns(svg, scene, mark);
  made("rect", { width: scene.width, height: scene.height, fill: scene.outside }, svg);
  for (const [fill, path] of frame.ground) {
    const look = scene.fills[fill];
    made("path", {
      d: scene.paths[path], "fill-rule": "evenodd",
      fill: look.lines ? `url(#${mark}-${fill})` : look.color,
    }, svg);
  }
  for (const [sure, path] of frame.fronts) {
    const line = { d: scene.paths[path], fill: "none" };
    made("path", { ...line, stroke: scene.white, "stroke-width": 4 }, svg);
    made("path", {
      ...line, stroke: scene.ink, "stroke-width": 1.8, "stroke-dasharray": sure ? "" : "6 3",
    }, svg);
  }
  for (const [x, y, name] of scene.places) {
    made("circle", { cx: x, cy: y, r: 2.4, fill: scene.ink }, svg);
    const end = x > scene.width - 110;
    const text = made("text", {
      x: end ? x - 5 : x + 5, y: y - 3, "font-size": 11, "text-anchor": end ? "end" : "start", "paint-order": "stroke", stroke: scene.white,
      "stroke-width": 2.5, fill: scene.ink,
    }, svg);
    text.textContent = name;
  }
}

function render({ model, el }) {
  const scene = model.get("scene");
  const dates = model.get("dates");
  const mark = `frontline-${Math.random().toString(36).slice(2)}`;
  const box = document.createElement("div");
  box.className = "frontline-slider";
  box.style.fontFamily = "system-ui, sans-serif";
  const head = document.createElement("div");
  const range = document.createElement("input");
  const said = document.createElement("output");
  Object.assign(range, { type: "range", min: 0, max: dates.length - 1, step: 1 });
  range.setAttribute("aria-label", scene.words.date);
  range.style.width = "min(420px, 60%)";
  head.append(range, " ", said);
  const svg = made("svg", {
    viewBox: `0 0 ${scene.width} ${scene.height}`, role: "img", style: "max-width:100%;height:auto",
    width: scene.width,
  });
  const legend = document.createElement("ul");
  legend.style.cssText = "list-style:none;padding:0;margin:4px 0;display:flex;flex-wrap:wrap;gap:12px";
  box.append(head, svg, legend);
  el.append(box);

  function show() {
    const at = Math.max(0, dates.indexOf(model.get("date")));
    const frame = scene.frames[at];
    range.value = at;
    range.setAttribute("aria-valuetext", frame.title);
    said.textContent = frame.title;
    svg.setAttribute("aria-label", `${frame.title}. ${frame.held.map((h) => h[1]).join(", ")}`);
    draw(svg, scene, frame, mark);
    legend.replaceChildren(...frame.held.map(([color, text]) => {
      const row = document.createElement("li");
      const swatch = document.createElement("span");
      swatch.style.cssText =
        `display:inline-block;width:12px;height:12px;margin-right:5px;border:1px solid ${scene.rim}`;
      swatch.style.background = color;
      row.append(swatch, text);
      return row;
    }));
  }
  range.addEventListener("input", () => {
    model.set("date", dates[Number(range.value)]);
    model.save_changes();
    show();
  });
  model.on("change:date", show);
  show();
  return () => model.off("change:date", show);
}

export default { render };
