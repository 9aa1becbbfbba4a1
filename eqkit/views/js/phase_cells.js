// A table of cells coloured by a share, with names of rows and columns and lines between the cells of each row. Hovering outlines a cell, and resting on it, a click or the arrow keys set `cursor`.
function render({ model, el }) {
  const get = (name) => model.get(name), pad = { left: 180, right: 4, top: 2, bottom: 66 };
  let hovered = -1, resting = 0;
  const size = () => [get("rows").length, get("columns").length];
  const pitch = () => [(get("width") - pad.left - pad.right) / size()[1], (get("height") - pad.top - pad.bottom) / size()[0]];
  const recorded = (i) => i >= 0 && i < get("colours").length && get("colours")[i];

  function draw(context, { ink, text, soft, grid, font, family }) {
    const [h, w] = size(), [s, t] = pitch(), floor = pad.top + h * t, colours = get("colours"), words = get("words");
    const write = (word, x, y, hue, align, weight = 400, share = 0.93) => {
      Object.assign(context, { font: `${weight} ${share * font}px ${family}`, fillStyle: hue, textAlign: align, textBaseline: "middle" });
      context.fillText(word, x, y);
    };
    const at = get("cursor");
    colours.forEach((hue, i) => {
      const x = pad.left + (i % w) * s, y = pad.top + Math.floor(i / w) * t;
      if (!hue) {
        context.strokeStyle = grid;
        context.lineWidth = 1;
        context.strokeRect(x + 1.5, y + 1.5, s - 3, t - 3);
        return;
      }
      context.fillStyle = hue;
      context.fillRect(x + 1, y + 1, s - 2, t - 2);
      const [red, green, blue] = [1, 3, 5].map((k) => parseInt(hue.slice(k, k + 2), 16));
      write(words[i], x + s / 2, y + t / 2, 0.3 * red + 0.59 * green + 0.11 * blue > 120 ? "#000000" : "#ffffff", "center");
    });
    get("rows").forEach((name, r) => write(name, pad.left - 8, pad.top + (r + 0.5) * t, Math.floor(at / w) === r ? text : soft, "right", Math.floor(at / w) === r ? 700 : 400));
    get("columns").forEach((name, c) => write(name, pad.left + (c + 0.5) * s, floor + 0.8 * font, at % w === c ? text : soft, "center", at % w === c ? 700 : 400));
    write(get("x_label"), pad.left + (w * s) / 2, floor + 2.1 * font, soft, "center");
    let legend = pad.left;
    for (const { name, colour, dash, at: places } of get("lines")) {
      Object.assign(context, { strokeStyle: ink(colour), lineWidth: 3.5 });
      context.setLineDash(dash ? [6, 4] : []);
      context.beginPath();
      let pen = false;
      places.forEach((c, r) => {
        if (c === null) { pen = false; return; }
        const x = pad.left + c * s + (dash ? -2.5 : 2.5);
        pen ? context.lineTo(x, pad.top + r * t) : context.moveTo(x, pad.top + r * t);
        context.lineTo(x, pad.top + (r + 1) * t);
        pen = true;
      });
      context.moveTo(legend, floor + 3.9 * font);
      context.lineTo(legend + 26, floor + 3.9 * font);
      context.stroke();
      context.setLineDash([]);
      write(name, legend + 33, floor + 3.9 * font, text, "left");
      legend += 60 + context.measureText(name).width;
    }
    for (const i of new Set([at, hovered])) {  // black on white is seen on every colour
      if (i < 0 || i >= colours.length) continue;
      const focus = i === at && document.activeElement === view.canvas ? 2 : 0;
      for (const [hue, wide] of [["#ffffff", 5 + focus], ["#000000", (i === at ? 2.5 : 1.2) + focus]]) {
        Object.assign(context, { strokeStyle: hue, lineWidth: wide });
        context.strokeRect(pad.left + (i % w) * s + 2, pad.top + Math.floor(i / w) * t + 2, s - 4, t - 4);
      }
    }
  }

  const view = stage(model, el, "eq-phase-cells", draw);
  const { canvas } = view;
  const choose = (i) => recorded(i) && i !== get("cursor") && save(model, { cursor: i });
  const cellAt = (event) => {
    const [x, y] = view.place(event), [s, t] = pitch(), [h, w] = size();
    const c = Math.floor((x - pad.left) / s), r = Math.floor((y - pad.top) / t), i = r * w + c;
    return c >= 0 && r >= 0 && c < w && r < h && recorded(i) ? i : -1;
  };
  function hover(i) {  // outlined at once; the kernel hears of it when the pointer rests
    if (i === hovered) return;
    hovered = i;
    clearTimeout(resting);
    if (i >= 0) resting = setTimeout(() => choose(i), 150);
    view.redraw();
  }
  canvas.addEventListener("pointermove", (event) => hover(cellAt(event)));
  canvas.addEventListener("pointerleave", () => hover(-1));
  canvas.addEventListener("pointerdown", (event) => choose(cellAt(event)));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] }[event.key], [h, w] = size();
    if (!step) return;
    let [r, c] = [Math.floor(get("cursor") / w), get("cursor") % w];
    do { r += step[0]; c += step[1]; } while (r >= 0 && c >= 0 && r < h && c < w && !recorded(r * w + c));
    if (r >= 0 && c >= 0 && r < h && c < w) choose(r * w + c);
    event.preventDefault();
    event.stopPropagation();
  });
  for (const name of ["focus", "blur"]) canvas.addEventListener(name, view.redraw);
  return () => { clearTimeout(resting); view.release(); };
}
export default { render };
