// Curves over steps: linear or logarithmic, dashed floors, marks at steps, a shaded tolerance band, and a cursor that any scrubber may move.
function render({ model, el }) {
  const pad = { left: 58, right: 12, top: 8, bottom: 36 };
  const rows = () => {
    const data = bytes(model, "data", Float32Array), width = model.get("series").length + 1, out = [];
    for (let i = 0; data && i < data.length; i += width) out.push(data.subarray(i, i + width));
    return out;
  };
  const at = (count) => (model.get("cursor") < 0 ? count - 1 : Math.min(model.get("cursor"), count - 1));
  const tidy = (v) => !Number.isFinite(v) ? "–" : v === 0 ? "0" : Math.abs(v) >= 1e4 || Math.abs(v) < 1e-3 ? v.toExponential(1).replace("-", "−") : String(+v.toPrecision(3));
  const superscript = (k) => "10" + [...String(k)].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("");

  function scales(table) {
    const log = model.get("log"), marks = [...model.get("floors").map(([v]) => v), ...model.get("band")];
    const ys = table.flatMap((row) => [...row.subarray(1)]).concat(marks).filter((v) => Number.isFinite(v) && (!log || v > 0));
    let low = Math.min(...ys), high = Math.max(...ys);
    if (!ys.length) [low, high] = log ? [1e-3, 1] : [0, 1];
    if (log) [low, high] = [Math.floor(Math.log10(Math.max(low, 1e-17)) - 0.25), Math.ceil(Math.log10(high) + 0.05)];
    else [low, high] = [Math.min(0, low), high + 0.05 * (high - Math.min(0, low) || 1)];
    const xs = [table.length ? table[0][0] : +model.get("log_x"), Math.max(model.get("x_max"), table.length ? table[table.length - 1][0] : 1)];
    const width = model.get("width") - pad.left - pad.right, height = model.get("height") - pad.top - pad.bottom;
    const y = (v) => pad.top + height * (1 - ((log ? Math.log10(Math.max(v, 1e-17)) : v) - low) / (high - low || 1));
    const along = model.get("log_x") ? (v) => Math.log10(Math.max(v, 1e-17)) : (v) => v, [first, last] = xs.map(along);
    return { low, high, log, width, height, xs, x: (v) => pad.left + (width * (along(v) - first)) / (last - first || 1), y };
  }
  function ticks(low, high, count) {
    const rough = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((m) => m * power >= rough), out = [];
    for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * step; k++) out.push(k * step);
    return out;
  }

  function doublings([low, high]) {  // 1, 2, 5, 10, … or, over more than two decades, powers of ten
    const out = [];
    for (let k = Math.floor(Math.log10(low)); 10 ** k <= high; k++) out.push(...(high < 100 * low ? [1, 2, 5] : [1]).map((m) => m * 10 ** k));
    return out.filter((v) => v >= low && v <= high);
  }

  function draw(context, { ink, text, soft, grid, page, font, family }) {
    const table = rows(), { low, high, log, width, height, xs, x, y } = scales(table), series = model.get("series");
    context.font = `${font * 0.92}px ${family}`;
    context.lineWidth = 1;
    const band = model.get("band");
    if (band.length) {
      const [bottom, top] = band.map((v) => Math.max(pad.top, Math.min(pad.top + height, y(v))));
      context.fillStyle = ink("band");
      context.fillRect(pad.left, top, width, bottom - top);
    }
    const decade = Math.max(1, Math.ceil((high - low) / (height / (1.7 * font))));
    const yTicks = log ? ticks(low, high, (high - low) / decade).filter(Number.isInteger).map((k) => [10 ** k, superscript(k)])
      : ticks(low, high, Math.max(2, height / (3.2 * font))).map((v) => [v, tidy(v)]);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const [v, name] of yTicks) {
      context.strokeStyle = grid;
      segment(context, pad.left, y(v), pad.left + width, y(v));
      context.fillStyle = soft;
      context.fillText(name, pad.left - 7, y(v));
    }
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const v of model.get("log_x") ? doublings(xs) : ticks(xs[0], xs[1], width / (3.6 * font))) {
      const last = pad.left + width + pad.right - context.measureText(tidy(v)).width / 2;
      context.fillText(tidy(v), Math.min(x(v), last), pad.top + height + 5);
    }
    context.fillText(model.get("x_label"), pad.left + width / 2, pad.top + height + 5 + font * 1.15);
    context.save();
    context.beginPath();
    context.rect(pad.left, pad.top - 3, width, height + 6);
    context.clip();
    context.textAlign = "left";  // where losses are still far above their floor
    context.textBaseline = "bottom";
    for (const [v, name] of model.get("floors")) {
      context.strokeStyle = context.fillStyle = ink("invariant");
      context.setLineDash([7, 5]);
      context.lineWidth = 1.5;
      segment(context, pad.left, y(v), pad.left + width, y(v));
      context.fillText(name, pad.left + 6, y(v) - 2);
    }
    let taken = -Infinity;  // where marks crowd, the last of them has its name
    for (const [v, name] of [...model.get("marks")].reverse().map(([v, name]) => [x(v), name])) {
      context.strokeStyle = context.fillStyle = soft;
      context.setLineDash([2, 3]);
      context.lineWidth = 1;
      segment(context, v, pad.top, v, pad.top + height);
      const wide = context.measureText(name).width + 4;
      if (Math.abs(taken - v) > wide) context.fillText(name, (taken = v) - wide + 2, pad.top + 1.1 * font);
    }
    series.forEach(({ colour, dash, points }, k) => {
      context.strokeStyle = context.fillStyle = ink(colour);
      for (const row of points ? table : []) {
        if (!Number.isFinite(row[k + 1])) continue;
        context.beginPath();
        context.arc(x(row[0]), y(row[k + 1]), 6, 0, 2 * Math.PI);
        context.fill();
      }
      if (points) return;
      context.setLineDash(dash ? [4, 4] : []);
      context.lineWidth = 2.2;
      context.beginPath();
      let pen = false;
      for (const row of table) {
        const v = row[k + 1], ok = Number.isFinite(v);
        if (ok) pen ? context.lineTo(x(row[0]), y(v)) : context.moveTo(x(row[0]), y(v));
        pen = ok;
      }
      context.stroke();
    });
    context.setLineDash([]);
    Object.assign(context, { textAlign: "center", textBaseline: "middle", font: `600 ${font * 0.8}px ${family}`, lineWidth: 1.5 });
    series.forEach(({ colour, letter }, k) => {  // each at its own step, that they do not meet
      const row = table[Math.floor(((k + 1) * (table.length - 1)) / (series.length + 1))];
      if (!letter || !row || !Number.isFinite(row[k + 1])) return;
      context.beginPath();
      context.arc(x(row[0]), y(row[k + 1]), 7, 0, 2 * Math.PI);
      Object.assign(context, { fillStyle: page, strokeStyle: ink(colour) });
      context.fill();
      context.stroke();
      context.fillStyle = text;
      context.fillText(letter, x(row[0]), y(row[k + 1]) + 0.5);
    });
    context.restore();
    const now = table[at(table.length)];
    if (now) {
      context.strokeStyle = soft;
      context.lineWidth = 1;
      segment(context, x(now[0]), pad.top, x(now[0]), pad.top + height);
      series.forEach(({ colour }, k) => {
        if (!Number.isFinite(now[k + 1])) return;
        context.fillStyle = ink(colour);
        context.beginPath();
        context.arc(x(now[0]), y(now[k + 1]), 4, 0, 2 * Math.PI);
        context.fill();
      });
    }
    legend.style.display = model.get("legend") ? "" : "none";
    legend.replaceChildren(...series.flatMap(({ name, colour, dash, points }, k) => {
      if (!name) return [];
      const item = element("span", ""), swatch = element("i", dash ? "eq-dash" : "");
      swatch.style.borderColor = ink(colour);
      item.append(swatch, `${name} ${now && !points ? tidy(now[k + 1]) : ""}`);
      return item;
    }));
    legend.style.width = view.canvas.style.width;
  }
  function segment(context, x0, y0, x1, y1) {
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  }

  const legend = element("div", "eq-legend");
  const view = stage(model, el, "eq-chart", draw);
  el.insertBefore(legend, view.canvas);
  const scrub = (event) => {
    const table = rows(), { x } = scales(table), [u] = view.place(event);
    if (!table.length || !event.buttons) return;
    const gaps = table.map((row) => Math.abs(x(row[0]) - u));
    save(model, { cursor: gaps.indexOf(Math.min(...gaps)) });
  };
  view.canvas.addEventListener("pointerdown", (event) => { view.canvas.setPointerCapture(event.pointerId); scrub(event); });
  view.canvas.addEventListener("pointermove", scrub);
  return view.release;
}
export default { render };
