// A board: drawings whose points are moved by mouse, finger or keyboard, and all that depends on them follows. What is
// drawn comes as a scene from `board.py`, with a recipe for every number in it; nothing here knows what it is about.
// In a notebook anywidget calls `render`; on a page of the site `awaken` takes the place of the stored picture.

const SVG = "http://www.w3.org/2000/svg";
const OPERATIONS = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  sqrt: Math.sqrt,
  abs: Math.abs,
};
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };
const MARGIN = { left: 46, right: 12, top: 34, bottom: 42 };
const WIDEST = 460; // pixels of a panel; narrower places stack the panels
const STYLE = `
.course-board-panels { display: flex; flex-wrap: wrap; gap: 8px; }
.course-board-panels > div { flex: 1 1 270px; min-width: 0; max-width: ${WIDEST}px; }
.course-board svg { display: block; width: 100%; background: white; border-radius: 4px;
  font: 13px system-ui, sans-serif; user-select: none; -webkit-user-select: none; }
.course-board-handle { cursor: grab; outline: none; }
.course-board-handle:active { cursor: grabbing; }
.course-board-handle:focus .course-board-ring { stroke-opacity: 1; }
.course-board p { margin: 6px 0 0; min-height: 3em; color: var(--jp-content-font-color1, inherit);
  font-family: var(--jp-content-font-family, inherit); font-size: var(--jp-content-font-size1, inherit); }
`;

