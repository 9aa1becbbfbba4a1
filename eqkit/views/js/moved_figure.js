// A figure moved by group elements: points ↦ view · h(t) · M · points, h(t) on the way along a generator.
function render({ model, el }) {
  const get = (name) => model.get(name), data = (name) => bytes(model, name, Float32Array);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let t = 1, started = 0;

  // (r, n) times (n, n), the second one a part of a stack.
  function times(A, stack, at, n) {
    const out = new Float32Array(A.length);
    for (let r = 0; r < A.length; r += n) for (let i = 0; i < n; i++) {
      const a = A[r + i];
      if (a) for (let j = 0; j < n; j++) out[r + j] += a * stack[at * n * n + i * n + j];
    }
    return out;
  }

  function draw(context, { ink, font, family }) {
    const n = get("n"), X = data("points"), view = data("view"), elements = data("elements"), paths = data("paths");
    if (!X) return;
    const [element, letter, from, to] = get("step"), frames = 25, unit = get("width") / 2 / get("radius");
    const time = from + (to - from) * (0.5 - 0.5 * Math.cos(Math.PI * t));
    const h = letter < 0 ? view : times(view, paths, letter * frames + Math.round(time * (frames - 1)), n);
    const place = (A) => (i) => {
      const p = [0, 0, 0];
      for (let r = 0; r < 3; r++) for (let j = 0; j < n; j++) p[r] += A[r * n + j] * X[i * n + j];
      return [get("width") / 2 + unit * p[0], get("height") / 2 - unit * p[1], p[2]];
    };
    const moved = place(times(h, elements, element, n));
    const fill = (xy, hue) => {
      context.fillStyle = hue;
      context.beginPath();
      for (const [x, y] of xy) context.lineTo(x, y);
      context.fill();
    };
    context.lineWidth = 2;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `600 ${font}px ${family}`;
    for (const part of get("parts")) {
      if (part.kind === "ghost") {  // where the elements found so far have been
        context.globalAlpha = 0.3;
        for (const i of get("found")) fill(part.at.map(place(times(view, elements, i, n))), ink(part.colour));
        context.globalAlpha = 1;
        continue;
      }
      const xyz = part.at.map(part.kind === "slot" ? place(view) : moved);
      if (part.kind === "face") {
        if (xyz.reduce((sum, p) => sum + p[2], 0) > -1e-5) fill(xyz, ink(part.colour));
        continue;
      }
      const [cx, cy] = [get("width") / 2, get("height") / 2], size = Math.min(17, (0.8 * Math.PI * unit) / n);
      xyz.forEach(([x, y], i) => {
        context.beginPath();
        context.arc(x, y, size, 0, 2 * Math.PI);
        context.strokeStyle = context.fillStyle = ink(part.kind === "slot" ? part.colour : part.colours[i]);
        part.kind === "slot" ? context.stroke() : context.fill();
        if (size < 9) return;
        if (part.kind === "token") context.fillStyle = "#000000";
        const out = part.kind === "slot" ? 1.24 : 1;
        context.fillText(part.text[i], cx + out * (x - cx), cy + out * (y - cy));
      });
    }
    if (t < 1) requestAnimationFrame(tick);
  }
  function tick(now) {
    t = Math.min(1, (now - started) / 380);
    view.redraw();
  }
  const move = () => {
    t = still.matches || get("step")[1] < 0 ? 1 : 0;
    started = performance.now();
  };
  const view = stage(model, el, "eq-moved", draw);
  model.on("change:step", move);
  return () => { model.off("change:step", move); view.release(); };
}
export default { render };
