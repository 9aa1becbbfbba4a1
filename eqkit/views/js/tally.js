// Counts in words, and a swatch for every class of tied weights; hovering works both ways.
function render({ model, el }) {
  mount(el, "eq-tally");
  const get = (name) => model.get(name), facts = element("div", "eq-facts"), status = element("div", "eq-status"), chips = element("div", "eq-chips");
  status.setAttribute("role", "status");
  el.append(element("div", "eq-title", get("title")), facts, status, chips);
  function rebuild() {
    el.style.width = get("width") / 14 + "em";
    el.setAttribute("aria-label", get("label"));
    facts.replaceChildren(...get("facts").flatMap(([number, words]) => [element("b", "", number), element("span", "", words)]));
    chips.replaceChildren(...get("classes").slice(0, 60).map(([hue, letter], c) => {
      const chip = element("span", "eq-chip"), swatch = element("i", "", letter);
      const [red, green, blue] = [1, 3, 5].map((i) => parseInt(hue.slice(i, i + 2), 16));
      Object.assign(swatch.style, { background: hue, color: 0.3 * red + 0.59 * green + 0.11 * blue > 120 ? "#000" : "#fff" });
      chip.append(swatch, `× ${get("sizes")[c]}`);
      chip.onpointerenter = () => model.set("hovered", c);
      chip.onpointerleave = () => model.set("hovered", -1);
      chip.onclick = () => save(model, { selected: get("selected") === c ? -1 : c });
      return chip;
    }));
    if (get("classes").length > 60) chips.append(`and ${get("classes").length - 60} more`);
    light();
  }
  function light() {
    const chosen = get("hovered") >= 0 ? get("hovered") : get("selected");
    [...chips.children].forEach((chip, c) => { chip.dataset.faded = chosen >= 0 && c !== chosen; });
    const [, letter] = get("classes")[chosen] || [], size = get("sizes")[chosen];
    status.textContent = letter ? `${letter}: ${size} ${size === 1 ? "weight" : "tied weights"}, one parameter` : "";
  }
  model.on("change:facts change:classes change:sizes change:label", rebuild);
  model.on("change:hovered change:selected", light);
  rebuild();
  return () => { model.off(null, rebuild); model.off(null, light); };
}
export default { render };