function s(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Every row of the recipe for these values; the first rows are the values. */
function followed(recipe, values) {
  const rows = [...values];
  const at = (v) => (typeof v === "string" ? rows[v] : v);
  for (const [operation, ...operands] of recipe.slice(rows.length)) rows.push(OPERATIONS[operation](...operands.map(at)));
  return rows;
}

/** Words with their gaps filled: ⟨row|digits⟩. */
function filled(words, rows) {
  return words.replace(/⟨(\d+)\|(\d+)⟩/g, (_, row, digits) => {
    const number = rows[row].toFixed(digits);
    return Number(number) === 0 ? number.replace("-", "") : number.replace("-", "−");
  });
}

const path = (points) => points.map(([x, y], k) => `${k ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

function arrowPath([[x, y], [u, v]], width) {
  const length = Math.hypot(u - x, v - y);
  const head = Math.min(5 * width, length);
  const [across, up] = length ? [(u - x) / length, (v - y) / length] : [0, 0];
  const [a, b] = [u - head * across, v - head * up];
  const half = 0.4 * head;
  return (
    path([[x, y], [a, b]]) +
    path([[a - half * up, b + half * across], [u, v], [a + half * up, b - half * across]]) + "Z"
  );
}

/** The SVG element of a shape, and what sets its place: a function of the points in pixels and of the rows. */
function drawn(shape) {
  const { kind, colour, width = 0, opacity = 1, anchor, words } = shape;
  if (kind === "dot") {
    const dot = s("circle", { r: width, fill: colour });
    return [dot, ([[x, y]]) => (dot.setAttribute("cx", x), dot.setAttribute("cy", y))];
  }
  if (kind === "text") {
    const halo = { stroke: "white", "stroke-width": 4, "paint-order": "stroke", "dominant-baseline": "central" };
    const text = s("text", { fill: colour, "text-anchor": anchor, ...halo });
    return [
      text,
      ([[x, y]], rows) => {
        text.setAttribute("x", x);
        text.setAttribute("y", y);
        text.textContent = filled(words, rows);
      },
    ];
  }
  const look = { stroke: colour, fill: "none", "stroke-width": width, opacity, "stroke-linejoin": "round" };
  if (kind === "area") Object.assign(look, { fill: colour, stroke: "none" });
  if (kind === "arrow") look.fill = colour;
  if (shape.dashes) look["stroke-dasharray"] = shape.dashes.map((part) => part * width).join(" ");
  const line = s("path", look);
  return [line, (points) => line.setAttribute("d", kind === "arrow" ? arrowPath(points, width) : path(points))];
}

/** One panel: its SVG, and functions between its units and pixels. */
class Panel {
  constructor(panel) {
    this.panel = panel;
    this.svg = s("svg", { class: "course-figure", role: "group" });
    this.frame = s("g", { "aria-hidden": "true" });
    const inside = s("g", { "aria-hidden": "true" });
    this.clip = s("rect", {});
    const name = `course-board-${(Panel.count = (Panel.count ?? 0) + 1)}`;
    inside.setAttribute("clip-path", `url(#${name})`);
    this.svg.append(s("clipPath", { id: name }, this.clip), this.frame, inside);
    this.title = s("text", { y: 20, "text-anchor": "middle", "font-size": 14 });
    this.frame.append(this.title);
    this.shapes = panel.shapes.map((shape) => {
      const [element, place] = drawn(shape);
      inside.append(element);
      return (at, rows) => place(shape.points.map(([x, y]) => this.pixels(at(x), at(y))), rows);
    });
  }

  /** Fit the panel to a width in pixels: all but the shapes. */
  fit(width) {
    const { x, y, equal, xticks } = this.panel;
    const left = xticks.length ? MARGIN.left : 12;
    const bottom = xticks.length ? MARGIN.bottom : 12;
    const across = width - left - MARGIN.right;
    const up = across * (equal ? (y[1] - y[0]) / (x[1] - x[0]) : 0.8);
    const height = up + MARGIN.top + bottom;
    this.scale = [across / (x[1] - x[0]), up / (y[1] - y[0])];
    this.origin = [left, MARGIN.top + up];
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    for (const [key, value] of Object.entries({ x: left, y: MARGIN.top, width: across, height: up }))
      this.clip.setAttribute(key, value);
    this.title.setAttribute("x", left + across / 2);
    if (xticks.length) this.drawAxes(left, across, up);
  }

  drawAxes(left, across, up) {
    const { x, y, xticks, yticks, xlabel, ylabel } = this.panel;
    const bottom = MARGIN.top + up;
    const minus = (number) => String(number).replace("-", "−");
    const middle = { "text-anchor": "middle" };
    const turned = `translate(13 ${MARGIN.top + up / 2}) rotate(-90)`;
    this.frame.replaceChildren(
      this.title,
      s("path", { d: `M${left} ${MARGIN.top}V${bottom}H${left + across}`, fill: "none", stroke: "black" }),
      ...xticks.map((t) => s("text", { x: this.pixels(t, y[0])[0], y: bottom + 17, ...middle }, minus(t))),
      ...yticks.map((t) =>
        s("text", { x: left - 6, y: this.pixels(x[0], t)[1], "text-anchor": "end", "dominant-baseline": "central" }, minus(t)),
      ),
      s("text", { x: left + across / 2, y: bottom + 35, ...middle }, xlabel),
      s("text", { transform: turned, ...middle }, ylabel),
    );
  }

  pixels(x, y) {
    return [
      this.origin[0] + (x - this.panel.x[0]) * this.scale[0],
      this.origin[1] - (y - this.panel.y[0]) * this.scale[1],
    ];
  }

  /** The place of a pointer in the panel's units. */
  units(event) {
    const box = this.svg.getBoundingClientRect();
    const shrunk = this.svg.viewBox.baseVal.width / box.width;
    return [
      this.panel.x[0] + ((event.clientX - box.left) * shrunk - this.origin[0]) / this.scale[0],
      this.panel.y[0] - ((event.clientY - box.top) * shrunk - this.origin[1]) / this.scale[1],
    ];
  }

  redraw(at, rows) {
    this.title.textContent = filled(this.panel.title, rows);
    this.svg.setAttribute("aria-label", this.title.textContent);
    for (const shape of this.shapes) shape(at, rows);
  }
}

/** A point to be moved, as an element that takes the focus, the pointer and the arrow keys. */
function movable(handle, panel, move) {
  const ring = s("circle", { class: "course-board-ring", r: 12, fill: "none", stroke: "#0072b2", "stroke-width": 3, "stroke-opacity": 0 });
  const seen = s("circle", { r: 7, fill: handle.colour, stroke: "white", "stroke-width": 1.5 });
  // A finger is broader than the point that is seen.
  const element = s(
    "g",
    { class: "course-board-handle", tabindex: 0, role: "slider", "aria-label": handle.name, "aria-roledescription": "point to move" },
    s("circle", { r: 20, fill: "transparent" }),
    ring,
    seen,
  );
  element.addEventListener("pointerdown", (event) => {
    element.setPointerCapture(event.pointerId);
    element.focus({ preventScroll: true });
    event.preventDefault();
  });
  // A finger on a point moves the point and not the page; browsers differ in what touch-action says inside an SVG.
  element.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });
  element.addEventListener("pointermove", (event) => {
    if (element.hasPointerCapture(event.pointerId)) move(handle, panel.units(event));
  });
  element.addEventListener("keydown", (event) => {
    const way = KEYS[event.key];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    // The arrow keys mean something else to the page and to JupyterLab.
    event.preventDefault();
    event.stopPropagation();
    const step = handle.step * (event.shiftKey ? 5 : 1);
    move(handle, element.at.map((c, k) => c + way[k] * step));
  });
  panel.svg.append(element);
  return element;
}

