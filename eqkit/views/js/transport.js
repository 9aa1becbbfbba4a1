// ▶ ■ and the scrubber of a Player. Buttons go by custom messages, which are not throttled; the scrubber stays in the browser.
function render({ model, el }) {
  mount(el, "eq-transport");
  const play = element("button", "eq-play", "▶"), stop = element("button", "eq-stop", "■");
  const slider = Object.assign(element("input", "eq-scrubber"), { type: "range", min: 0 });
  const status = element("span", "eq-status");
  play.setAttribute("aria-label", "play (space)");
  stop.setAttribute("aria-label", "stop (space)");
  play.title = "play: space";
  stop.title = "stop: space";
  slider.setAttribute("aria-label", "replay: arrow keys, Home, End");
  status.setAttribute("role", "status");
  el.append(play, stop, slider, status, element("span", "eq-restarted", "the kernel was restarted: run the cell again"));
  const last = () => Math.max(0, model.get("count") - 1);
  const send = (action) => model.send({ action });
  function update() {
    const running = model.get("running");
    play.setAttribute("aria-disabled", running);  // not `disabled`: the button must keep the keyboard's focus
    stop.setAttribute("aria-disabled", !running);
    slider.max = last();
    slider.disabled = !last();
    slider.value = model.get("position") < 0 ? last() : model.get("position");
    status.textContent = model.get("status");
    status.classList.toggle("eq-error", model.get("failed"));
  }
  function seek(i) {
    if (model.get("running")) send("stop");
    save(model, { position: Math.max(0, Math.min(last(), i)) });
  }
  play.onclick = () => send("play");
  stop.onclick = () => send("stop");
  slider.oninput = () => seek(Number(slider.value));
  const keys = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("select, textarea, summary, input:not([type=range])");
    const own = el.contains(event.target), now = Number(slider.value);
    const target = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last() }[event.key];
    if (event.key === " " && !typing && !event.target.matches("button:not(.eq-play):not(.eq-stop)")) send(model.get("running") ? "stop" : "play");
    else if (target !== undefined && (own || event.target.matches("canvas"))) seek(target);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  let root = el;
  requestAnimationFrame(() => { root = el.closest(".eq-view") || el; root.addEventListener("keydown", keys); });
  for (const button of [play, stop]) button.addEventListener("keyup", (event) => event.key === " " && event.preventDefault());
  model.on("change", update);
  update();
  return () => { root.removeEventListener("keydown", keys); model.off("change", update); };
}
export default { render };
