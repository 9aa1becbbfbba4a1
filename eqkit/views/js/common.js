// Put before every component (eqkit.views.components): bytes, colours, and a canvas that redraws once a frame.
const bytes = (model, name, Type) => {
  const view = model.get(name);
  return view && view.byteLength ? new Type(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength)) : null;
};

const element = (tag, className, text = "") => Object.assign(document.createElement(tag), { className, textContent: text });

function palette(el) {
  const style = getComputedStyle(el);
  const read = (name) => style.getPropertyValue("--eq-" + name).trim();
  return { ink: (role) => (role.startsWith("#") ? role : read(role)), text: read("text"), soft: read("soft"), grid: read("grid"),
    page: read("page"), font: 14, family: style.fontFamily };
}

// JupyterLab's own shortcuts must not see the keys of a view.
function mount(el, kind) {
  el.classList.add("eq-component", kind);
  el.setAttribute("data-lm-suppress-shortcuts", "true");
}

// A polynomial as a list of terms [coefficient, exponent of x0, of x1, …] at a point.
function evaluate(terms, point) {
  let sum = 0;
  for (const term of terms) {
    let product = term[0];
    for (let i = 1; i < term.length; i++) for (let k = term[i]; k > 0; k--) product *= point[i - 1];
    sum += product;
  }
  return sum;
}

function save(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}

// A custom message, which is not throttled. After a restart of the kernel nobody hears it: the footer says so.
function tell(model, action) {
  try { model.send({ action }); } catch (closed) {}
}

// A titled canvas of width × height units, a unit being a pixel at 14 px text: larger text enlarges the picture.
// draw(context, palette) runs at most once an animation frame; place(event) is the pointer in units.
function stage(model, el, kind, draw) {
  mount(el, kind);
  const title = element("div", "eq-title"), canvas = element("canvas", "");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  el.append(title, canvas);
  const context = canvas.getContext("2d");
  let queued = false, drawn = 0, unit = 1;
  const paint = () => {
    queued = false;
    unit = (parseFloat(getComputedStyle(el).fontSize) || 14) / 14;
    const scale = (window.devicePixelRatio || 1) * unit, width = model.get("width"), height = model.get("height");
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.width = title.style.width = width * unit + "px";
    canvas.style.height = height * unit + "px";
    context.setTransform(scale, 0, 0, scale, 0, 0);
    title.textContent = model.get("title");
    canvas.setAttribute("aria-label", model.get("label"));
    draw(context, palette(el));
    canvas.dataset.eqDrawn = ++drawn;
  };
  const redraw = () => {
    if (!queued) requestAnimationFrame(paint);
    queued = true;
  };
  const theme = new MutationObserver(redraw);
  theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name"] });
  const text = new ResizeObserver(redraw);
  text.observe(title);
  model.on("change", redraw);
  redraw();
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) / unit, (event.clientY - box.top) / unit];
  };
  return { canvas, redraw, place, release: () => { theme.disconnect(); text.disconnect(); model.off("change", redraw); } };
}

// One entry of the trait `list` is selected: by a click, at(event) being its index, and by keys, to(index)[key] being the next.
function selects(model, { canvas, redraw }, list, at, to) {
  const choose = (i) => i >= 0 && i < model.get(list).length && save(model, { selected: i });
  canvas.addEventListener("pointerdown", (event) => choose(at(event)));
  canvas.addEventListener("keydown", (event) => {
    const next = to(model.get("selected"))[event.key];
    if (next === undefined) return;
    choose(next);
    event.preventDefault();
    event.stopPropagation();
  });
  for (const name of ["focus", "blur"]) canvas.addEventListener(name, redraw);
}
