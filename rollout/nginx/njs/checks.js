// Active checks by nginx's own JavaScript module. nginx gets one file: `settings`, this text and status.js.
// The module's engine knows no destructuring, no spread, no for-of and no optional chaining.

/** The names of the hosts that the checks keep out, each followed by a blank, in the order of the settings. */
const DOWN = `down ${settings.id}`;

const NEVER_CHECKED = { up: false, rise: 0, fall: 0, at: 0, took: 0, result: "" };

function stateOf(host) {
  const text = ngx.shared.rollgate.get(host.key);
  return text === undefined ? NEVER_CHECKED : JSON.parse(text);
}

/** Runs every interval in one worker. */
async function check() {
  const dict = ngx.shared.rollgate;
  if (dict.get("worker") !== String(process.pid)) {
    dict.set("worker", String(process.pid));
    dict.set("generation", String(Number(dict.get("generation") ?? 0) + 1));
  }
  forgetOthers();
  dict.set(DOWN, downNow());
  await Promise.all(settings.hosts.map(checkOne));
}

/** Hosts of another configuration: one that comes back later starts anew. */
function forgetOthers() {
  const known = ["worker", "generation", DOWN].concat(settings.hosts.map((host) => host.key));
  ngx.shared.rollgate
    .keys()
    .filter((key) => !known.includes(key))
    .forEach((key) => {
      ngx.shared.rollgate.delete(key);
    });
}

async function checkOne(host) {
  const at = Date.now();
  const answer = await ask(host);
  const before = stateOf(host);
  const rise = answer.passed ? before.rise + 1 : 0;
  const fall = answer.passed ? 0 : before.fall + 1;
  const up = before.up ? fall < settings.fall : rise >= settings.rise;
  const now = { up, rise, fall, at, took: Date.now() - at, result: answer.result };
  ngx.shared.rollgate.set(host.key, JSON.stringify(now));
  if (up === before.up) return;
  ngx.shared.rollgate.set(DOWN, downNow());
  ngx.log(ngx.WARN, `${host.name} is ${up ? "up" : "down"}: ${answer.result}`);
}

/** The time limit is for the whole answer: the module's own starts again with every byte. */
async function ask(host) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${settings.timeoutMilliseconds} ms`)),
      settings.timeoutMilliseconds,
    );
  });
  try {
    const reply = await Promise.race([ngx.fetch(host.url), late]);
    const status = String(reply.status);
    return {
      passed: settings.expect.includes(status) || settings.expect.includes(`${status[0]}xx`),
      result: status,
    };
  } catch (error) {
    return { passed: false, result: error.message };
  } finally {
    clearTimeout(timer);
  }
}

function downNow() {
  return settings.hosts
    .filter((host) => !stateOf(host).up)
    .map((host) => `${host.name} `)
    .join("");
}

/** `$unavailable`, for each request: the hosts that are drained or down, as `$drained` names them. */
function unavailable(r) {
  const drained = r.variables.drained;
  const down = ngx.shared.rollgate.get(DOWN) ?? downNow();
  if (down === "" || down === drained) return drained;
  if (drained === "") return down;
  const out = `${drained}${down}`.split(" ");
  return settings.hosts
    .filter((host) => out.includes(host.name))
    .map((host) => `${host.name} `)
    .join("");
}
