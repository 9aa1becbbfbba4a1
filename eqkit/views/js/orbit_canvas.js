// Points and their orbits in the plane, or on a surface in space, over an invariant: its values, and its level set through x.
function render({ model, el }) {
  const get = (name) => model.get(name), flat = () => get("n") === 2, remembered = {};
  let held = null, turning = null;
  const once = (name, key, make) => (remembered[name]?.[0] === key ? remembered[name] : (remembered[name] = [key, make()]))[1];
  const times = (A, at, p) => p.map((_, i) => p.reduce((sum, x, j) => sum + A[at + i * p.length + j] * x, 0));

  // what has been sent
  const mesh = () => once("mesh", get("rev"), () => ({ vertices: bytes(model, "vertices", Float32Array), faces: bytes(model, "faces", Int32Array),
    domain: bytes(model, "domain", Float32Array), elements: bytes(model, "elements", Float64Array), fixed: bytes(model, "fixed", Float64Array) }));
  const images = (p) => Array.from({ length: mesh().elements.length / p.length ** 2 }, (_, g) => times(mesh().elements, g * p.length ** 2, p));
  const terms = () => get("polynomials")[get("selected")];
  const size = (p) => Math.sqrt(Math.abs(times(get("metric"), 0, p).reduce((sum, x, i) => sum + x * p[i], 0)));

  // The values of the selected invariant on the mesh, and their tone in [−1, 1]: in the plane growing like x², in space about their middle.
  const field = () => once("field", `${get("rev")} ${get("selected")}`, () => {
    const { vertices } = mesh(), all = terms();
    if (!all) return null;
    const values = Float32Array.from({ length: vertices.length / 3 }, (_, i) => evaluate(all, vertices.subarray(3 * i, 3 * i + 3)));
    const low = values.reduce((a, b) => Math.min(a, b)), high = values.reduce((a, b) => Math.max(a, b));
    const middle = flat() ? 0 : (low + high) / 2, half = Math.max(high - middle, middle - low), power = flat() ? 2 / Math.max(2, get("degrees")[get("selected")]) : 1;
    const even = half < 1e-5 * Math.abs(middle), tone = even ? () => 0 : (v) => Math.sign(v - middle) * Math.min(1, Math.abs(v - middle) / half) ** power;
    return { values, even, tone, tones: values.map(tone) };
  });
  const radius = (tone) => 1 + (flat() ? 0 : get("relief") * tone);
  const shape = (p) => { const f = field(), r = f && get("relief") ? radius(f.tone(evaluate(terms(), p))) : 1; return [r * p[0], r * p[1], r * (p[2] || 0)]; };

  // Display coordinates ↦ the page, with the depth towards the eye, and back.
  function camera() {
    const [a, e] = get("angles"), [ca, sa, ce, se] = [Math.cos(a), Math.sin(a), Math.cos(e), Math.sin(e)];
    const R = flat() ? [1, 0, 0, 0, 1, 0, 0, 0, 1] : [-sa, ca, 0, -ca * se, -sa * se, ce, ca * ce, sa * ce, se];
    const x0 = get("width") / 2, y0 = get("height") / 2, unit = Math.min(x0, y0) / get("extent");
    const to = (q) => { const [x, y, z] = times(R, 0, q); return [x0 + unit * x, y0 - unit * y, unit * z]; };
    const back = ([u, v, z]) => { const s = [(u - x0) / unit, (y0 - v) / unit, z / unit]; return [0, 1, 2].map((j) => s[0] * R[j] + s[1] * R[3 + j] + s[2] * R[6 + j]); };
    return { to, back, unit };
  }

  // The surface drawn pixel by pixel, `fine` samples a unit: its colours and depths.
  function surface({ ink, page, text }) {
    const fine = 2, width = Math.round(fine * get("width")), height = Math.round(fine * get("height"));
    return once("surface", [get("rev"), get("selected"), get("angles"), get("relief"), width, height, page, text].join(), () => {
      const { vertices, faces, domain } = mesh(), tones = field()?.tones, { to, unit } = camera(), count = vertices.length / 3;
      const canvas = new OffscreenCanvas(width, height), context = canvas.getContext("2d", { willReadFrequently: true });
      const rgb = (hue) => { context.fillStyle = hue; context.fillRect(0, 0, 1, 1); return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)]; };
      const [ground, words, up, down, green] = [page, text, ink("invariant"), ink("negative"), ink("band").slice(0, 7)].map(rgb);
      const base = ground.map((c, k) => c + (flat() ? 0 : 0.06) * (words[k] - c));
      const X = new Float32Array(count), Y = new Float32Array(count), Z = new Float32Array(count), N = new Float32Array(3 * count), shade = new Float32Array(count).fill(1);
      for (let i = 0; i < count; i++) {
        const r = radius(tones ? tones[i] : 0);
        [X[i], Y[i], Z[i]] = to([r * vertices[3 * i], r * vertices[3 * i + 1], r * vertices[3 * i + 2]]).map((x) => fine * x);
      }
      if (!flat()) {
        for (let f = 0; f < faces.length; f += 3) {
          const [a, b, c] = faces.subarray(f, f + 3);
          const [x1, y1, z1, x2, y2, z2] = [X[b] - X[a], Y[b] - Y[a], Z[b] - Z[a], X[c] - X[a], Y[c] - Y[a], Z[c] - Z[a]];
          const normal = [y1 * z2 - z1 * y2, z1 * x2 - x1 * z2, x1 * y2 - y1 * x2];
          for (const i of [a, b, c]) for (let k = 0; k < 3; k++) N[3 * i + k] -= normal[k];  // the page's y points down
        }
        for (let i = 0; i < count; i++) {
          const [x, y, z] = N.subarray(3 * i, 3 * i + 3);
          const light = (-0.35 * x - 0.5 * y + 0.79 * z) / (Math.hypot(x, y, z) || 1);
          shade[i] = 0.76 + 0.28 * (get("two_sided") ? Math.abs(light) : Math.max(0, light));
        }
      }
      const image = new ImageData(width, height), depth = new Float32Array(width * height).fill(-1e9);
      for (let f = 0; f < faces.length; f += 3) {
        const [a, b, c] = faces.subarray(f, f + 3), area = (X[b] - X[a]) * (Y[c] - Y[a]) - (X[c] - X[a]) * (Y[b] - Y[a]);
        if (!area || (area > 0 && !get("two_sided"))) continue;  // seen from behind
        const left = Math.max(0, Math.ceil(Math.min(X[a], X[b], X[c]) - 0.5)), right = Math.min(width - 1, Math.floor(Math.max(X[a], X[b], X[c]) - 0.5));
        const top = Math.max(0, Math.ceil(Math.min(Y[a], Y[b], Y[c]) - 0.5)), bottom = Math.min(height - 1, Math.floor(Math.max(Y[a], Y[b], Y[c]) - 0.5));
        for (let y = top; y <= bottom; y++) for (let x = left; x <= right; x++) {
          const p = ((X[b] - x - 0.5) * (Y[c] - y - 0.5) - (X[c] - x - 0.5) * (Y[b] - y - 0.5)) / area;
          const q = ((X[c] - x - 0.5) * (Y[a] - y - 0.5) - (X[a] - x - 0.5) * (Y[c] - y - 0.5)) / area, r = 1 - p - q;
          if (p < -1e-6 || q < -1e-6 || r < -1e-6) continue;
          const k = y * width + x, z = p * Z[a] + q * Z[b] + r * Z[c];
          if (z <= depth[k]) continue;
          depth[k] = z;
          const t = tones ? p * tones[a] + q * tones[b] + r * tones[c] : 0, strength = 0.55 * Math.abs(t), hue = t > 0 ? up : down;
          const inside = domain ? 0.22 * Math.max(0, Math.min(1, 0.5 + (p * domain[a] + q * domain[b] + r * domain[c]) * unit * fine)) : 0;
          const light = p * shade[a] + q * shade[b] + r * shade[c];
          for (let j = 0; j < 3; j++) {
            const painted = base[j] + strength * (hue[j] - base[j]);
            image.data[4 * k + j] = light * (painted + inside * (green[j] - painted));
          }
          image.data[4 * k + 3] = 255;
        }
      }
      context.putImageData(image, 0, 0);
      const above = ([u, v, z]) => flat() || !(z < (depth[Math.floor(fine * v) * width + Math.floor(fine * u)] ?? -1e9) / fine - 0.05 * unit);
      const at = (u, v) => { const z = depth[Math.floor(fine * v) * width + Math.floor(fine * u)]; return z > -1e8 ? z / fine : null; };
      return { canvas, above, at };
    });
  }

  // The segments in which the selected invariant has the value that it has at x.
  function level() {
    const { values, tone } = field(), { vertices, faces } = mesh(), value = evaluate(terms(), get("points")[0]), r = radius(tone(value)), { to } = camera(), segments = [];
    for (let f = 0; f < faces.length; f += 3) {
      const ends = [];
      for (let e = 0; e < 3; e++) {
        const i = faces[f + e], j = faces[f + ((e + 1) % 3)], u = values[i] - value, v = values[j] - value;
        if (u < 0 === v < 0) continue;
        const s = u / (u - v);
        ends.push(to([0, 1, 2].map((k) => r * (vertices[3 * i + k] + s * (vertices[3 * j + k] - vertices[3 * i + k])))));
      }
      if (ends.length === 2) segments.push(ends);
    }
    return segments;
  }

  function draw(context, colours) {
    const { ink, text, soft, font, family } = colours, { to } = camera();
    if (!get("points").length) {
      Object.assign(context, { font: `${font}px ${family}`, fillStyle: soft, textAlign: "center", textBaseline: "middle" });
      get("note").split("\n").forEach((words, i) => context.fillText(words, get("width") / 2, get("height") / 2 + 1.5 * font * i));
      return;
    }
    const { canvas, above } = surface(colours), [x] = get("points");
    if (flat()) Object.assign(context, { imageSmoothingEnabled: true });
    context.drawImage(canvas, 0, 0, get("width"), get("height"));
    context.lineCap = context.lineJoin = "round";
    const strokes = (segments, hue, width) => {
      for (const seen of [false, true]) {
        context.beginPath();
        for (const [a, b] of segments) if (above(a) === seen) { context.moveTo(a[0], a[1]); context.lineTo(b[0], b[1]); }
        Object.assign(context, { strokeStyle: hue, lineWidth: width, globalAlpha: seen ? 1 : 0.15 });
        context.stroke();
      }
      context.globalAlpha = 1;
    };
    const chain = (points) => points.slice(1).map((q, i) => [points[i], q]);
    for (const line of get("mirrors")) strokes(chain(line.map((p) => to(shape(p)))), soft, 1);
    const dots = (points, radius, hue, solid, word = "") => points.map((p) => to(shape(p))).forEach((place) => {
      context.globalAlpha = above(place) ? 1 : 0.25;
      context.beginPath();
      context.arc(place[0], place[1], radius, 0, 2 * Math.PI);
      Object.assign(context, { fillStyle: solid ? hue : colours.page, strokeStyle: hue, lineWidth: 2 });
      context.fill();
      context.stroke();
      Object.assign(context, { font: `600 ${1.15 * font}px ${family}`, textAlign: "center", textBaseline: "middle", fillStyle: text });
      if (word) context.fillText(word, place[0] + 15, place[1] - 13);
      context.globalAlpha = 1;
    });
    dots(get("poles"), 2, soft, true);
    for (const [name, direction] of flat() ? [] : get("arrows")) {
      const base = shape(direction.map((c) => c / size(direction))), reach = get("extent") / Math.hypot(...direction);
      const [root, tip, [u, v]] = [0, 0.08, 0.15].map((s) => to(base.map((c, k) => c + s * reach * direction[k])));
      if (tip[2] < -20) continue;
      strokes([[root, tip]], soft, 1);
      Object.assign(context, { font: `${font}px ${family}`, fillStyle: soft, textAlign: "center", textBaseline: "middle" });
      context.fillText(name, u, v);
    }
    if (field() && !field().even) strokes(level(), ink("invariant"), 2.4);
    get("points").forEach((p, i) => {
      if (get("curve")) strokes(chain(images(p).map((q) => to(shape(q)))), ink("group"), i ? 1.5 : 3.5);
      else dots(images(p), i ? 4 : 5, ink("group"), !i);
    });
    get("points").forEach((p, i) => dots([p], 6, ink("data"), !i, get("points").length > 1 ? "xy"[i] : "x"));
    if (document.activeElement === view.canvas) {
      const [u, v] = to(shape(get("points")[get("active")]));
      context.beginPath();
      context.arc(u, v, 11, 0, 2 * Math.PI);
      Object.assign(context, { strokeStyle: ink("group"), lineWidth: 2 });
      context.stroke();
    }
  }

  const view = stage(model, el, "eq-orbit", draw);
  const { canvas, place } = view;
  const seen = () => remembered.surface[1];
  const far = (p, [u, v]) => { const [a, b] = camera().to(shape(p)); return Math.hypot(a - u, b - v); };
  // The point of the plane or of the surface under the pointer; beside the surface, the nearest on its outline.
  function under([u, v]) {
    const z = flat() ? 0 : seen().at(u, v);
    if (z === null && get("two_sided")) return get("points")[get("active")];  // it has no outline everywhere
    const p = camera().back([u, v, z ?? 0]), most = get("extent") * 0.97;
    return flat() ? p.slice(0, 2).map((x) => Math.max(-most, Math.min(most, x))) : p.map((x) => x / (size(p) || 1));
  }
  // Where the point p may settle: on the orbit of another point; in the fixed spaces, the smallest first.
  const orbit = (p) => (p && !get("curve") ? images(p) : []);
  function fixed(p) {
    const n = p.length, all = mesh().fixed || [], found = [];
    for (let k = 0; k < all.length; k += n * n) {
      const q = times(all, k, p), r = flat() ? 1 : size(q);
      if (r > 1e-6) found.push(q.map((x) => x / r));
    }
    return found;
  }
  function move(i, p, spot) {
    const haven = spot && [...orbit(get("points")[1 - i]), ...fixed(p)].find((q) => far(q, spot) < 8);
    save(model, { points: get("points").with(i, haven || p), active: i });
  }
  function step(i, [du, dv]) {
    const [u, v] = camera().to(shape(get("points")[i]));
    move(i, under([u + du, v + dv]));
  }
  function settle(i) {  // x in the nearest fixed space, y on the orbit of x
    const now = get("points")[i], distance = (q) => size(q.map((x, k) => x - now[k]));
    const all = (i ? orbit(get("points")[0]) : fixed(now)).filter((q) => distance(q) > 1e-6);
    if (all.length) move(i, all.reduce((best, q) => (distance(q) < distance(best) - 1e-9 ? q : best)));
  }
  const nearest = (spot) => get("points").map((p, i) => [seen().above(camera().to(shape(p))) ? far(p, spot) : 99, i]).filter(([d]) => d < 16).sort(([a], [b]) => a - b)[0]?.[1];
  canvas.addEventListener("pointerdown", (event) => {
    if (!get("points").length) return;
    const spot = place(event);
    held = nearest(spot) ?? null;
    canvas.setPointerCapture(event.pointerId);
    if (held !== null) save(model, { active: held });
    else turning = { spot, angles: get("angles"), still: true };
  });
  canvas.addEventListener("pointermove", (event) => {
    const spot = place(event);
    if (held !== null) return move(held, under(spot), spot);
    if (!turning) return void (canvas.style.cursor = get("points").length && nearest(spot) !== undefined ? "grab" : "default");
    const [du, dv] = [spot[0] - turning.spot[0], spot[1] - turning.spot[1]];
    if (Math.hypot(du, dv) > 4) turning.still = false;
    if (!turning.still && !flat()) turn(turning.angles, -0.011 * du, 0.011 * dv);
  });
  canvas.addEventListener("pointerup", (event) => {
    const spot = place(event);
    if (turning?.still && (flat() || seen().at(...spot) !== null)) move(get("active"), under(spot), spot);
    held = turning = null;
  });
  canvas.addEventListener("pointercancel", () => { held = turning = null; });
  for (const name of ["focus", "blur"]) canvas.addEventListener(name, view.redraw);
  const turn = ([a, e], da, de) => save(model, { angles: [a + da, Math.max(-1.5, Math.min(1.5, e + de))] });
  canvas.addEventListener("keydown", (event) => {
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key], i = get("active");
    if (!get("points").length || !(arrow || event.key === " " || event.key === "Enter")) return;
    if (arrow && event.shiftKey) { if (!flat()) turn(get("angles"), -0.1 * arrow[0], 0.1 * arrow[1]); }
    else if (arrow) step(i, arrow.map((x) => 6 * x));
    else if (event.key === " ") settle(i);
    else save(model, { active: (i + 1) % get("points").length });
    event.preventDefault();
    event.stopPropagation();
  });
  return view.release;
}
export default { render };
