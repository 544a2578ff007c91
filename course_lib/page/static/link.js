// A derivation as the part of an address behind the "#": it goes to no server, and it holds data alone.
//
// "#z=" is followed by JSON, compressed (deflate) and written in base64url; "#j=" by the same without compression.

const LARGEST = 100_000; // characters of JSON

/** The fragment that holds {text, shapes, functions}. */
export async function packed({ text, shapes, functions }) {
  const bytes = new TextEncoder().encode(JSON.stringify({ text, shapes, functions }));
  if (typeof CompressionStream !== "function") return `#j=${written(bytes)}`;
  const small = await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer();
  return `#z=${written(new Uint8Array(small))}`;
}

/** The draft in a fragment, null where the fragment holds none; an Error says what is wrong with it. */
export async function unpacked(fragment) {
  const found = /^#([zj])=(.*)$/s.exec(fragment);
  if (!found) {
    if (fragment.length <= 1) return null;
    throw new Error("it holds no derivation");
  }
  let said;
  try {
    const bytes = read(found[2]);
    said = JSON.parse(found[1] === "z" ? await inflated(bytes) : new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (problem) {
    throw new Error(problem instanceof RangeError ? "it holds more than a derivation" : "it is cut short or garbled");
  }
  return checked(said);
}

function checked(said) {
  const { text, shapes = {}, functions = [] } = said ?? {};
  const words = (list) => list.every((word) => typeof word === "string" && word.length < 200);
  const isRecord = typeof shapes === "object" && shapes !== null && !Array.isArray(shapes);
  if (typeof text !== "string" || !isRecord || !words(Object.entries(shapes).flat()) || !Array.isArray(functions) || !words(functions)) {
    throw new Error("it holds something else than a derivation");
  }
  if (text.length > LARGEST) throw new Error("it holds more than a derivation");
  return { text, shapes: Object.fromEntries(Object.entries(shapes)), functions: [...functions] };
}

async function inflated(bytes) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
    if (text.length > 2 * LARGEST) {
      await reader.cancel();
      throw new RangeError("too large");
    }
  }
}

function written(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function read(base64) {
  return Uint8Array.from(atob(base64.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
}
