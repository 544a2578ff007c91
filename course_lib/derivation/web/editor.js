// The editor of derivations: plain text, the formula at its cursor as mathematics, the shapes of the names, and the
// report, judged again as the learner types. One component in two places: the page "Check your derivation" calls
// `mount`; in a notebook anywidget calls `render`.

const MARKS = { definition: "≝", right: "✓", wrong: "✗", follows: "↳", shapes: "⊠", unreadable: "?", partial: "◐" };
const SAID = {
  definition: "definition",
  right: "right",
  wrong: "wrong",
  follows: "follows",
  shapes: "does not fit",
  unreadable: "unreadable",
  partial: "partly read",
};
const PAUSE = 180; // milliseconds without a keystroke before a text is judged
const SLOW = 1000; // milliseconds after which a check can be stopped

/** An element with properties and children; text stays text. */
function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.includes("-")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

let count = 0;
const freshId = (name) => `cd-${name}-${(count += 1)}`;

// -- mathematics, typeset

/** LaTeX as it looks, with MathML for those who listen; the LaTeX itself where MathLive is not there. */
function typeset(latex, mathlive) {
  if (!mathlive) return h("code", { className: "cd-code" }, latex);
  const seen = h("span", { "aria-hidden": "true" });
  seen.innerHTML = mathlive.convertLatexToMarkup(latex, { defaultMode: "math" });
  const heard = h("span", { className: "cd-heard" });
  heard.innerHTML = `<math xmlns="http://www.w3.org/1998/Math/MathML">${mathlive.convertLatexToMathMl(latex)}</math>`;
  return h("span", { className: "cd-math", translate: false }, seen, heard);
}

/** A sentence in which what stands between dollar signs is mathematics. */
function sentence(text, mathlive) {
  const parts = text.split(/\$([^$]+)\$/);
  return h("span", {}, ...parts.map((part, k) => (k % 2 ? typeset(part, mathlive) : part)));
}

// -- the formula at a place of a text

const MATRICES = /\\begin\{([bpvVB]?matrix|smallmatrix|cases|array)\}[\s\S]*?\\end\{\1\}/g;
const CUTS =
  /\$\$?|\\\[|\\\]|\\\(|\\\)|\\\\(?:\[[^\]\n]*\])?|\\(?:begin|end)\{(?:align|aligned|alignat|split|equation|gather|gathered|multline|eqnarray)\*?\}(?:\{\d+\})?|(?:^|(?<=[^\\]))%.*|\n/gm;
