// Rows of words in a box of fixed size; a row may have a swatch, and a single cell is a paragraph.
function render({ model, el }) {
  mount(el, "eq-table");
  const title = element("div", "eq-title"), box = element("div", "eq-box"), table = element("table", "");
  box.tabIndex = 0;  // it may scroll
  box.append(table);
  el.append(title, box);
  function update() {
    title.textContent = model.get("title");
    box.setAttribute("aria-label", model.get("label") || model.get("title"));
    for (const side of ["width", "height"]) box.style[side] = model.get(side) / 14 + "em";
    const line = (tag, words) => {
      const row = element("tr", "");
      row.append(...words.map((word) => element(tag, "", word)));
      return row;
    };
    const heading = model.get("columns").length ? [line("th", model.get("columns"))] : [];
    table.replaceChildren(...heading, ...model.get("rows").map((words, i) => {
      const row = line("td", words), hue = model.get("colours")[i];
      if (hue) {
        const swatch = element("i", model.get("dashes")[i] ? "eq-dash" : "");
        swatch.style.borderColor = hue.startsWith("#") ? hue : `var(--eq-${hue})`;
        row.firstChild.prepend(swatch);
      }
      return row;
    }));
  }
  model.on("change", update);
  update();
  return () => model.off("change", update);
}
export default { render };
