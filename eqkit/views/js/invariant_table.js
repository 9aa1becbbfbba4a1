// Invariants with their values at the points, on a canvas (new text on the page costs ten times more). A click or ↑ ↓ selects one.
function render({ model, el }) {
  const get = (name) => model.get(name), pitch = 30, head = 26;
  const shown = () => Math.floor((get("height") - head) / pitch);
  const first = () => Math.max(0, Math.min(get("selected") - shown() + 2, get("names").length - shown()));
  const tidy = (v) => (Math.abs(v) < 5e-4 ? "0" : Math.abs(v) >= 1e4 ? v.toExponential(2) : String(+v.toPrecision(3))).replace("-", "−");
  const same = (terms, p, q) => {
    const size = Math.max(...[p, q].map((x) => evaluate(terms.map(([c, ...powers]) => [Math.abs(c), ...powers]), x.map(Math.abs))));
    return Math.abs(evaluate(terms, p) - evaluate(terms, q)) <= 1e-6 * size;
  };

  function draw(context, { ink, text, soft, grid, font, family }) {
    const points = get("polynomials").length === get("names").length ? get("points") : [], width = get("width"), columns = points.map((_, k) => width - 8 - 78 * (points.length - 1 - k) - (points.length > 1 ? 26 : 0));
    const write = (word, x, y, hue, align = "left", weight = 400, size = font) => {
      Object.assign(context, { font: `${weight} ${size}px ${family}`, fillStyle: hue, textAlign: align, textBaseline: "middle" });
      context.fillText(word, x, y);
    };
    const end = Math.min(get("names").length, first() + shown()), part = shown() < get("names").length;
    write(get("heading") + (part ? `, ${first() + 1} to ${end}: more by ↑ ↓` : ""), 8, head / 2, soft);
    points.forEach((_, k) => write(`at ${"xy"[k]}`, columns[k], head / 2, soft, "right"));
    const room = (columns[0] ?? width) - 84;
    for (let i = first(); i < end; i++) {
      const y = head + pitch * (i - first() + 0.5), terms = get("polynomials")[i];
      context.strokeStyle = grid;
      context.lineWidth = 1;
      context.strokeRect(0.5, y - pitch / 2 + 0.5, width - 1, pitch);
      if (i === get("selected")) {
        context.fillStyle = ink("band");
        context.fillRect(0, y - pitch / 2, width, pitch);
        context.fillStyle = ink("invariant");
        context.fillRect(0, y - pitch / 2, 4, pitch);
      }
      let name = get("names")[i];
      context.font = `600 ${font}px ${family}`;
      if (context.measureText(name).width > room) {
        while (context.measureText(name + " …").width > room) name = name.slice(0, -1);
        name = name.trimEnd() + " …";
      }
      write(name, 12, y, text, "left", 600);
      const values = points.map((p) => evaluate(terms, p)), alike = points.length < 2 || same(terms, ...points);
      values.forEach((v, k) => write(tidy(v), columns[k], y, ink("invariant"), "right", 600));
      if (points.length > 1) write(alike ? "=" : "≠", width - 14, y, alike ? ink("invariant") : ink("group"), "center", 700, 1.2 * font);
    }
    if (document.activeElement === view.canvas) {
      context.strokeStyle = ink("invariant");
      context.strokeRect(1, head + pitch * (get("selected") - first()) + 1, width - 2, pitch - 1);
    }
  }

  const view = stage(model, el, "eq-invariants", draw);
  const at = (event) => {
    const y = view.place(event)[1];
    return y > head && y < head + pitch * shown() ? first() + Math.floor((y - head) / pitch) : -1;
  };
  const keys = (i) => ({ ArrowUp: i - 1, ArrowDown: i + 1, Home: 0, End: get("names").length - 1 });
  selects(model, view, "names", at, keys);
  return view.release;
}
export default { render };
