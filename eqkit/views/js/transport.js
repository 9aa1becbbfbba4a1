// ▶ ■ and the scrubber of a Player. Buttons go by custom messages, which are not throttled; the scrubber stays in the browser.
// Training that nobody sees stops: when its cell is run again or cleared, the last bar leaves the page.
let shown = 0;  // bars of this model on the page: every model loads a module of its own
function render({ model, el }) {
  mount(el, "eq-transport");
  shown += 1;
  const play = element("button", "eq-play", "▶"), stop = element("button", "eq-stop", "■");
  const slider = Object.assign(element("input", "eq-scrubber"), { type: "range", min: 0 });
  const status = element("span", "eq-status");
  play.setAttribute("aria-label", "play (space)");
  stop.setAttribute("aria-label", "stop (space)");
  play.title = "play: space";
  stop.title = "stop: space";
  slider.setAttribute("aria-label", "replay: arrow keys, Home, End");
  el.append(play, stop, slider, status);
  const last = () => Math.max(0, model.get("count") - 1);
  let timer = null;
  const running = () => model.get("running") || timer !== null;
  function start() {
    if (!model.get("finished")) return tell(model, "play");
    const from = Number(slider.value) < last() ? Number(slider.value) : 0, began = performance.now();
    timer ??= setInterval(() => {
      const now = Math.min(last(), from + Math.floor(((performance.now() - began) / 1000) * model.get("pace")));
      if (now !== Number(slider.value)) save(model, { position: now });
      if (now === last()) halt();
    }, 33);
    update();
  }
  function halt() {
    if (model.get("running")) tell(model, "stop");
    clearInterval(timer);
    timer = null;
    update();
  }
  function update() {
    play.setAttribute("aria-disabled", running());  // not `disabled`: the button must keep the keyboard's focus
    stop.setAttribute("aria-disabled", !running());
    slider.max = last();
    slider.disabled = !last();
    slider.value = model.get("position") < 0 ? last() : model.get("position");
    status.textContent = model.get("status");
    status.classList.toggle("eq-error", model.get("failed"));
  }
  function seek(i) {
    halt();
    save(model, { position: Math.max(0, Math.min(last(), i)) });
  }
  play.onclick = start;
  stop.onclick = halt;
  slider.oninput = () => seek(Number(slider.value));
  const keys = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("select, textarea, summary, input:not([type=range])");
    const own = el.contains(event.target), now = Number(slider.value);
    const target = { ArrowLeft: now - 1, ArrowRight: now + 1, Home: 0, End: last() }[event.key];
    if (event.key === " " && !typing && !event.target.matches("button:not(.eq-play):not(.eq-stop)")) running() ? halt() : start();
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
  return () => {
    clearInterval(timer);
    root.removeEventListener("keydown", keys);
    model.off("change", update);
    shown -= 1;
    setTimeout(() => shown || tell(model, "stop"), 2000);  // a cell that shows the same view again takes less
  };
}
export default { render };
