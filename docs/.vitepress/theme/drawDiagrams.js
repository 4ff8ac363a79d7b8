import source from "@mermaid-js/tiny/dist/mermaid.tiny.js?url";

let loaded;

/** Draws the diagrams of the page, if it has any; nobody else loads Mermaid. */
export async function drawDiagrams(isDark) {
  const diagrams = [...document.querySelectorAll(".mermaid")];
  if (diagrams.length === 0) return;
  loaded ??= load();
  await loaded;
  const { mermaid } = globalThis;
  mermaid.initialize({ startOnLoad: false, theme: isDark ? "dark" : "neutral", fontFamily: "inherit" });
  for (const [index, diagram] of diagrams.entries()) {
    const { svg } = await mermaid.render(`diagram-${index}`, decodeURIComponent(diagram.dataset.source));
    diagram.innerHTML = svg;
  }
}

/** As a script, since it leaves a global and exports nothing. */
function load() {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = source;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}
