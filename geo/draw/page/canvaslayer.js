// A canvas in a pane of the map: it follows the map, and is painted by who extends it.
// The page has one on each side of the divider, the editor one for the work.

const CanvasLayer = L.Layer.extend({
  initialize(pane) {
    L.setOptions(this, { pane });
  },
  onAdd() {
    this.canvas = document.createElement('canvas');
    this.canvas.className = 'leaflet-zoom-animated';
    this.getPane().append(this.canvas);
  },
  onRemove() {
    this.canvas.remove();
  },
  getEvents() {
    return { zoomanim: this._animate };
  },
  /** While the map zooms, the picture is stretched; it is painted anew when the map rests. */
  _animate(event) {
    if (!this.view) return; // Nothing was painted yet.
    const scale = this._map.getZoomScale(event.zoom, this.view.zoom);
    L.DomUtil.setTransform(this.canvas, this._map._latLngToNewLayerPoint(this.corner, event.zoom, event.center), scale);
  },
  /** Lay the canvas over the map, somewhat larger than it, so that a short pan shows no empty edge. */
  draw(scene) {
    const size = this._map.getSize();
    const margin = size.multiplyBy(0.08).round();
    const corner = this._map.containerPointToLayerPoint(margin.multiplyBy(-1)).round();
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [size.x + 2 * margin.x, size.y + 2 * margin.y];
    const { canvas } = this;
    const pixels = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== pixels[0] || canvas.height !== pixels[1]) [canvas.width, canvas.height] = pixels;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    L.DomUtil.setTransform(canvas, corner, 1);
    L.DomUtil.setPosition(canvas, corner);
    this.corner = this._map.layerPointToLatLng(corner);
    const origin = this._map.getPixelOrigin();
    this.view = {
      zoom: this._map.getZoom(), x0: origin.x + corner.x, y0: origin.y + corner.y, width, height, ratio,
      marginX: margin.x, marginY: margin.y,
    };
    this.paint(canvas.getContext('2d'), scene);
  },
});