/** Show the board of a scene in an element; `tell` hears of new values. Returns what ends it. */
export function mount(el, scene, values, tell = () => {}) {
  const style = document.createElement("style");
  style.textContent = STYLE;
  const [board, row, said] = ["div", "div", "p"].map((name) => document.createElement(name));
  board.className = "course-board";
  row.className = "course-board-panels";
  board.setAttribute("role", "group");
  board.setAttribute("aria-label", scene.about);
  said.setAttribute("aria-live", "polite");
  const panels = scene.panels.map((panel) => new Panel(panel));
  for (const panel of panels) row.append(document.createElement("div").appendChild(panel.svg).parentElement);
  board.append(style, row, said);
  el.replaceChildren(board);

  const redraw = () => {
    const rows = followed(scene.recipe, values);
    const at = (v) => (typeof v === "string" ? rows[v] : v);
    for (const panel of panels) panel.redraw(at, rows);
    for (const { handle, element } of handles) {
      element.at = handle.place.map(at);
      element.setAttribute("transform", `translate(${panels[handle.panel].pixels(...element.at)})`);
      element.setAttribute("aria-valuemin", scene.panels[handle.panel].x[0]);
      element.setAttribute("aria-valuemax", scene.panels[handle.panel].x[1]);
      element.setAttribute("aria-valuenow", element.at[0].toFixed(2));
      element.setAttribute("aria-valuetext", element.at.map((c) => c.toFixed(2)).join(", "));
    }
    said.textContent = filled(scene.said, rows);
  };
  const move = (handle, place) => {
    const { x, y } = scene.panels[handle.panel];
    const { at } = handles.find((one) => one.handle === handle).element;
    values = [...values];
    handle.values.forEach((row, k) => {
      if (row === null || row === undefined) return;
      const [low, high] = [x, y][k];
      values[row] = Math.round(100 * (values[row] + Math.min(Math.max(place[k], low), high) - at[k])) / 100;
    });
    redraw();
    tell(values);
  };
  const handles = scene.handles.map((handle) => ({ handle, element: movable(handle, panels[handle.panel], move) }));
  let width = 0;
  const watch = new ResizeObserver(() => {
    const now = panels[0].svg.parentElement.clientWidth;
    if (!now || now === width) return;
    width = now;
    for (const panel of panels) panel.fit(panel.svg.parentElement.clientWidth);
    redraw();
  });
  watch.observe(row);
  return () => watch.disconnect();
}

/** On a page: every stored picture of a board becomes the board itself. */
export function awaken(page) {
  for (const place of page.querySelectorAll(".course-board[data-scene]")) {
    const scene = JSON.parse(place.dataset.scene);
    const live = document.createElement("div");
    mount(live, scene, scene.start);
    place.querySelector(".course-figure").replaceWith(live);
  }
}

export default {
  render({ model, el }) {
    return mount(el, model.get("scene"), model.get("values"), (values) => {
      model.set("values", values);
      model.save_changes();
    });
  },
};
