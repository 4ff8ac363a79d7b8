// The page of an nginx without its JavaScript module, which a browser puts together from what nginx can tell. `HOSTS` and
// `IS_CHECKED` come before it, and roll.js, slots.js, page.js and style.js, which don't need nginx.

async function show() {
  const place = location.pathname.replace(/\/page$/, "");
  const ask = (path) => fetch(`${place}${path}`, { cache: "no-store" });
  const [left, checks] = await Promise.all([ask("/roll"), IS_CHECKED ? ask("?format=json") : undefined]);
  const last = left.ok ? readRoll(await left.text(), ageOf(left.headers)) : undefined;
  const drained = (left.headers.get("X-Drained") ?? "").split(" ");
  const states = checks ? statesOf(await checks.text()) : undefined;
  const servers = HOSTS.map((host) => ({
    ...host,
    drained: drained.includes(host.host),
    ...(states ? stateIn(states, host.name) : presumed(last, host.host, drained)),
  }));
  addRoll(servers, last);
  document.title = titleOf(servers);
  document.querySelector("main").innerHTML = content(document.title, servers, last?.roll);
}

/** How long ago the file was written, by nginx's own clock. */
function ageOf(headers) {
  return Date.parse(headers.get("Date")) - Date.parse(headers.get("Last-Modified"));
}

/** The check module's JSON, which may have control characters in it. */
function statesOf(text) {
  return JSON.parse(text.replaceAll(/\p{Cc}/gu, " ")).servers.server;
}

/** The module checks a server once in each upstream. */
function stateIn(states, address) {
  const own = states.filter(({ name }) => name === address);
  const { rise = 0, fall = 0 } = own.find(({ status }) => status !== "up") ?? own[0] ?? {};
  return { status: own.length > 0 && own.every(({ status }) => status === "up") ? "up" : "down", rise, fall };
}

/** Without active checks, nginx sends requests to whatever is not drained. */
function presumed(last, slot, drained) {
  const isRunning = last?.slots[slot]?.release !== undefined;
  return { status: isRunning || !drained.includes(slot) ? "up" : "down" };
}

async function keepShowing() {
  const isSilent = await show().then(
    () => false,
    () => true,
  );
  document.body.classList.toggle("silent", isSilent);
  setTimeout(keepShowing, 2000);
}
