// Labelled bars from left to right on a log axis, two words behind each; a click, or ↑ ↓, selects one, and the line below tells about it, or about the one under the pointer.
function render({ model, el }) {
  const get = (name) => model.get(name), pad = { left: 206, right: 134, top: 4, bottom: 74 };
  let hovered = -1;
  const slot = () => (get("height") - pad.top - pad.bottom) / Math.max(1, get("rows").length);
  const superscript = (k) => "10" + [...String(k)].map((c) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]).join("");

  function draw(context, { ink, text, soft, grid, font, family }) {
    const rows = get("rows"), s = slot(), floor = get("height") - pad.bottom, wide = get("width") - pad.left - pad.right;
    const top = Math.max(1, Math.ceil(Math.log10(Math.max(...rows.map(([, number]) => number), 1)))), x = (v) => pad.left + (wide * Math.log10(Math.max(v, 1))) / top;
    const write = (word, u, y, hue, align, weight = 400) => {
      Object.assign(context, { font: `${weight} ${0.93 * font}px ${family}`, fillStyle: hue, textAlign: align, textBaseline: "middle" });
      context.fillText(word, u, y);
    };
    context.lineWidth = 1;
    const every = Math.ceil(top / (wide / (2.6 * font)));
    for (let k = 0; k <= top; k += every) {
      context.strokeStyle = grid;
      context.beginPath();
      context.moveTo(x(10 ** k), pad.top);
      context.lineTo(x(10 ** k), floor);
      context.stroke();
      write(superscript(k), x(10 ** k), floor + 0.8 * font, soft, "center");
    }
    rows.forEach(([name, number, memory], i) => {
      const y = pad.top + (i + 0.5) * s, chosen = i === get("selected");
      if (chosen || i === hovered) {
        context.fillStyle = ink("band");
        context.fillRect(0, y - s / 2, get("width"), s);
      }
      context.fillStyle = ink(get("colours")[i]);
      context.fillRect(pad.left, y - 0.3 * s, Math.max(2, x(number) - pad.left), 0.6 * s);
      write(name, pad.left - 9, y, chosen ? text : soft, "right", chosen ? 700 : 400);
      write(number.toLocaleString("en"), x(number) + 7, y, text, "left", chosen ? 700 : 400);
      write(memory, get("width") - 4, y, soft, "right");
      if (chosen && document.activeElement === view.canvas) {
        Object.assign(context, { strokeStyle: ink("invariant"), lineWidth: 2 });
        context.strokeRect(1, y - s / 2 + 1, get("width") - 2, s - 2);
      }
    });
    const told = rows[hovered >= 0 && hovered < rows.length ? hovered : get("selected")];
    if (!told) return;
    write(`${told[0]}: ${told[3]} = ${told[1].toLocaleString("en")}`, 4, floor + 2.6 * font, text, "left", 700);
    write(told[4], 4, floor + 4.1 * font, soft, "left");
  }

  const view = stage(model, el, "eq-log-bars", draw);
  const { canvas } = view;
  const rowAt = (event) => {
    const i = Math.floor((view.place(event)[1] - pad.top) / slot());
    return i < get("rows").length ? i : -1;
  };
  const hover = (i) => { if (i !== hovered) { hovered = i; view.redraw(); } };
  canvas.addEventListener("pointermove", (event) => hover(rowAt(event)));
  canvas.addEventListener("pointerleave", () => hover(-1));
  selects(model, view, "rows", rowAt, (i) => ({ ArrowUp: i - 1, ArrowDown: i + 1 }));
  return view.release;
}
export default { render };
