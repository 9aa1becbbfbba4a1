// Stacked bars by degree: what comes from below, and what is new. A click, or ← →, selects a degree; bounds are dashed lines.
function render({ model, el }) {
  const get = (name) => model.get(name), pad = { left: 10, right: 10, top: 30, bottom: 36 };
  const slot = () => (get("width") - pad.left - pad.right) / Math.max(1, get("bars").length);

  function draw(context, { ink, text, soft, grid, font, family }) {
    const bars = get("bars"), width = get("width"), floor = get("height") - pad.bottom, most = Math.max(1, ...bars.map(([old, fresh]) => old + fresh));
    const high = (count) => ((floor - pad.top - font) * count) / most, s = slot(), every = Math.ceil((1.9 * font) / s);
    const write = (word, x, y, hue, align = "center", weight = 400, size = font) => {
      Object.assign(context, { font: `${weight} ${size}px ${family}`, fillStyle: hue, textAlign: align, textBaseline: "middle" });
      context.fillText(word, x, y);
    };
    get("legend").forEach((word, k) => {
      const x = pad.left + k * 205;
      context.fillStyle = ink("invariant");
      context.globalAlpha = k ? 1 : 0.35;
      context.fillRect(x, 5, 13, 13);
      context.globalAlpha = 1;
      write(word, x + 19, 12, soft, "left", 400, 0.93 * font);
    });
    bars.forEach(([old, fresh], d) => {
      const x = pad.left + d * s, w = Math.max(2, s - 3);
      if (d === get("selected")) {
        context.fillStyle = ink("band");
        context.fillRect(x - 1, pad.top - 4, s, floor - pad.top + 22);
      }
      context.fillStyle = ink("invariant");
      context.globalAlpha = 0.35;
      context.fillRect(x, floor - high(old), w, high(old));
      context.globalAlpha = 1;
      context.fillRect(x, floor - high(old + fresh), w, high(fresh));
      const tight = s < 1.15 * font;
      if (old + fresh && (!tight || fresh)) write(String(old + fresh), x + w / 2, floor - high(old + fresh) - 0.6 * font, fresh ? text : soft, "center", fresh ? 700 : 400, 0.86 * font);
      if (d % every === 0) write(String(d), x + w / 2, floor + 0.75 * font, d === get("selected") ? text : soft);
    });
    context.strokeStyle = grid;
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(pad.left, floor + 0.5);
    context.lineTo(width - pad.right, floor + 0.5);
    context.stroke();
    write(get("x_label"), width / 2, floor + 1.85 * font, soft);
    if (get("bound") < bars.length) {
      const x = pad.left + (get("bound") + 1) * s - 1.5;
      Object.assign(context, { strokeStyle: soft, lineWidth: 1.5 });
      context.setLineDash([4, 4]);
      context.beginPath();
      context.moveTo(x, pad.top - 6);
      context.lineTo(x, floor);
      context.stroke();
      context.setLineDash([]);
    }
    if (document.activeElement === view.canvas) {
      Object.assign(context, { strokeStyle: ink("invariant"), lineWidth: 2 });
      context.strokeRect(pad.left + get("selected") * s - 1, pad.top - 4, s, floor - pad.top + 22);
    }
  }

  const view = stage(model, el, "eq-bars", draw);
  const next = (d, step) => {  // the next degree with something new
    const bars = get("bars");
    for (let e = d + step; e >= 0 && e < bars.length; e += step) if (bars[e][1]) return e;
    return d;
  };
  const at = (event) => Math.floor((view.place(event)[0] - pad.left) / slot());
  selects(model, view, "bars", at, (d) => ({ ArrowLeft: next(d, -1), ArrowRight: next(d, 1) }));
  return view.release;
}
export default { render };
