// Counts in words, and a swatch for every class of tied weights. On a canvas: to set new text on the page costs ten times more.
function render({ model, el }) {
  const get = (name) => model.get(name), columns = 3, pitch = 28;
  let over = -1;
  const top = () => 34 * get("facts").length + 44;
  const swatches = () => Math.max(0, Math.min(get("classes").length, columns * Math.floor((get("height") - top() - 22) / pitch)));

  function draw(context, { text, soft, font, family }) {
    const chosen = [over, get("hovered"), get("selected")].find((c) => c >= 0 && c < get("classes").length) ?? -1, width = get("width") / columns;
    const write = (word, x, y, size, hue, align = "left", weight = 600) => {
      Object.assign(context, { font: `${weight} ${size}px ${family}`, fillStyle: hue, textAlign: align, textBaseline: "middle" });
      context.fillText(word, x, y);
    };
    get("facts").forEach(([number, words], i) => {
      write(number, 74, 16 + 34 * i, 1.6 * font, text, "right");
      write(words, 86, 18 + 34 * i, font, soft, "left", 400);
    });
    const [, letter] = get("classes")[chosen] || [], size = get("sizes")[chosen];
    const told = letter ? `${letter}: ${size} ${size === 1 ? "weight" : "tied weights"}, one parameter` : "";
    write(told, 0, top() - 26, font, text);
    view.canvas.setAttribute("aria-label", [get("label"), told].filter(Boolean).join("; "));
    get("classes").slice(0, swatches()).forEach(([hue, name], c) => {
      const x = width * (c % columns), y = top() + pitch * Math.floor(c / columns);
      const [red, green, blue] = [1, 3, 5].map((i) => parseInt(hue.slice(i, i + 2), 16));
      context.globalAlpha = chosen >= 0 && c !== chosen ? 0.3 : 1;
      context.fillStyle = hue;
      context.fillRect(x, y, 26, 24);
      write(name, x + 13, y + 12.5, font, 0.3 * red + 0.59 * green + 0.11 * blue > 120 ? "#000000" : "#ffffff", "center");
      write(`× ${get("sizes")[c]}`, x + 33, y + 12.5, font, text);
      context.globalAlpha = 1;
    });
    const rest = get("classes").length - swatches();
    if (rest > 0) write(`and ${rest} more`, 0, get("height") - 10, font, soft, "left", 400);
  }

  const view = stage(model, el, "eq-tally", draw);
  const { canvas } = view;
  const swatchAt = (event) => {
    const [x, y] = view.place(event), c = Math.floor((x * columns) / get("width")) + columns * Math.floor((y - top()) / pitch);
    return y >= top() && c < swatches() ? c : -1;
  };
  canvas.addEventListener("pointermove", (event) => swatchAt(event) !== get("hovered") && save(model, { hovered: swatchAt(event) }));
  canvas.addEventListener("pointerleave", () => save(model, { hovered: -1 }));
  canvas.addEventListener("pointerdown", (event) => save(model, { selected: swatchAt(event) === get("selected") ? -1 : swatchAt(event) }));
  const hear = ({ detail }) => { over = detail; view.redraw(); };
  let root = el;
  requestAnimationFrame(() => { root = el.closest(".eq-view") || el; root.addEventListener("eq-hover", hear); });
  return () => { root.removeEventListener("eq-hover", hear); view.release(); };
}
export default { render };
