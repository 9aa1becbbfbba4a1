// A matrix, rows down and columns right: values through a ramp (zero white), class labels, or given pixels; one frame of a stack.
function render({ model, el }) {
  let stroke = null;
  const get = (name) => model.get(name);
  const cells = () => get("rows") * get("columns");
  const pitch = () => Math.min(get("width") / get("columns"), get("height") / get("rows"));

  // The values shown: frame t of the stack, or source[gather[t]], or the mean of the first t + 1 of those.
  function values() {
    const source = bytes(model, "values", Float32Array), gather = bytes(model, "gather", Int32Array), size = cells();
    if (!source || !gather) return slice(source, size);
    const last = pick(gather.length / size), first = get("mean") ? 0 : last, out = new Float32Array(size);
    for (let t = first; t <= last; t++) for (let i = 0; i < size; i++) {
      const from = gather[t * size + i];
      out[i] += (from < 0 ? -source[~from] : source[from]) / (last - first + 1);
    }
    return out;
  }
  const pick = (frames) => (get("frame") < 0 ? frames - 1 : Math.min(get("frame"), frames - 1));
  const slice = (stack, size) => stack && stack.subarray(pick(stack.length / size) * size, (pick(stack.length / size) + 1) * size);
  function full(shown) {
    const scale = get("scale") || 1, top = shown ? shown.reduce((m, v) => Math.max(m, Math.abs(v) || 0), 0) : 0;
    return Math.max(scale / get("contrast"), Math.min(scale, top));
  }
  const labels = () => slice(bytes(model, "labels", Int32Array), cells());

  function draw(context, { ink, font, family }) {
    const rows = get("rows"), columns = get("columns"), p = pitch(), tags = labels(), size = cells();
    if (!size) return;
    const image = new ImageData(columns, rows), ramp = bytes(model, "ramp", Uint8Array), classes = get("classes");
    const pixels = slice(bytes(model, "pixels", Uint8Array), 3 * size), shown = pixels ? null : values(), scale = full(shown);
    const chosen = get("hovered") >= 0 ? get("hovered") : get("selected"), signs = slice(bytes(model, "signs", Int8Array), size);
    const swatch = classes.map(([hue]) => [1, 3, 5].map((k) => parseInt(hue.slice(k, k + 2), 16)));
    for (let i = 0; i < size; i++) {
      let hue;
      if (pixels) hue = pixels.subarray(3 * i, 3 * i + 3);
      else if (shown) {
        const at = Math.round(127 + 127 * Math.max(-1, Math.min(1, shown[i] / scale)));
        hue = Number.isNaN(shown[i]) ? [200, 200, 200] : ramp.subarray(3 * at, 3 * at + 3);
      } else hue = tags && tags[i] >= 0 ? swatch[tags[i]] : [255, 255, 255];
      const fade = chosen >= 0 && tags && tags[i] !== chosen ? 0.75 : 0;
      for (let k = 0; k < 3; k++) image.data[4 * i + k] = hue[k] + fade * (255 - hue[k]);
      image.data[4 * i + 3] = 255;
    }
    const small = new OffscreenCanvas(columns, rows);
    small.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(small, 0, 0, p * columns, p * rows);
    if (p >= 10) {
      context.strokeStyle = "#00000026";
      context.lineWidth = 1;
      context.beginPath();
      for (let r = 0; r <= rows; r++) { context.moveTo(0, r * p); context.lineTo(p * columns, r * p); }
      for (let c = 0; c <= columns; c++) { context.moveTo(c * p, 0); context.lineTo(c * p, p * rows); }
      context.stroke();
    }
    context.strokeStyle = "#00000040";
    context.strokeRect(0.5, 0.5, p * columns - 1, p * rows - 1);
    context.textAlign = "center";
    context.textBaseline = "middle";
    if (tags && p >= 14) {
      context.font = `600 ${Math.min(p * 0.52, 1.5 * font)}px ${family}`;
      for (let i = 0; i < size; i++) {
        if (tags[i] < 0 || tags[i] >= classes.length) continue;
        const [red, green, blue] = image.data.subarray(4 * i, 4 * i + 3);
        context.fillStyle = 0.3 * red + 0.59 * green + 0.11 * blue > 120 ? "#000000" : "#ffffff";
        if (chosen >= 0 && tags[i] !== chosen) context.fillStyle = "#00000066";
        context.fillText((signs && signs[i] < 0 ? "−" : "") + classes[tags[i]][1], ((i % columns) + 0.5) * p, (Math.floor(i / columns) + 0.53) * p);
      }
    }
    context.lineWidth = Math.max(2, p / 12);
    if (chosen >= 0 && tags) {
      context.strokeStyle = "#000000";
      tags.forEach((tag, i) => tag === chosen && outline(context, i, p, columns));
    }
    if (get("cursor") >= 0 && document.activeElement === view.canvas) {
      context.strokeStyle = ink("group");
      outline(context, get("cursor"), p, columns);
    }
    if (get("accent")) {
      context.strokeStyle = ink(get("accent"));
      context.lineWidth = 5;
      context.strokeRect(0, 0, p * columns, p * rows);
    }
  }
  function outline(context, i, p, columns) {
    const inset = context.lineWidth / 2;
    context.strokeRect((i % columns) * p + inset, Math.floor(i / columns) * p + inset, p - 2 * inset, p - 2 * inset);
  }

  const view = stage(model, el, "eq-matrix", draw);
  const { canvas, redraw } = view;
  const cellAt = (event) => {
    const [c, r] = view.place(event).map((u) => Math.floor(u / pitch()));
    return c >= 0 && r >= 0 && c < get("columns") && r < get("rows") ? r * get("columns") + c : -1;
  };
  const classAt = (i) => { const tags = labels(); return tags && i >= 0 ? tags[i] : -1; };
  function hover(label) {  // not saved: a message to the kernel costs more than the drawing; others on the page hear the event
    model.set("hovered", label);
    el.dispatchEvent(new CustomEvent("eq-hover", { bubbles: true, detail: label }));
  }
  function paintCell(i, value) {
    const shown = bytes(model, "values", Float32Array) || new Float32Array(cells());
    shown[i] = value;
    save(model, { values: new DataView(shown.buffer), cursor: i });
  }
  const nextValue = (i) => { const shown = values(); return shown && shown[i] === get("brush") ? 0 : get("brush"); };
  canvas.addEventListener("pointermove", (event) => {
    const i = cellAt(event);
    if (stroke !== null && i >= 0 && i !== get("cursor")) paintCell(i, stroke);
    if (classAt(i) !== get("hovered")) hover(classAt(i));
  });
  canvas.addEventListener("pointerleave", () => hover(-1));
  canvas.addEventListener("pointerdown", (event) => {
    const i = cellAt(event);
    if (i < 0) return;
    canvas.setPointerCapture(event.pointerId);
    if (get("editable")) paintCell(i, (stroke = nextValue(i)));
    else save(model, { cursor: i, selected: classAt(i) === get("selected") ? -1 : classAt(i) });
  });
  canvas.addEventListener("pointerup", () => { stroke = null; });
  canvas.addEventListener("pointercancel", () => { stroke = null; });
  for (const name of ["focus", "blur"]) canvas.addEventListener(name, redraw);
  canvas.addEventListener("keydown", (event) => {
    const columns = get("columns"), now = Math.max(0, get("cursor")), r = Math.floor(now / columns), c = now % columns;
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key];
    if (step) {
      const row = Math.max(0, Math.min(get("rows") - 1, r + step[0])), column = Math.max(0, Math.min(columns - 1, c + step[1]));
      const i = row * columns + column;
      save(model, { cursor: i, selected: get("editable") ? get("selected") : classAt(i) });
    } else if (event.key === "Enter" && get("editable")) paintCell(now, nextValue(now));
    else if (event.key === "Escape") save(model, { selected: -1 });
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  return view.release;
}
export default { render };