const OPENS = new Set(["\\[", "\\("]);
const CLOSES = new Set(["\\]", "\\)"]);
const CODE = /@|\*\*|\.T\b|\bnp\.|\.(?:sum|mean|dot|reshape)\(|==|^\s*#/;
const WORDS = /[A-Za-z]{2,},?\s+[A-Za-z]{2,},?\s+[A-Za-z]{2,}/;
// What would style or link instead of saying something about mathematics is left as text.
const STYLING = /\\(?:htmlStyle|style|htmlClass|class|htmlId|cssId|htmlData|href|url|mathtip|texttip|require|def|newcommand|color|colorbox|bbox)\b/;

/**
 * Where the formula at `caret` stands: {start, end, latex}, with `wrap` when a new one there needs dollar signs;
 * null when there are words or code.
 */
export function formulaAt(text, caret) {
  const masked = text.replace(MATRICES, (matrix) => "x".repeat(matrix.length));
  const delimited = /\$|\\\[|\\\(|\\begin\{(?:align|equation|gather|eqnarray)/.test(masked);
  let inside = false;
  let start = 0;
  let piece = null;
  for (const cut of [...masked.matchAll(CUTS), null]) {
    const end = cut ? cut.index : text.length;
    if (caret <= end && caret >= start && (!piece || inside)) piece = { start, end, inside };
    if (end > caret) break;
    if (!cut) break;
    start = end + cut[0].length;
    if (cut[0].startsWith("$")) inside = !inside;
    else if (OPENS.has(cut[0])) inside = true;
    else if (CLOSES.has(cut[0])) inside = false;
    else if (/^\\begin\{(?:align|equation|gather|eqnarray|multline)(?!ed)/.test(cut[0])) inside = true;
    else if (/^\\end\{(?:align|equation|gather|eqnarray|multline)(?!ed)/.test(cut[0])) inside = false;
    else if (cut[0].startsWith("%") && caret > end && caret <= start) return null;
  }
  return piece && asFormula(text, piece, delimited);
}

function asFormula(text, piece, delimited) {
  const raw = text.slice(piece.start, piece.end);
  const start = piece.start + raw.match(/^[\s&]*/)[0].length;
  const end = piece.start + raw.trimEnd().length;
  if (start >= end) {
    const bare = delimited && !piece.inside;
    // Between two formulas of one line there is no room for a third.
    const alone = /^\s*$/.test(lineAround(text, piece.start));
    return bare && !alone ? null : { start: piece.end, end: piece.end, latex: "", wrap: bare ? ["$$", "$$"] : ["", ""] };
  }
  const latex = text.slice(start, end);
  const words = delimited ? !piece.inside : WORDS.test(latex.replace(/\\(?:text|mathrm|operatorname|mbox)\s*\{[^}]*\}/g, ""));
  if (words || CODE.test(latex) || STYLING.test(latex) || latex.length > 2000 || !balanced(latex)) return null;
  return { start, end, latex: latex.replace(/(?<!\\)&/g, outsideMatrices(latex)), wrap: ["", ""] };
}

/** Alignment marks mean nothing in one line; those of a matrix do. */
function outsideMatrices(latex) {
  return /\\begin\{/.test(latex) ? "&" : "";
}

function lineAround(text, place) {
  const from = text.lastIndexOf("\n", place - 1) + 1;
  const to = text.indexOf("\n", place);
  return text.slice(from, to < 0 ? text.length : to);
}

function balanced(latex) {
  let depth = 0;
  for (const [sign] of latex.matchAll(/\\.|[{}]/gs)) {
    depth += sign === "{" ? 1 : sign === "}" ? -1 : 0;
    if (depth < 0) return false;
  }
  const begun = (latex.match(/\\begin\{/g) ?? []).length;
  return depth === 0 && begun === (latex.match(/\\end\{/g) ?? []).length;
}

/** What MathLive writes, in the words that a person would have used. */
export function plainLatex(latex) {
  return latex
    .replace(/\\placeholder(?:\[[^\]]*\])?\{([^{}]*)\}/g, "$1")
    .replace(/\\(?:differentialD|capitalDifferentialD)\b ?/g, "d")
    .replace(/\\exponentialE\b ?/g, "e")
    .replace(/\\imaginary[IJ]\b ?/g, "i")
    .replace(/\\operatorname\{\\mathrm\{([A-Za-z]+)\}\}/g, "\\operatorname{$1}")
    .replace(/[_^]\{\}/g, "")
    .replace(/\\m(left|right)\b/g, "\\$1")
    .replace(/\\left\\Vert\b|\\left\\lVert\b/g, "\\left\\|")
    .replace(/\\right\\Vert\b|\\right\\rVert\b/g, "\\right\\|")
    .replace(/\\(?:lVert|rVert|Vert)\b ?/g, "\\|");
}

// -- shapes

const KINDS = [
  ["number", "a number", 0],
  ["column", "a column", 1],
  ["row", "a row", 1],
  ["matrix", "a matrix", 2],
  ["function", "a function of each entry", 0],
];
const MOST_GUESSES = 12; // chips of assumed names that are shown at once
const PROMISES = ["", "symmetric", "spd", "orthogonal", "onehot", "simplex", "positive"];

/** "n d symmetric" as {kind, sizes, promise}. */
export function readSpec(spec) {
  const words = spec.trim().split(/[\s,×]+/).filter(Boolean);
  const promise = PROMISES.includes(words.at(-1)) ? words.pop() : "";
  if (words.length === 0) return { kind: "number", sizes: [], promise };
  if (words.length === 1) return { kind: "column", sizes: words, promise };
  if (words[0] === "1") return { kind: "row", sizes: words.slice(1), promise };
  return { kind: "matrix", sizes: words.slice(0, 2), promise };
}

function writeSpec({ kind, sizes, promise }) {
  const said = { number: [], column: sizes.slice(0, 1), row: ["1", ...sizes.slice(0, 1)], matrix: sizes.slice(0, 2) }[kind];
  return [...said, promise].filter(Boolean).join(" ");
}

function spokenSpec(spec) {
  const { kind, sizes, promise } = readSpec(spec);
  const said = { number: "number", column: sizes[0], row: `1 × ${sizes[0]}`, matrix: sizes.join(" × ") }[kind];
  return promise ? `${said}, ${promise}` : said;
}

// -- the component

/**
 * Build the editor in `root`.
 *
 * judge(draft): a promise of the report on {text, shapes, functions}. mathlive: a promise of the module, or of null.
 * draft: what to begin with. changed(draft): called after each change. stop(): ends a check that hangs; without it
 * none can be stopped. welcome: an element that stands where the lines will be. whole: whether a derivation may be
 * worked out from start to end. Returns {draft(), show(draft)}.
 */
export function mount(root, { judge, mathlive, draft, changed = () => {}, stop = null, welcome = null, whole = false }) {
  const state = { shapes: {}, functions: [], report: null, mathlive: null, open: null, ...structuredClone(draft ?? {}) };
  const parts = skeleton(root, stop, welcome);
  const text = parts.text;
  text.value = state.text ?? "";

  const editor = {
    draft: () => ({ text: text.value, shapes: { ...state.shapes }, functions: [...state.functions] }),
    show(next) {
      text.value = next.text ?? "";
      state.shapes = { ...next.shapes };
      state.functions = [...(next.functions ?? [])];
      state.open = null;
      shapes.draw();
      visual?.follow(true);
      stuck.forget();
      judging.soon(0);
    },
  };
  const judging = judgingOf(editor, judge, parts, state, (report) => {
    state.report = report;
    drawReport(parts, report, state.mathlive, hands);
    stuck.draw(report);
    shapes.draw();
  });
  const touched = () => {
    stuck.forget();
    changed(editor.draft());
    judging.soon(PAUSE);
  };
  const shapes = chips(parts.shapes, state, touched);
  let visual = null;

  text.addEventListener("input", () => {
    visual?.follow();
    touched();
  });
  const hands = handsOn(text, () => visual?.follow());
  const stuck = nextLine(parts, state, hands, whole, () => judging.soon(0));
  parts.stop?.addEventListener("click", () => stop());
  new ResizeObserver(() => reachable(parts.lines)).observe(parts.lines);
  shapes.draw();
  Promise.resolve(mathlive).then(
    (module) => {
      state.mathlive = module;
      if (module) visual = visualField(parts.visual, text, module, touched);
      if (state.report) drawReport(parts, state.report, module, hands);
      shapes.draw();
    },
    () => {},
  );
  if (text.value.trim()) judging.soon(0);
  return editor;
}

/** What can be done to a line from its report: find it in the text, go to it, put another in its place. */
function handsOn(text, moved) {
  function place(line, occurrence) {
    let at = -1;
    for (let k = 0; k <= occurrence; k += 1) at = text.value.indexOf(line, at + 1);
    return at;
  }
  function go(line, occurrence) {
    const at = place(line, occurrence);
    if (at < 0) return false;
    text.focus();
    text.setSelectionRange(at, at + line.length);
    moved();
    return true;
  }
  function replace(line, occurrence, better) {
    if (!go(line, occurrence)) return;
    // As if it were typed, so that the browser's own Undo takes it back.
    if (document.execCommand("insertText", false, better)) return;
    text.setRangeText(better);
    text.dispatchEvent(new Event("input"));
  }
  /** Put a line behind all others; a post gets it as a formula of its own. */
  function append(line) {
    text.focus();
    text.setSelectionRange(text.value.length, text.value.length);
    const marks = /\$|\\\[/.test(text.value) ? "$$" : "";
    const added = `${text.value && !text.value.endsWith("\n") ? "\n" : ""}${marks}${line}${marks}`;
    if (document.execCommand("insertText", false, added)) return;
    text.setRangeText(added);
    text.dispatchEvent(new Event("input"));
  }
  return { place, go, replace, append };
}

// -- stuck

const TIERS = ["Next line?", "The line with a gap", "Show the line"];

/** The button for who is stuck: the rule, the line with a gap, the line; the whole only when it is asked for twice. */
function nextLine(parts, state, hands, whole, ask) {
  let sure = false;
  const more = parts.next;
  const all = parts.whole;
  function forget() {
    state.next = 0;
    sure = false;
    parts.told.replaceChildren();
    more.textContent = TIERS[0];
    more.disabled = false;
    all.hidden = true;
  }
  function draw(report) {
    parts.stuck.hidden = Boolean(report.error) || !report.lines.length;
    const found = report.next;
    if (!found || found.tier !== state.next) return;
    more.textContent = TIERS[Math.min(found.tier, 2)];
    more.disabled = found.tier >= 3 || found.said.length < found.tier || found.finished;
    all.hidden = !whole || found.tier !== 3;
    all.textContent = "Work it out";
    const rows = found.said.map(([words, latex]) =>
      h("p", { className: "cd-tier" }, h("span", {}, `${words} `),
        latex ? h("span", { className: "cd-scroll" }, typeset(latex, state.mathlive)) : null));
    const line = found.mends ? report.lines[found.mends - 1] : null;
    const use = () => (line ? hands.replace(line.text, occurrence(report, found.mends - 1), found.line) : hands.append(found.line));
    const button = found.line && (!line || hands.place(line.text, 0) >= 0)
      ? h("button", { type: "button", className: "cd-use", onclick: use, "aria-label": "use it: the next line" }, "use it") : null;
    parts.told.replaceChildren(...rows, ...(button ? [button] : []));
  }
  more.addEventListener("click", () => {
    state.next = Math.min((state.next ?? 0) + 1, 3);
    ask();
  });
  all.addEventListener("click", () => {
    if (!sure) {
      sure = true;
      all.textContent = "Really show all of it";
      return;
    }
    state.next = 4;
    ask();
  });
  forget();
  return { forget, draw };
}

/** Which of the lines with the same text the k-th of a report is. */
function occurrence(report, k) {
  return report.lines.slice(0, k).filter(({ text }) => text === report.lines[k].text).length;
}

function skeleton(root, stop, welcome) {
  const id = freshId("text");
  const text = h("textarea", {
    id,
    className: "cd-text",
    rows: 9,
    spellcheck: false,
    autocapitalize: "off",
    autocomplete: "off",
    placeholder: "L = \\frac{1}{2n}\\|Xw-y\\|^2\n\\nabla_w L = \\frac{1}{n}X^\\top(Xw-y)",
    "aria-describedby": `${id}-hint`,
  });
  const parts = {
    text,
    visual: h("div", { className: "cd-visual", hidden: true }),
    shapes: h("div", { className: "cd-letters" }),
    summary: h("p", { className: "cd-summary", role: "status" }),
    stop: stop && h("button", { type: "button", className: "cd-button", hidden: true }, "Stop this check"),
    notes: h("ul", { className: "cd-notes", hidden: true }),
    lines: h("ol", { className: "cd-lines" }),
    next: h("button", { type: "button", className: "cd-button" }, TIERS[0]),
    whole: h("button", { type: "button", className: "cd-button", hidden: true }, "Work it out"),
    told: h("div", { className: "cd-hinted", "aria-live": "polite" }),
    welcome: welcome ?? h("p", { className: "cd-hint" }, "Each line appears here as it was read, with its verdict."),
  };
  parts.stuck = h("div", { className: "cd-stuck", hidden: true }, parts.next, parts.whole, parts.told);
  root.classList.add("cd");
  // JupyterLab's keys are for cells; here they are letters.
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.replaceChildren(
    h("div", { className: "cd-columns" },
      h("section", { className: "cd-write", "aria-label": "Your derivation" },
        h("label", { htmlFor: id, className: "cd-label" }, "Your derivation"),
        h("p", { id: `${id}-hint`, className: "cd-hint" }, "LaTeX, one step a line. A whole post will do, and so will NumPy."),
        text, parts.visual, parts.shapes),
      h("section", { className: "cd-report", "aria-label": "Verdicts" },
        h("div", { className: "cd-head" }, parts.summary, parts.stop),
        parts.notes, parts.welcome, parts.lines, parts.stuck)),
  );
  return parts;
}

/** Judges the newest text; what is typed while a check runs waits, and only the last of it is judged. */
function judgingOf(editor, judge, parts, state, shown) {
  let timer = null;
  let busy = false;
  let waiting = false;
  async function run() {
    if (busy) {
      waiting = true;
      return;
    }
    busy = true;
    parts.lines.setAttribute("aria-busy", "true");
    const slow = setTimeout(() => parts.stop && (parts.stop.hidden = false), SLOW);
    try {
      const report = await judge({ ...editor.draft(), next: state.next ?? 0 });
      if (report) shown(report);
    } catch (problem) {
      parts.summary.textContent = String(problem?.message ?? problem);
    } finally {
      clearTimeout(slow);
      if (parts.stop) parts.stop.hidden = true;
      busy = false;
      parts.lines.setAttribute("aria-busy", "false");
    }
    if (waiting) {
      waiting = false;
      run();
    }
  }
  return {
    soon(pause) {
      clearTimeout(timer);
      timer = setTimeout(run, pause);
    },
  };
}

// -- the report

function drawReport(parts, report, mathlive, hands) {
  parts.welcome.hidden = Boolean(report.error || report.lines.length);
  if (report.error) {
    parts.summary.textContent = report.error;
    parts.notes.hidden = true;
    parts.lines.replaceChildren();
    return;
  }
  parts.summary.replaceChildren(...overall(report, mathlive));
  const notes = report.notes ?? [];
  parts.notes.hidden = !notes.length;
  parts.notes.replaceChildren(...notes.map((note) => h("li", {}, sentence(note, mathlive))));
  const seen = new Map();
  parts.lines.replaceChildren(
    ...report.lines.map((line, k) => {
      const occurrence = seen.get(line.text) ?? 0;
      seen.set(line.text, occurrence + 1);
      const better = hands.place(line.text, occurrence) < 0 ? null : mended(line);
      return drawLine(line, k + 1, mathlive, {
        go: () => hands.go(line.text, occurrence),
        mend: better && (() => hands.replace(line.text, occurrence, better)),
      });
    }),
  );
  reachable(parts.lines);
}

/** What is wider than its place can be scrolled by the keyboard too. */
function reachable(lines) {
  for (const place of lines.querySelectorAll(".cd-read, .cd-scroll")) {
    if (place.scrollWidth > place.clientWidth + 1) place.tabIndex = 0;
    else place.removeAttribute("tabindex");
  }
}

/** The sentence about the whole, with the mark of what it says. */
function overall(report, mathlive) {
  const kind = report.ok ? "right" : report.first_wrong === null ? "unreadable" : "wrong";
  const mark = report.lines.length ? h("span", { className: `cd-mark cd-${kind}`, "aria-hidden": "true" }, `${MARKS[kind]} `) : "";
  return [mark, sentence(report.summary, mathlive)];
}

function drawLine(line, number, mathlive, { go, mend }) {
  const kind = line.partial && line.verdict === "right" ? "partial" : line.verdict;
  const said = line.partial && kind !== "partial" ? `${SAID[kind]}, ${SAID.partial}` : SAID[kind];
  const read = line.reading ? (line.pieces ?? [line.reading]).map((piece) => typeset(spaced(piece), mathlive)) : [literal(line)];
  const below = [
    line.message && h("p", { className: "cd-message" }, sentence(line.message, mathlive)),
    line.assumption && h("p", { className: "cd-message" }, "Holds on a condition: ", sentence(line.assumption, mathlive)),
    line.repair && h("div", { className: "cd-repair" },
      h("span", { className: "cd-word" }, "mended:"),
      h("span", { className: "cd-scroll" }, line.code ? h("code", {}, line.code) : typeset(line.repair, mathlive)),
      mend && h("button", { type: "button", className: "cd-use", onclick: mend, "aria-label": `use it: the mended side of line ${number}` }, "use it")),
  ];
  return h("li", { className: `cd-line cd-${kind}` },
    h("button", { type: "button", className: "cd-number", "aria-label": `Line ${number}: go to it in the text`, title: "Go to it in the text", onclick: go }, String(number)),
    h("div", { className: "cd-said" },
      h("div", { className: "cd-row" },
        h("div", { className: "cd-read" }, ...read),
        h("div", { className: "cd-verdict" },
          h("strong", {}, h("span", { className: "cd-mark", "aria-hidden": "true" }, MARKS[kind] ?? "?"), ` ${said}`),
          line.shape ? h("span", { className: "cd-shape" }, line.shape) : null)),
      ...below.filter(Boolean)));
}

/** The text of a line with its mended side in the place of the wrong one; null when that place is not plain. */
export function mended({ text, repair, code, where }) {
  const program = CODE.test(text);
  const better = program ? code : repair;
  if (!better) return null;
  const [piece, remark] = program ? [/==|[()[\]=#]/g, "#"] : [/\\.|[{}=%]/gs, "%"];
  const signs = [];
  let depth = 0;
  let last = text.length;
  for (const found of text.matchAll(piece)) {
    if (found[0] === remark) {
      last = found.index;
      break;
    }
    depth += "([{".includes(found[0]) ? 1 : ")]}".includes(found[0]) ? -1 : 0;
    if (found[0] === "=" && depth === 0) signs.push(found.index);
  }
  const side = where ? signs.findLastIndex((sign) => sign < where[0]) : signs.length === 1 ? 0 : -1;
  if (side < 0) return null;
  const end = signs[side + 1] ?? last;
  return `${text.slice(0, signs[side] + 1)} ${better}${end < text.length ? " " : ""}${text.slice(end)}`;
}

/** A piece that begins with a sign of a sum, with the space that stands behind such a sign between two terms. */
const spaced = (piece) => piece.replace(/^\{\} ?([+-]) /, "$1\\:").replace(/^\{\} ?/, "");

/** The text of a line that could not be read, with the place marked. */
function literal(line) {
  const [from, to] = line.where ?? [0, 0];
  if (!(to > from) || from >= line.text.length) return h("code", { className: "cd-code" }, line.text);
  return h("code", { className: "cd-code" }, line.text.slice(0, from), h("mark", {}, line.text.slice(from, to)), line.text.slice(to));
}

// -- chips

/** The names and what they are: those said, those assumed; each opens a small form. */
function chips(place, state, touched) {
  const hint = h("p", { className: "cd-hint", hidden: true }, "Those with a dashed edge were assumed; choose one to say otherwise.");
  const list = h("div", { className: "cd-chips" });
  const form = h("div", { className: "cd-form", hidden: true });
  place.replaceChildren(h("p", { className: "cd-label" }, "What the letters are"), hint, list, form);
  let all = false;

  function draw() {
    const assumed = state.report?.assumed ?? {};
    const guessed = Object.keys(assumed).filter((name) => !(name in state.shapes));
    const shown = all ? guessed : guessed.slice(0, MOST_GUESSES);
    hint.hidden = !guessed.length;
    const chip = (name, said, kind) =>
      h("button", { type: "button", className: `cd-chip cd-${kind}`, "aria-expanded": String(state.open === name), onclick: () => open(name) },
        nameOf(name, state.mathlive), h("span", {}, said), kind === "guess" ? h("span", { className: "cd-heard" }, "assumed") : null);
    const focused = list.contains(document.activeElement) ? [...list.children].indexOf(document.activeElement) : -1;
    const rest = guessed.length - shown.length;
    list.replaceChildren(
      ...Object.entries(state.shapes).map(([name, spec]) => chip(name, spokenSpec(spec), "told")),
      ...state.functions.map((name) => chip(name, "function", "told")),
      ...shown.map((name) => chip(name, spokenSpec(assumed[name]), "guess")),
      rest ? h("button", { type: "button", className: "cd-chip cd-add", onclick: () => draw((all = true)) }, `… and ${rest} more`) : "",
      h("button", { type: "button", className: "cd-chip cd-add", "aria-expanded": String(state.open === ""), onclick: () => open("") }, "+ say what a letter is"),
    );
    if (focused >= 0) list.children[Math.min(focused, list.children.length - 1)].focus();
  }

  function open(name) {
    state.open = state.open === name ? null : name;
    form.hidden = state.open === null;
    if (!form.hidden) {
      form.replaceChildren(...fields(state.open, state, save, close));
      form.querySelector("input:not([hidden]), select").focus();
    }
    draw();
  }
  function close() {
    const name = state.open;
    state.open = null;
    form.hidden = true;
    draw();
    const names = [...list.children];
    (names.find((button) => button.firstChild.dataset?.name === name) ?? names.at(-1)).focus();
  }
  function save(old, name, kind, spec) {
    delete state.shapes[old];
    state.functions = state.functions.filter((f) => f !== old && f !== name);
    if (name && kind === "function") state.functions.push(name);
    else if (name && kind) state.shapes[name] = spec;
    state.open = name;
    close();
    touched();
  }
  return { draw };
}

/** A name as mathematics where it is the name of a letter, such as `hat y`, `W1` or `lambda`; else as it stands. */
function nameOf(name, mathlive) {
  const shown = latexOf(name) ? typeset(latexOf(name), mathlive) : h("span", {}, name);
  shown.dataset.name = name;
  return shown;
}

const GREEK = /^(?:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|chi|psi|omega|ell)$/i;

function latexOf(name) {
  const found = /^(?:(hat|bar|tilde|vec|dot) )?([A-Za-z]+)_?(\d*)$/.exec(name);
  if (!found) return /[\\^_{}]/.test(name) && !STYLING.test(name) && balanced(name) ? name : null;
  const [, accent, base, number] = found;
  if (base.length > 1 && !GREEK.test(base)) return null;
  const letter = (base.length > 1 ? `\\${base}` : base) + (number && `_{${number}}`);
  return accent ? `\\${accent}{${letter}}` : letter;
}

function fields(name, state, save, close) {
  const given = name in state.shapes ? state.shapes[name] : (state.report?.assumed?.[name] ?? "n d");
  const spec = state.functions.includes(name) ? { kind: "function", sizes: [], promise: "" } : readSpec(given);
  const field = (label, control) => {
    control.id = freshId("field");
    return h("div", { className: "cd-field" }, h("label", { htmlFor: control.id }, label), control);
  };
  const who = h("input", { type: "text", value: name, size: 6, autocapitalize: "off", spellcheck: false, placeholder: "w" });
  const kind = h("select", {}, ...KINDS.map(([value, said]) => h("option", { value }, said)));
  kind.value = spec.kind;
  const sizes = h("input", { type: "text", value: spec.sizes.join(" "), size: 8, autocapitalize: "off", spellcheck: false });
  const promise = h("select", {}, ...PROMISES.map((value) => h("option", { value }, value || "nothing more")));
  promise.value = spec.promise;
  const sized = field("its size", sizes);
  const promised = field("and it is", promise);
  const fit = () => {
    const wanted = KINDS.find(([value]) => value === kind.value)[2];
    sized.hidden = wanted === 0;
    promised.hidden = kind.value === "function" || kind.value === "number";
    sized.firstChild.textContent = wanted === 2 ? "rows and columns" : "its length";
    const words = sizes.value.trim().split(/[\s,×]+/).filter(Boolean);
    if (wanted && words.length !== wanted) sizes.value = [...words, "n", "d"].slice(0, wanted).join(" ");
  };
  kind.addEventListener("change", fit);
  fit();
  const done = () => {
    const words = sizes.value.trim().split(/[\s,×]+/).filter(Boolean);
    save(name, who.value.trim(), kind.value, kind.value === "function" ? "" : writeSpec({ kind: kind.value, sizes: words, promise: promise.value }));
  };
  const rows = [
    h("div", { className: "cd-fields" }, field("letter", who), field("is", kind), sized, promised),
    h("div", { className: "cd-fields" },
      h("button", { type: "button", className: "cd-button cd-main", onclick: done }, "Say so"),
      name in state.shapes || state.functions.includes(name) ? h("button", { type: "button", className: "cd-button", onclick: () => save(name, "", "", "") }, "Take it back") : null,
      h("button", { type: "button", className: "cd-button", onclick: close }, "Cancel")),
  ];
  for (const row of rows) {
    row.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
      if (!["Escape", "Enter"].includes(event.key)) return;
      event.stopPropagation();
      if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
      event.preventDefault(); // else the chip that has the focus next takes the key for a click
      done();
    });
  }
  return rows;
}

// -- mathematics as it looks

const SHORTCUTS = {
  tr: "\\operatorname{tr}",
  diag: "\\operatorname{diag}",
  grad: "\\nabla",
  norm: "\\left\\|#?\\right\\|",
  hat: "\\hat{#?}",
  sum: "\\sum",
  log: "\\log",
  odot: "\\odot",
  otimes: "\\otimes",
};

// The keys on a screen for what derivations are made of; letters and Greek are on the other layers.
const KEYS = {
  label: "∇",
  tooltip: "Derivations",
  rows: [
    ["X", "W", "Y", "w", "x", "y", "\\nabla", "\\partial", { latex: "\\frac{#@}{#?}", label: "a/b" }],
    ["A", "n", "d", "i", "j", "k", { latex: "#@^{\\top}", label: "⊤" }, { latex: "\\left\\|#0\\right\\|^2", label: "‖·‖²" }, { latex: "\\sum_{#?}", label: "Σ" }],
    ["1", "2", "(", ")", "=", "+", "-", "\\odot", { latex: "\\operatorname{tr}(#0)", label: "tr" }],
    [{ latex: "#@^{#?}", label: "aᵇ" }, { latex: "#@_{#?}", label: "aᵢ" }, { latex: "\\hat{#@}", label: "â" }, "\\sigma", "\\log", "[left]", "[right]", "[backspace]", "[return]"],
  ],
};

/** The field that shows the formula at the cursor of `text`, each a copy of the other at any moment. */
function visualField(place, text, mathlive, touched) {
  const id = freshId("visual");
  Object.assign(mathlive.MathfieldElement, { soundsDirectory: null, keypressSound: null, plonkSound: null });
  const field = new mathlive.MathfieldElement();
  const hint = h("p", { className: "cd-hint", id: `${id}-hint` });
  field.className = "cd-field-of-mathematics";
  field.setAttribute("aria-labelledby", id);
  place.replaceChildren(h("p", { className: "cd-label", id }, "The formula at the cursor"), field, hint);
  place.hidden = false;
  field.menuItems = [];
  field.mathVirtualKeyboardPolicy = "auto";
  // Escape begins a command of LaTeX there; the backslash does so too, and is what people expect.
  field.keybindings = field.keybindings.filter(({ key, command }) => !(key === "[Escape]" && String(command).startsWith("switchMode")));
  globalThis.mathVirtualKeyboard.layouts = [KEYS, "numeric", "alphabetic", "greek"];
  field.inlineShortcuts = withoutConstants(field.inlineShortcuts);
  let formula = null;
  let shown = ""; // what the field held when it and the text last agreed

  /** Show what stands at the cursor now; `anew` even if it is the same. */
  function follow(anew = false) {
    const found = formulaAt(text.value, text.selectionStart ?? 0);
    const same = found && formula && found.latex === formula.latex;
    // Where a formula was begun here, its dollar signs still go with it.
    if (same && found.start === formula.start && found.end === formula.end) found.wrap = formula.wrap;
    formula = found;
    field.readOnly = !found;
    field.setAttribute("aria-disabled", String(!found));
    place.classList.toggle("cd-words", !found);
    if (!same || anew) {
      field.executeCommand("moveToMathfieldEnd"); // else the letters typed before are still parts of a shortcut
      field.mode = "math"; // and one may have been in the middle of a command
      field.setValue(found?.latex ?? "", { silenceNotifications: true });
      shown = field.getValue("latex");
    }
    hint.textContent = found
      ? "Type here as it looks: / for a fraction, ^ and _ for what stands up or down, nabla for ∇, → to leave them; Enter begins a line."
      : "These are words or code: they are changed in the text.";
  }

  /** Write to the text what the field holds; its event of an input may come late, or after the next key. */
  function write() {
    const held = field.getValue("latex");
    if (!formula || held === shown) return;
    shown = held;
    const latex = plainLatex(held);
    // In a post a new formula gets its dollar signs, and takes them with it when it goes.
    const [before, after] = formula.wrap;
    const around = formula.latex ? [before.length, after.length] : [0, 0];
    const start = formula.start - around[0];
    text.setRangeText(latex && before + latex + after, start, formula.end + around[1], "preserve");
    const from = start + (latex ? before.length : 0);
    text.setSelectionRange(from + latex.length, from + latex.length);
    formula = { start: from, end: from + latex.length, latex, wrap: formula.wrap };
    touched();
  }

  function newLine() {
    write();
    if (!formula) return;
    const end = text.value.indexOf("\n", formula.end);
    const at = end < 0 ? text.value.length : end;
    text.setRangeText("\n", at, at, "end");
    text.setSelectionRange(at + 1, at + 1);
    follow(true);
    touched();
  }

  function step(by) {
    write();
    const lines = text.value.split("\n");
    const here = text.value.slice(0, text.selectionStart).split("\n").length - 1;
    const next = here + by;
    if (next < 0 || next >= lines.length) return;
    const at = lines.slice(0, next + 1).join("\n").length;
    text.setSelectionRange(at, at);
    follow(true);
    field.executeCommand(by > 0 ? "moveToMathfieldStart" : "moveToMathfieldEnd");
  }

  field.addEventListener("input", write);
  field.addEventListener("beforeinput", (event) => {
    if (event.inputType !== "insertLineBreak") return;
    event.preventDefault();
    newLine();
  });
  field.addEventListener("move-out", (event) => {
    const by = { upward: -1, downward: 1 }[event.detail.direction];
    if (!by) return;
    event.preventDefault();
    step(by);
  });
  for (const kind of ["keyup", "click", "focus", "select"]) text.addEventListener(kind, () => follow());
  text.setSelectionRange(text.value.length, text.value.length);
  follow(true);
  return { follow };
}

// Two letters in a row are a product here, never a sign: xx^T, AA^T, RR.
const PRODUCTS = "AA EE CC NN ZZ QQ RR TT xx vv vvv nn nnn uu uuu mm cm km kg ft mi lg lb th sh ch tg xin sint lt gt of".split(" ");

/** MathLive's shortcuts and ours, without those that read letters as a constant, a unit or a sign. */
function withoutConstants(shortcuts) {
  const meant = (value) => (typeof value === "string" ? value : (value?.value ?? ""));
  const kept = Object.entries(shortcuts).filter(([key, value]) => !PRODUCTS.includes(key) && !/differentialD|exponentialE|imaginary/i.test(meant(value)));
  return { ...Object.fromEntries(kept), ...SHORTCUTS };
}

// -- in a notebook

/** anywidget's entry: the draft and the report are the model's; Python judges. */
function render({ model, el }) {
  const root = h("div", {});
  el.append(root);
  let answered = () => {};
  const judge = (draft) =>
    new Promise((resolve) => {
      answered = resolve;
      const id = (model.get("asked")?.id ?? 0) + 1;
      model.set("asked", { ...draft, id });
      model.save_changes();
    });
  const heard = () => answered(model.get("report"));
  model.on("change:report", heard);
  mount(root, { judge, mathlive: fromKernel(model), draft: model.get("asked") });
  return () => model.off("change:report", heard);
}

/** MathLive as the kernel sends it, once for all editors of a page; null when no kernel answers. */
function fromKernel(model) {
  globalThis.courseMathLive ??= new Promise((resolve) => {
    model.on("msg:custom", async (message, buffers) => {
      if (message.kind !== "mathlive") return;
      const address = URL.createObjectURL(new Blob([buffers[0]], { type: "text/javascript" }));
      await Promise.all(
        message.fonts.map(async (font, k) => {
          const face = new FontFace(font.family, buffers[k + 1], font);
          document.fonts.add(await face.load());
        }),
      );
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`${message.style} :root { --ML__static-fonts: true; }`);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
      resolve(import(address));
    });
    model.send({ kind: "mathlive" });
  });
  return globalThis.courseMathLive;
}

export default { render };
