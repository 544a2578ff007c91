// What this browser lacks, said in one sentence before JupyterLab starts; and later, that its store is full.
(() => {
  const said = document.createElement("p");
  said.setAttribute("role", "alert");
  said.style.cssText =
    "position:fixed;inset:auto 0 0 0;z-index:10000;margin:0;padding:.8em 3em .8em 1em;font:15px/1.4 sans-serif;" +
    "background:#fff4d6;color:#222;border-top:2px solid #b35900";
  const away = document.createElement("button");
  away.textContent = "Close";
  away.style.cssText = "position:absolute;right:1em;top:.7em;font:inherit";
  away.addEventListener("click", () => said.remove());

  function say(sentence) {
    said.replaceChildren(sentence, away);
    document.documentElement.append(said);
  }

  const lack =
    location.protocol === "file:"
      ? "The lab works where a web server hands it out; opened as a file it cannot start."
      : typeof WebAssembly !== "object"
        ? "This browser does not run WebAssembly, which Python needs here: notebooks can be read, but no cell will run."
        : !navigator.serviceWorker
          ? "This browser lets the lab have no service worker, as in a private window or without https, so Python sees no files: " +
            "checks work, but submit() does not; File → Download saves the notebook, and that file can be handed in."
          : "";
  if (lack) say(lack);

  function look(problem) {
    if (problem?.name !== "QuotaExceededError") return;
    say("This browser keeps no more data for this page, so nothing was saved; File → Download saves the notebook as it is here.");
  }
  const put = globalThis.IDBObjectStore?.prototype.put;
  if (!put) return;
  IDBObjectStore.prototype.put = function (...given) {
    this.transaction.addEventListener("abort", () => look(this.transaction.error), { once: true });
    try {
      return put.apply(this, given);
    } catch (problem) {
      look(problem);
      throw problem;
    }
  };
})();
