// Points, lines and arrows in the plane. Layers are drawn in order; a draggable layer's points move under the pointer or the arrows.
// What the kernel draws while they move is the backdrop: it would be a step behind, and put the dragged point back.
function render({ model, el }) {
  let held = null;
  const margin = 14;
  const frame = () => {
    const [left, right, bottom, top] = model.get("bounds"), width = model.get("width"), height = model.get("height");
    const unit = Math.min((width - 2 * margin) / (right - left), (height - 2 * margin) / (top - bottom));
    const x0 = width / 2 - (unit * (left + right)) / 2, y0 = height / 2 + (unit * (bottom + top)) / 2;
    return { to: ([x, y]) => [x0 + unit * x, y0 - unit * y], from: (u, v) => [(u - x0) / unit, (y0 - v) / unit], unit };
  };
  // A layer with `matrices` [a, b, c, d] shows M x for every point x of layer `of`: an orbit follows the pointer without the kernel.
  const points = (layer) => !layer.matrices ? layer.xy
    : layer.matrices.flatMap(([a, b, c, d]) => model.get("layers")[layer.of].xy.map(([x, y]) => [a * x + b * y, c * x + d * y]));

  function draw(context, { ink, text, grid, font, family }) {
    const { to } = frame(), [left, right, bottom, top] = model.get("bounds");
    context.lineJoin = "round";
    if (model.get("axes")) {
      context.strokeStyle = grid;
      for (const [a, b] of [[[left, 0], [right, 0]], [[0, bottom], [0, top]]]) line(context, [to(a), to(b)]);
    }
    const backdrop = model.get("backdrop");
    [...backdrop, ...model.get("layers")].forEach((layer, k) => {
      const xy = points(layer).map(to), size = layer.size || 5, l = k - backdrop.length;
      context.strokeStyle = context.fillStyle = ink(layer.colour);
      context.lineWidth = layer.kind === "points" ? 2 : layer.size || 2;
      context.setLineDash(layer.dash ? [5, 4] : []);
      if (layer.kind === "line") line(context, xy);
      if (layer.kind === "arrows") for (let i = 0; i + 1 < xy.length; i += 2) arrow(context, xy[i], xy[i + 1], layer.gap || 0);
      context.setLineDash([]);
      if (layer.kind === "points") xy.forEach(([x, y], i) => {
        context.beginPath();
        context.arc(x, y, size, 0, 2 * Math.PI);
        context.fillStyle = ink((layer.colours || [])[i] || layer.colour);
        context.fill();
        const [sl, si] = model.get("selected");
        if (layer.drag || (sl === l && si === i)) {
          context.strokeStyle = sl === l && si === i ? ink("group") : text;
          context.beginPath();
          context.arc(x, y, size + 3, 0, 2 * Math.PI);
          context.stroke();
        }
      });
      context.font = `600 ${font}px ${family}`;
      context.textAlign = "center";
      context.textBaseline = "middle";
      (layer.text || []).forEach((word, i) => {
        context.fillStyle = layer.inside ? "#ffffff" : text;
        context.fillText(word, xy[i][0], xy[i][1] - (layer.inside ? 0 : size + font * 0.75));
      });
    });
  }
  function line(context, xy) {
    context.beginPath();
    xy.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.stroke();
  }
  function arrow(context, [x0, y0], [x1, y1], gap) {
    const length = Math.hypot(x1 - x0, y1 - y0) || 1, u = (x1 - x0) / length, v = (y1 - y0) / length, head = 8;
    const [a, b] = [x1 - gap * u, y1 - gap * v];
    line(context, [[x0 + gap * u, y0 + gap * v], [a - head * 0.7 * u, b - head * 0.7 * v]]);
    context.beginPath();
    context.moveTo(a, b);
    context.lineTo(a - head * u - head * 0.45 * v, b - head * v + head * 0.45 * u);
    context.lineTo(a - head * u + head * 0.45 * v, b - head * v - head * 0.45 * u);
    context.fill();
  }

  const view = stage(model, el, "eq-points", draw);
  const { canvas, place } = view;
  function nearest([u, v]) {
    let best = [-1, -1], distance = 22;
    model.get("layers").forEach((layer, l) => layer.kind === "points" && points(layer).forEach((point, i) => {
      const [x, y] = frame().to(point), d = Math.hypot(x - u, y - v);
      if (d <= distance) [best, distance] = [[l, i], d];
    }));
    return best;
  }
  function move([l, i], [x, y]) {
    const [left, right, bottom, top] = model.get("bounds");
    const { drag, xy } = model.get("layers")[l];
    const point = [Math.min(right, Math.max(left, x)), drag === "x" ? xy[i][1] : Math.min(top, Math.max(bottom, y))];
    save(model, { layers: model.get("layers").map((layer, k) => k !== l ? layer : { ...layer, xy: layer.xy.with(i, point) }) });
  }
  const draggable = ([l]) => l >= 0 && model.get("layers")[l].drag;
  canvas.addEventListener("pointerdown", (event) => {
    held = nearest(place(event));
    canvas.setPointerCapture(event.pointerId);
    save(model, { selected: held });
  });
  canvas.addEventListener("pointermove", (event) => {
    if (held && draggable(held)) move(held, frame().from(...place(event)));
    else canvas.style.cursor = nearest(place(event))[0] >= 0 ? "pointer" : "default";
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { held = null; });
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    const all = model.get("layers").flatMap((layer, l) => layer.kind === "points" ? points(layer).map((_, i) => [l, i]) : []);
    const [l, i] = model.get("selected"), now = all.findIndex(([a, b]) => a === l && b === i);
    if (!all.length || !(step || event.key === "Enter")) return;
    if (step && draggable([l])) {
      const [x, y] = points(model.get("layers")[l])[i];
      move([l, i], [x + (step[0] * 6) / frame().unit, y + (step[1] * 6) / frame().unit]);
    } else save(model, { selected: all[(now + all.length + (step && step[0] + step[1] < 0 ? -1 : 1)) % all.length] });
    event.preventDefault();
    event.stopPropagation();
  });
  return view.release;
}
export default { render };
