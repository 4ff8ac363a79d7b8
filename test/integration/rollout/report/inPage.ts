/** Elements that reach beyond the window without being in a box that scrolls. */
export const outside = `[...document.querySelectorAll("body *")]
  .filter((each) => !each.closest(".scroll"))
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 0.5)
  .map((each) => each.outerHTML.slice(0, 80))`;

/** Texts whose contrast with what is behind them is under 4.5 : 1, as WCAG asks for; what lies on a pattern is left out. */
export const contrasts = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => {
    const [r, g, b] = rgba(colour).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const { backgroundColor, backgroundImage } = getComputedStyle(element);
    if (rgba(backgroundColor)[3] === 255) return backgroundColor;
    if (backgroundImage !== "none") return undefined;
    return element.parentElement ? behind(element.parentElement) : "white";
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const poor = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("svg")) continue;
    const background = behind(element);
    if (background === undefined) continue;
    const [light, dark] = [luminance(getComputedStyle(element).color), luminance(background)].sort((a, b) => b - a);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) poor.add(element.className + " " + element.parentElement.className + ": " + contrast.toFixed(2));
  }
  return [...poor];
})()`;
