// Counts in words, and a swatch for every class of tied weights; hovering works both ways.
function render({ model, el }) {
  mount(el, "eq-counts");
  const box = element("div", "eq-tally");
  let over = -1;
  const get = (name) => model.get(name), facts = element("div", "eq-facts"), status = element("div", "eq-status"), chips = element("div", "eq-chips");
  status.setAttribute("role", "status");
  box.setAttribute("role", "group");
  el.append(box);
  box.append(element("div", "eq-title", get("title")), facts, status, chips);
  function rebuild() {
    Object.assign(box.style, { width: get("width") / 14 + "em", height: get("height") / 14 + "em" });
    box.setAttribute("aria-label", get("label"));
    facts.replaceChildren(...get("facts").flatMap(([number, words]) => [element("b", "", number), element("span", "", words)]));
    chips.replaceChildren(...get("classes").slice(0, 60).map(([hue, letter], c) => {
      const chip = element("span", "eq-chip"), swatch = element("i", "", letter);
      const [red, green, blue] = [1, 3, 5].map((i) => parseInt(hue.slice(i, i + 2), 16));
      Object.assign(swatch.style, { background: hue, color: 0.3 * red + 0.59 * green + 0.11 * blue > 120 ? "#000" : "#fff" });
      chip.append(swatch, `× ${get("sizes")[c]}`);
      chip.onpointerenter = () => save(model, { hovered: c });
      chip.onpointerleave = () => save(model, { hovered: -1 });
      chip.onclick = () => save(model, { selected: get("selected") === c ? -1 : c });
      return chip;
    }));
    if (get("classes").length > 60) chips.append(`and ${get("classes").length - 60} more`);
    light();
  }
  const hear = ({ detail }) => { over = detail; light(); };
  function light() {
    const chosen = [over, get("hovered"), get("selected")].find((c) => c >= 0) ?? -1;
    [...chips.children].forEach((chip, c) => { chip.dataset.faded = chosen >= 0 && c !== chosen; });
    const [, letter] = get("classes")[chosen] || [], size = get("sizes")[chosen];
    status.textContent = letter ? `${letter}: ${size} ${size === 1 ? "weight" : "tied weights"}, one parameter` : "";
  }
  model.on("change:facts change:classes change:sizes change:label", rebuild);
  model.on("change:hovered change:selected", light);
  rebuild();
  let root = el;
  requestAnimationFrame(() => { root = el.closest(".eq-view") || el; root.addEventListener("eq-hover", hear); });
  return () => { root.removeEventListener("eq-hover", hear); model.off(null, rebuild); model.off(null, light); };
}
export default { render };
