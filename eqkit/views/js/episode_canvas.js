// An episode: support images on the left, query images with what the network says on the right, and one query's probabilities.
// Rows are the true classes; `frame` is the inner step shown. A click, or the arrow keys, chooses a query.
function render({ model, el }) {
  const get = (name) => model.get(name), left = 30, gap = 26, panel = 170, head = 24;
  const cell = () => Math.min((get("width") - left - gap - panel) / (get("shot") + get("query")), (get("height") - head) / get("way"));
  const caption = 20, queries = () => get("way") * get("query");
  const at = (i) => [left + gap + (get("shot") + (i % get("query"))) * cell(), head + Math.floor(i / get("query")) * cell()];
  let cached = "", tiles = [];

  // every image as a small canvas in the colour of the text, its ink as opacity
  function stencils(hue) {
    const key = hue + get("rev");
    if (key === cached) return tiles;
    const ink = bytes(model, "pixels", Uint8Array), side = get("side"), size = side * side, probe = new OffscreenCanvas(1, 1).getContext("2d");
    probe.fillStyle = hue;
    probe.fillRect(0, 0, 1, 1);
    const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
    tiles = [];
    for (let k = 0; ink && k < ink.length / size; k++) {
      const image = new ImageData(side, side), small = new OffscreenCanvas(side, side);
      for (let i = 0; i < size; i++) image.data.set([red, green, blue, ink[k * size + i]], 4 * i);
      small.getContext("2d").putImageData(image, 0, 0);
      tiles.push(small);
    }
    cached = key;
    return tiles;
  }
  function told(i) {  // the probabilities of query i at this step, and the class they name
    const all = bytes(model, "probabilities", Float32Array), way = get("way"), frames = all.length / (queries() * way);
    const t = Math.min(Math.max(0, get("frame")), frames - 1), from = (t * queries() + i) * way, p = all.subarray(from, from + way);
    return [p, p.indexOf(Math.max(...p))];
  }

  function draw(context, { ink, text, soft, grid, font, family }) {
    if (!get("probabilities").byteLength) return;
    const s = cell(), picture = s - caption - 6, images = stencils(text), classes = get("classes"), { way, shot, query } = { way: get("way"), shot: get("shot"), query: get("query") };
    const write = (word, x, y, hue = text, align = "left", weight = 400, size = font) => {
      Object.assign(context, { font: `${weight} ${size}px ${family}`, fillStyle: hue, textAlign: align, textBaseline: "middle" });
      context.fillText(word, x, y);
    };
    const swatch = (c, x, y, size = 20) => {
      context.fillStyle = classes[c][0];
      context.fillRect(x, y - size / 2, size, size);
      const [red, green, blue] = [1, 3, 5].map((k) => parseInt(classes[c][0].slice(k, k + 2), 16));
      write(classes[c][1], x + size / 2, y + 1, 0.3 * red + 0.59 * green + 0.11 * blue > 120 ? "#000000" : "#ffffff", "center", 600, 0.95 * font);
    };
    context.imageSmoothingEnabled = true;
    write("support", left, 10, soft);
    write("query: what is it?", left + gap + shot * s, 10, soft);
    let right = 0;
    for (let c = 0; c < way; c++) {
      swatch(c, 2, head + c * s + picture / 2);
      for (let k = 0; k < shot; k++) {
        context.strokeStyle = grid;
        context.lineWidth = 1;
        context.strokeRect(left + k * s + 1.5, head + c * s + 1.5, picture, picture);
        context.drawImage(images[c * shot + k], left + k * s + 2, head + c * s + 2, picture - 1, picture - 1);
      }
    }
    for (let i = 0; i < queries(); i++) {
      const [x, y] = at(i), [p, said] = told(i), good = said === Math.floor(i / query);
      right += good;
      context.drawImage(images[way * shot + i], x + 2, y + 2, picture - 1, picture - 1);
      Object.assign(context, { strokeStyle: ink(good ? "invariant" : "group"), lineWidth: good ? 1.5 : 2.5 });
      context.setLineDash(good ? [] : [5, 4]);
      context.strokeRect(x + 1.5, y + 1.5, picture, picture);
      context.setLineDash([]);
      const words = `${good ? "✓" : "✗"} ${classes[said][1]}` + (s > 54 ? ` ${p[said].toFixed(2)}` : "");
      write(words, x + picture / 2, y + picture + caption / 2 + 4, ink(good ? "invariant" : "group"), "center", good ? 400 : 700, 0.88 * font);
      if (i === get("cursor")) {
        Object.assign(context, { strokeStyle: text, lineWidth: 2 });
        context.strokeRect(x - 2, y - 2, picture + 7, picture + 7);
      }
    }
    const i = get("cursor"), x = get("width") - panel + 14;
    let chosen = "";
    if (i >= 0 && i < queries()) {
      const [p, said] = told(i), truth = Math.floor(i / query), step = Math.min(24, (get("height") - head) / way);
      const place = `query ${(i % query) + 1} of ${classes[truth][1]}`;
      write(place, x, 10, soft);
      p.forEach((share, c) => {
        const y = head + (c + 0.5) * step;
        swatch(c, x, y, Math.min(18, step - 3));
        context.fillStyle = ink(c === truth ? "invariant" : "group");
        context.globalAlpha = c === said ? 1 : 0.45;
        context.fillRect(x + 24, y - 0.3 * step, Math.max(1, 84 * share), 0.6 * step);
        context.globalAlpha = 1;
        write(share.toFixed(2) + (c === truth ? " ◂" : ""), x + 30 + 84 * share, y, text, "left", c === truth ? 700 : 400, 0.88 * font);
      });
      chosen = `${place}: says ${classes[said][1]}, ${said === truth ? "right" : "wrong"}, probabilities ${classes.map(([, a], c) => `${a} ${p[c].toFixed(2)}`).join(", ")}`;
    }
    view.canvas.setAttribute("aria-label", `${get("label")}. After ${Math.max(0, get("frame"))} inner steps ${right} of ${queries()} are right; ${chosen}`);
    view.canvas.dataset.eqRight = right;
  }

  const view = stage(model, el, "eq-episode", draw), { canvas } = view;
  const choose = (i) => save(model, { cursor: i });
  canvas.addEventListener("pointerdown", (event) => {
    const [x, y] = view.place(event), s = cell();
    for (let i = 0; i < queries(); i++) {
      const [a, b] = at(i);
      if (x >= a && x < a + s && y >= b && y < b + s) choose(i);
    }
  });
  canvas.addEventListener("keydown", (event) => {
    const query = get("query"), now = Math.max(0, get("cursor")), c = now % query;
    const step = { ArrowLeft: c > 0 ? -1 : 0, ArrowRight: c < query - 1 ? 1 : 0, ArrowUp: -query, ArrowDown: query }[event.key];
    if (step === undefined) return;
    if (now + step >= 0 && now + step < queries()) choose(now + step);
    event.preventDefault();
    event.stopPropagation();
  });
  return view.release;
}
export default { render };
