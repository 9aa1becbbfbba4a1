// A bar for every layer on a log axis: blue within the tolerance band, vermilion above. A diamond is the layer's own error.
function render({ model, el }) {
  const get = (name) => model.get(name), pad = { left: 48, right: 8, top: 12, bottom: 30 }, low = -17, high = 1.5;
  const slot = () => (get("width") - pad.left - pad.right) / Math.max(1, get("names").length);
  const superscript = (k) => "10" + [...String(k)].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("");

  function draw(context, { ink, text, soft, grid, font, family }) {
    const floor = get("height") - pad.bottom, s = slot(), wide = Math.min(46, 0.62 * s);
    const y = (v) => floor - ((Math.min(high, Math.log10(Math.max(v, 1e-17))) - low) / (high - low)) * (floor - pad.top);
    const write = (word, x, at, hue, align, weight = 400) => {
      Object.assign(context, { font: `${weight} ${0.92 * font}px ${family}`, fillStyle: hue, textAlign: align, textBaseline: "middle" });
      context.fillText(word, x, at);
    };
    context.fillStyle = ink("band");
    context.fillRect(pad.left, y(get("tolerance")), get("width") - pad.left - pad.right, floor - y(get("tolerance")));
    context.lineWidth = 1;
    for (let k = -16; k <= 0; k += 4) {
      context.strokeStyle = grid;
      segment(context, pad.left, y(10 ** k), get("width") - pad.right, y(10 ** k));
      write(superscript(k), pad.left - 7, y(10 ** k), soft, "right");
    }
    get("names").forEach((name, i) => {
      const x = pad.left + (i + 0.5) * s, broken = get("errors")[i] > get("tolerance"), chosen = i === get("selected");
      context.fillStyle = ink(broken ? "group" : "invariant");
      context.fillRect(x - wide / 2, y(get("errors")[i]), wide, Math.max(2, floor - y(get("errors")[i])));
      write(name, x, floor + 0.9 * font, chosen ? text : soft, "center", chosen ? 700 : 400);
      const at = y(get("own")[i]);
      context.beginPath();
      for (const [u, v] of [[0, -6], [6, 0], [0, 6], [-6, 0]]) context.lineTo(x + u, at + v);
      context.closePath();
      Object.assign(context, { fillStyle: ink(get("own")[i] > get("tolerance") ? "group" : "invariant"), strokeStyle: "#ffffff", lineWidth: 1.5 });
      context.fill();
      context.stroke();
      if (!chosen) return;
      Object.assign(context, { strokeStyle: text, lineWidth: document.activeElement === view.canvas ? 2.5 : 1 });
      context.strokeRect(x - wide / 2 - 4, pad.top - 4, wide + 8, floor - pad.top + 8);
    });
  }
  function segment(context, x0, y0, x1, y1) {
    context.beginPath();
    context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    context.stroke();
  }

  const view = stage(model, el, "eq-layer-errors", draw);
  const at = (event) => Math.floor((view.place(event)[0] - pad.left) / slot());
  selects(model, view, "names", at, (i) => ({ ArrowLeft: i - 1, ArrowRight: i + 1 }));
  return view.release;
}
export default { render };
