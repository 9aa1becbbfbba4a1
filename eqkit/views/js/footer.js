// Under every view: what has come out, reset, the code that reproduces it, its errors; and the data-eq attributes of the whole view.
function render({ model, el }) {
  mount(el, "eq-footer");
  const reset = element("button", "eq-reset", "reset"), fold = element("details", ""), code = element("pre", "");
  const verdict = element("div", "eq-verdict"), error = element("span", "eq-error");
  verdict.setAttribute("role", "status");
  error.setAttribute("role", "alert");
  fold.append(element("summary", "", "show code"), code);
  el.append(verdict, reset, fold, error, element("span", "eq-restarted", "the kernel was restarted: run the cell again"));
  reset.title = "reset: r";
  reset.onclick = () => tell(model, "reset");
  function update() {
    code.textContent = model.get("code");
    verdict.textContent = model.get("verdict");
    error.textContent = model.get("error");
    const root = el.closest(".eq-view") || el;
    root.setAttribute("data-eq-widget", model.get("name"));
    root.setAttribute("data-eq-state", model.get("state"));
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", model.get("label"));
    root.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  const key = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.key.length > 1) return;
    event.stopPropagation();  // JupyterLab's own: r makes the cell raw, dd deletes it
    if (event.key === "r" && !event.defaultPrevented && !event.target.matches("select, textarea, input:not([type=range])")) reset.click();
  };
  let root = el;
  model.on("change", update);
  requestAnimationFrame(() => { update(); root = el.closest(".eq-view") || el; root.addEventListener("keydown", key); });
  return () => { root.removeEventListener("keydown", key); model.off("change", update); };
}
export default { render };
