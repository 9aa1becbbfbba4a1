// The Cayley graph of a group as far as it has been walked: keys a, b, … press generators; nodes are elements.
function render({ model, el }) {
  const get = (name) => model.get(name), k = () => get("colours").length;
  const names = "abcdefghijklmnopqrstuvwxyz", digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  let hovered = -1, timer = 0, edges = bytes(model, "edges", Int32Array);

  const drawn = () => bytes(model, "xy", Float32Array).length / 2;
  const walk = (at, word) => word.reduce((i, j) => edges[i * k() + j], at);
  // The shortest word that leads from one element to another, breadth first.
  function route(from, to) {
    const back = new Map([[from, null]]), queue = [from], word = [];
    for (const i of queue) for (let j = 0; j < k() && !back.has(to); j++) {
      const next = edges[i * k() + j];
      if (!back.has(next)) { back.set(next, [i, j]); queue.push(next); }
    }
    for (let at = to; back.get(at); at = back.get(at)[0]) word.unshift(back.get(at)[1]);
    return word;
  }
  const power = (a, count) => a + (count > 1 ? [...String(count)].map((d) => digits[d]).join("") : "");
  const spell = (word) => word.map((j) => names[j]).reverse().join("").replace(/(.)\1*/g, (run) => power(run[0], run.length)) || "E";
  function order(word) {
    let count = 1;
    for (let at = walk(0, word); at; at = walk(at, word)) count++;
    return count;
  }
  const tell = (i) => `${spell(route(0, i))}, order ${order(route(0, i))}`;
  function spot(i) {
    const [x, y] = bytes(model, "xy", Float32Array).subarray(2 * i, 2 * i + 2), width = get("width") / 2, height = get("height") / 2;
    return [width + (width - 34) * x, height - (height - 30) * y];
  }
  const seen = () => get("found").filter((i) => i < drawn());

  function discover(pairs) {
    const trail = new Set(get("trail")), found = new Set(get("found"));
    for (const [i, j] of pairs) { trail.add(i * k() + j); found.add(edges[i * k() + j]); }
    return { trail: [...trail], found: [...found] };
  }
  function press(j) {
    const at = get("at");
    save(model, { ...discover([[at, j]]), word: [...get("word"), j], at: edges[at * k() + j], step: [at, j, 0, 1] });
  }
  function undo() {
    const word = get("word").slice(0, -1), at = walk(0, word);
    if (get("word").length) save(model, { word, at, step: [at, get("word").at(-1), 1, 0] });
  }
  const grow = () => save(model, discover(get("found").flatMap((i) => get("colours").map((_, j) => [i, j]))));
  function go(word) {
    clearTimeout(timer);
    if (!word.length) return;
    press(word[0]);
    timer = setTimeout(() => go(word.slice(1)), 300);
  }

  const bar = element("div", "eq-transport"), status = element("div", "eq-status");
  status.setAttribute("role", "status");
  function button(name, hint, action, hue) {
    const made = Object.assign(element("button", "eq-key", name), { title: hint, onclick: () => { clearTimeout(timer); action(); } });
    if (hue) made.style.cssText = `border-bottom: 5px solid ${hue}; font-weight: 600; height: 36px`;
    return made;
  }
  function rebuild() {
    edges = bytes(model, "edges", Int32Array);
    clearTimeout(timer);
    bar.replaceChildren(...get("colours").map((hue, j) => button(names[j], `multiply by ${names[j]} (key ${names[j]})`, () => press(j), hue)),
      button("undo", "take the last letter back (Backspace)", undo),
      button("grow", "one letter further from every element reached (Enter)", grow));
  }

  function draw(context, { ink, text, font, family }) {
    const at = get("at"), few = drawn() <= 60, radius = few ? 8 : 5, page = getComputedStyle(el).getPropertyValue("--eq-page");
    bar.style.width = status.style.width = canvas.style.width;
    context.lineWidth = few ? 2.4 : 1.6;
    for (const e of get("trail")) {
      const i = Math.floor(e / k()), j = edges[e];
      if (Math.max(i, j) >= drawn() || i === j) continue;
      const [[x0, y0], [x1, y1]] = [spot(i), spot(j)], length = Math.hypot(x1 - x0, y1 - y0), u = (x1 - x0) / length, v = (y1 - y0) / length;
      context.strokeStyle = context.fillStyle = ink(get("colours")[e % k()]);
      context.beginPath();
      context.moveTo(x0, y0);
      context.lineTo(x1, y1);
      context.stroke();
      if (edges[j * k() + (e % k())] === i) continue;  // an involution goes both ways
      const [x, y] = [x1 - radius * u, y1 - radius * v], head = radius + 1;
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x - head * u - head * 0.5 * v, y - head * v + head * 0.5 * u);
      context.lineTo(x - head * u + head * 0.5 * v, y - head * v - head * 0.5 * u);
      context.fill();
    }
    context.lineWidth = 2;
    context.strokeStyle = ink("group");
    for (const i of seen()) {
      context.fillStyle = i === at ? ink("group") : page;
      context.beginPath();
      context.arc(...spot(i), i === at ? radius + 2 : radius, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = `600 ${font}px ${family}`;
    const note = (i, word, cover) => {  // a word beside its node, away from the middle
      const [x, y] = spot(i), dx = x - get("width") / 2, dy = y - get("height") / 2, away = Math.hypot(dx, dy);
      const [u, v] = away > 20 ? [dx / away, dy / away] : [0, -1], half = context.measureText(word).width / 2 + 3;
      const left = Math.max(half, Math.min(get("width") - half, x + u * (radius + half + 2))), top = y + v * (radius + 0.8 * font);
      context.fillStyle = page;
      if (cover) context.fillRect(left - half, top - 0.7 * font, 2 * half, 1.4 * font);
      context.fillStyle = text;
      context.fillText(word, left, top);
    };
    for (const i of seen()) if ((drawn() <= 12 || i === 0) && i !== hovered) note(i, spell(route(0, i)), false);
    if (hovered >= 0) note(hovered, tell(hovered), true);
    const word = spell(get("word")), shortest = spell(route(0, at)), beyond = at < drawn() ? "" : " · too far out to be drawn";
    status.textContent = `g = ${word}${word === shortest ? "" : " = " + shortest} · order ${order(route(0, at))}${beyond}`;
  }

  mount(el, "eq-cayley");
  const view = stage(model, el, "eq-cayley", draw);
  const { canvas } = view;
  el.insertBefore(bar, canvas);
  el.insertBefore(status, canvas);
  rebuild();
  const nearest = (event) => {
    const [u, v] = view.place(event), far = (i) => Math.hypot(spot(i)[0] - u, spot(i)[1] - v);
    return seen().reduce((best, i) => (far(i) < Math.min(20, best < 0 ? 20 : far(best)) ? i : best), -1);
  };
  canvas.addEventListener("pointermove", (event) => {
    const i = nearest(event);
    canvas.style.cursor = i >= 0 ? "pointer" : "default";
    if (i !== hovered) { hovered = i; view.redraw(); }
  });
  canvas.addEventListener("pointerleave", () => { hovered = -1; view.redraw(); });
  canvas.addEventListener("click", (event) => nearest(event) >= 0 && go(route(get("at"), nearest(event))));
  const keys = (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input, textarea")) return;
    const j = names.indexOf(event.key), onButton = event.target.matches("button, summary");
    if (event.key.length === 1 && j >= 0 && j < k()) go([j]);
    else if (event.key === "Backspace") undo();
    else if (event.key === "Enter" && !onButton) grow();
    else if (event.key === "Escape") root.querySelector(".eq-reset").click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  let root = el;
  requestAnimationFrame(() => { root = el.closest(".eq-view") || el; root.addEventListener("keydown", keys); });
  model.on("change:edges", rebuild);
  return () => { clearTimeout(timer); root.removeEventListener("keydown", keys); model.off("change:edges", rebuild); view.release(); };
}
export default { render };
