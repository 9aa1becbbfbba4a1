// A long formula in words, scrolled in a box of fixed height.
function render({ model, el }) {
  mount(el, "eq-formula");
  const title = element("div", "eq-title"), box = element("div", "eq-words");
  box.tabIndex = 0;
  el.append(title, box);
  const update = () => {
    title.textContent = model.get("title");
    box.textContent = model.get("words");
    box.setAttribute("aria-label", model.get("label"));
    box.style.width = title.style.width = model.get("width") / 14 + "em";
    box.style.height = model.get("height") / 14 + "em";
  };
  model.on("change", update);
  update();
  return () => model.off("change", update);
}
export default { render };
