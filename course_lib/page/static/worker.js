// The library in Pyodide, away from the page: it has no document, and the page can end it when it hangs.
//
// The page sends {kind: "start", pyodide, files, modules} once, then {kind: "judge", id, draft}. It hears
// {kind: "progress", done, total}, {kind: "loaded"}, {kind: "report", id, report} and {kind: "failed", message}.
// Every file is fetched with its SHA-256 (`files`: [{name, size, integrity}]): a file that was changed on its way
// is refused.

const MIME = { wasm: "application/wasm", json: "application/json", zip: "application/zip" };
const plainFetch = self.fetch.bind(self);

self.onmessage = async ({ data }) => {
  if (data.kind === "start") await start(data);
  if (data.kind === "judge") postMessage({ kind: "report", id: data.id, report: judge(data.draft) });
};

let judged = null;

function judge(draft) {
  return JSON.parse(judged(JSON.stringify(draft)));
}

async function start({ pyodide, files, modules }) {
  try {
    if (typeof WebAssembly !== "object") {
      throw new Error("this browser does not run WebAssembly, which Python needs here");
    }
    const get = counted(files, pyodide);
    self.fetch = get;
    const loader = importing(await get(`${pyodide}pyodide.mjs`));
    await importing(await get(`${pyodide}pyodide.asm.js`));
    const { loadPyodide } = await loader;
    const archive = get(modules);
    const python = await loadPyodide({ indexURL: pyodide, packages: ["numpy"] });
    python.unpackArchive(await (await archive).arrayBuffer(), "zip", { extractDir: "/course" });
    judged = python.runPython(PYTHON);
    // A first derivation, so that the learner's first does not pay for the imports.
    judge({ text: "L = \\|Xw-y\\|^2\n\\nabla_w L = 2X^\\top(Xw-y)", shapes: { X: "n d", w: "d", y: "n" } });
    shut();
    postMessage({ kind: "loaded" });
  } catch (problem) {
    postMessage({ kind: "failed", message: String(problem?.message ?? problem) });
  }
}

const PYTHON = `
import json, sys
sys.path.insert(0, "/course")
from course_lib import derivation
from course_lib.derivation import diagnosis
from course_lib.derivation.editor import judged

# The time that a report may take was set for Python that is several times faster; here a check can be stopped.
derivation.SECONDS = 10.0
diagnosis.SECONDS = 4.0

def answer(draft):
    return json.dumps(judged(**json.loads(draft)))

answer
`;

/** A fetch that says how much has come, and takes no file that differs from what is expected. */
function counted(files, pyodide) {
  const expected = new Map(files.map((file) => [new URL(file.url ?? pyodide + file.name, self.location).href, file]));
  const total = files.reduce((sum, file) => sum + file.size, 0);
  let done = 0;
  const count = (bytes) => postMessage({ kind: "progress", done: (done += bytes), total });
  return async (address, options = {}) => {
    const href = new URL(address.url ?? address, self.location).href;
    const file = expected.get(href);
    if (!file) return plainFetch(address, options);
    const response = await fetched(href, file.integrity);
    const type = MIME[file.name.split(".").pop()] ?? "text/javascript";
    const counting = new TransformStream({
      transform(chunk, out) {
        count(chunk.byteLength);
        out.enqueue(chunk);
      },
    });
    return new Response(response.body.pipeThrough(counting), { headers: { "Content-Type": type } });
  };
}

async function fetched(href, integrity) {
  let response;
  try {
    // The hash says whether a copy kept from before is still the right one.
    response = await plainFetch(href, { integrity, cache: "force-cache", credentials: "omit" });
  } catch {
    response = await plainFetch(href, { integrity, cache: "reload", credentials: "omit" }).catch(() => null);
  }
  if (!response?.ok) throw new Error(`${href.split("/").pop()} could not be fetched`);
  return response;
}

async function importing(response) {
  const address = URL.createObjectURL(new Blob([await response.arrayBuffer()], { type: "text/javascript" }));
  try {
    return await import(address);
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** What is loaded is all that is needed: nothing that runs from here on can ask another server. */
function shut() {
  for (const name of ["fetch", "XMLHttpRequest", "WebSocket", "EventSource", "WebTransport", "importScripts", "caches"]) {
    try {
      Object.defineProperty(self, name, { value: undefined, configurable: false });
    } catch {
      // A browser that does not have it, or keeps it.
    }
  }
}
