// Sets as columns of bars: φ of every element, and the sum in blue. A new order of the same columns is walked to.
function render({ model, el }) {
  const get = (name) => model.get(name), still = matchMedia("(prefers-reduced-motion: reduce)");
  const head = 24, left = 58, gap = 16;
  let t = 1, started = 0, before = null;

  // At which place element i stands: on its way from the order before to the present one.
  function place(i) {
    const to = get("order").indexOf(i), from = before ? before.indexOf(i) : to, ease = 0.5 - 0.5 * Math.cos(Math.PI * t);
    return from + (to - from) * ease;
  }

  function draw(context, { ink, text, soft, grid, font, family }) {
    const count = get("order").length, names = get("names"), rows = names.length, total = 1.9;
    const cell = (get("width") - left - gap) / (count + total), half = get("height") / 2;
    const pitch = Math.min(44, (half - head - 10) / rows), bar = Math.min(20, 0.62 * pitch);
    const write = (word, x, y, hue, align = "center", size = font) => {
      Object.assign(context, { font: `600 ${size}px ${family}`, fillStyle: hue, textAlign: align, textBaseline: "middle" });
      context.fillText(word, x, y);
    };
    ["values", "second"].forEach((name, k) => {
      const table = bytes(model, name, Float32Array), top = k * half;  // (count, rows)
      if (!table) return;
      const mine = k ? ink("group") : text, sums = bytes(model, "sums", Float32Array).subarray(k * rows, (k + 1) * rows);
      const [scale, tall] = [get("scale"), get("total_scale")], at = left + gap + (count + 0.85) * cell;
      write(k ? "Y" : "X", left - 12, top + 11, mine, "right");
      write("Σ", at, top + 11, ink("invariant"), "center", 1.15 * font);
      context.strokeStyle = grid;
      context.lineWidth = 1;
      for (const x of [...Array(count).keys()].map((j) => left + (j + 0.5) * cell).concat(at)) segment(context, x, top + head, x, top + head + rows * pitch);
      names.forEach((word, r) => write(word, left - 12, top + head + (r + 0.5) * pitch, soft, "right", Math.min(font, 0.8 * pitch)));
      get("letters").forEach((letter, i) => {
        const x = left + (place(i) + 0.5) * cell, hue = k ? mine : get("colours")[i];
        write(k ? letter + "′" : letter, x, top + 11, k ? mine : text);
        for (let r = 0; r < rows; r++) {
          const y = top + head + (r + 0.5) * pitch, v = Math.max(-1, Math.min(1, table[i * rows + r] / scale));
          stick(context, x, y, 0.46 * cell * v, bar, hue);
        }
      });
      for (let r = 0; r < rows; r++) {
        const y = top + head + (r + 0.5) * pitch;
        stick(context, at, y, 0.8 * cell * Math.max(-1, Math.min(1, sums[r] / tall)), bar, ink("invariant"));
        const word = (Math.round(1e3 * sums[r]) / 1e3 || 0).toFixed(3).replace("-", "−"), high = Math.min(0.9 * font, 0.75 * pitch);
        write(word, sums[r] < 0 ? at + 5 : at - 5, y, text, sums[r] < 0 ? "left" : "right", high);
      }
    });
    if (t < 1) requestAnimationFrame(tick);
  }
  function stick(context, x, y, length, thick, hue) {
    context.fillStyle = hue;
    context.fillRect(Math.min(x, x + length), y - thick / 2, Math.max(1, Math.abs(length)), thick);
  }
  function segment(context, x0, y0, x1, y1) {
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  }
  function tick(now) {
    t = Math.min(1, (now - started) / 600);
    view.redraw();
  }
  const move = () => {
    before = last.length === get("order").length && !still.matches ? last : null;
    last = get("order");
    t = before ? 0 : 1;
    started = performance.now();
  };
  let last = get("order");
  const view = stage(model, el, "eq-columns", draw);
  model.on("change:order", move);
  return () => { model.off("change:order", move); view.release(); };
}
export default { render };
