// The frame around the editor: Python in a worker, examples, links that hold a derivation, a draft that is kept.

import { mount } from "./editor.js";
import { packed, unpacked } from "./link.js";

const config = JSON.parse(document.getElementById("config").textContent);
const at = (id) => document.getElementById(id);
const EMPTY = { text: "", shapes: {}, functions: [] };
const KEPT = "course.derivation";

/** One sentence above the editor; an empty one takes it away. */
function say(sentence) {
  at("notice").textContent = sentence;
  at("notice").hidden = !sentence;
}

// -- Python, in a worker

class Checker {
  constructor() {
    this.asked = new Map();
    this.id = 0;
    this.start();
  }

  start() {
    this.failure = null;
    this.loading = new Promise((resolve) => (this.settle = resolve));
    at("loading").hidden = false;
    if (typeof WebAssembly !== "object" || typeof Worker !== "function") {
      this.failed({ message: "this browser does not run WebAssembly, which Python needs here" });
      return;
    }
    this.worker = new Worker("worker.js", { type: "module" });
    this.worker.onmessage = ({ data }) => this[data.kind](data);
    this.worker.onerror = () => this.failed({ message: "this browser did not run its worker" });
    const from = (address) => new URL(address, location.href).href;
    const { pyodide, modules, files } = config;
    this.worker.postMessage({ kind: "start", pyodide: from(pyodide), modules: from(modules), files });
  }

  progress({ done, total }) {
    at("progress").value = Math.min(done / total, 1);
    const [come, all] = [done, total].map((bytes) => (bytes / 1e6).toFixed(1));
    at("loading-text").textContent =
      done < total
        ? `Python is on its way (${come} of ${all} MB). You can type meanwhile.`
        : "Python is starting. You can type meanwhile.";
  }

  loaded() {
    at("loading").hidden = true;
    this.settle();
  }

  failed({ message }) {
    at("loading").hidden = true;
    this.worker?.terminate();
    this.failure = message;
    say(`The checker could not start: ${message}. Your text stays as it is.`);
    this.settle();
  }

  report({ id, report }) {
    this.asked.get(id)?.resolve(report);
    this.asked.delete(id);
  }

  /** The report on a draft; null when there is no Python to judge it. */
  async judge(draft) {
    await this.loading;
    if (this.failure) return null;
    return new Promise((resolve, reject) => {
      this.id += 1;
      this.asked.set(this.id, { resolve, reject });
      this.worker.postMessage({ kind: "judge", id: this.id, draft });
    });
  }

  /** End a check that hangs: a new worker takes the place of the old one. */
  stop() {
    this.worker.terminate();
    for (const { reject } of this.asked.values()) reject(new Error("Stopped. Any change of the text checks it again."));
    this.asked.clear();
    this.start();
  }
}

// -- the draft that is kept in this browser

let full = false;

function keep(draft) {
  try {
    if (full) return;
    localStorage.setItem(KEPT, JSON.stringify(draft));
  } catch {
    full = true;
    say("This browser keeps no more data for this page, so the text will be gone when it is closed; a copied link still holds it.");
  }
}

function kept() {
  try {
    const draft = JSON.parse(localStorage.getItem(KEPT));
    return typeof draft?.text === "string" ? { ...EMPTY, ...draft } : null;
  } catch {
    return null;
  }
}

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// -- the page

async function begin() {
  say("");
  const own = kept();
  const linked = await fromLink();
  let before = linked && own?.text.trim() && !same(linked, own) ? own : null;
  at("back").hidden = !before;

  const checker = new Checker();
  const editor = mount(at("editor"), {
    judge: (draft) => checker.judge(draft),
    mathlive: mathlive(),
    draft: linked ?? own ?? EMPTY,
    changed(draft) {
      // What was open before a link is kept until the link's text is changed; then it waits behind the button.
      keep(draft);
      about("");
    },
    stop: () => checker.stop(),
    welcome: at("welcome"),
    whole: true,
  });

  /** Show another draft; the learner's own waits behind a button. */
  function replace(draft) {
    const now = editor.draft();
    const theirs = now.text.trim() && !config.examples.some(({ text }) => text === now.text);
    if (theirs) before = now;
    at("back").hidden = !before;
    editor.show(draft);
    keep(draft);
  }

  const open = (example) => {
    replace({ text: example.text, shapes: example.shapes, functions: example.functions ?? [] });
    about(example.about);
  };
  for (const [k, { title }] of config.examples.entries()) at("examples").add(new Option(title, String(k)));
  at("examples").addEventListener("change", () => {
    const example = config.examples[at("examples").selectedIndex - 1];
    at("examples").value = "";
    if (example) open(example);
  });
  for (const kind of Object.keys(config.practice)) at("practice").add(new Option(kind, kind));
  at("practice").addEventListener("change", () => {
    const problems = config.practice[at("practice").value] ?? [];
    at("practice").value = "";
    const drawn = problems[Math.floor(Math.random() * problems.length)];
    if (drawn) open(drawn);
  });
  at("first").addEventListener("click", () => open(config.examples[0]));
  at("back").addEventListener("click", () => {
    const mine = before;
    before = null;
    replace(mine);
    before = null;
    at("back").hidden = true;
    about("");
  });
  at("clear").addEventListener("click", () => {
    replace(EMPTY);
    about("");
  });
  at("share").addEventListener("click", () => share(editor.draft()));
  window.addEventListener("hashchange", async () => {
    const draft = await fromLink();
    if (draft && !same(draft, editor.draft())) replace(draft);
  });
}

function about(sentence) {
  at("about").textContent = sentence;
  at("about").hidden = !sentence;
}

async function fromLink() {
  try {
    return await unpacked(location.hash);
  } catch (problem) {
    say(`The link could not be read: ${problem.message}. Ask for it again, or paste the derivation itself.`);
    return null;
  }
}

async function share(draft) {
  history.replaceState(null, "", await packed(draft));
  try {
    await navigator.clipboard.writeText(location.href);
    at("share").textContent = "Link copied";
  } catch {
    at("share").textContent = "The link is in the address bar";
  }
  setTimeout(() => (at("share").textContent = "Copy a link to this"), 3000);
}

async function mathlive() {
  try {
    return await import("./mathlive/mathlive.min.mjs");
  } catch {
    return null;
  }
}

begin();
