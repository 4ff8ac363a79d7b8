// Active checks by nginx's own JavaScript module. nginx gets one file: `ID` and `settings`, this text and status.js.
// The module's engine knows no destructuring, no spread, no for-of and no optional chaining. It runs what stands
// outside of functions for every request.

/** The names of the hosts that the checks keep out, each followed by a blank, in the order of the settings. */
const DOWN = `down ${ID}`;
/** Hosts that went up or down and that the log does not tell yet, a line each. */
const CHANGES = "changes";

function stateOf(host) {
  const text = ngx.shared.rollgate.get(host.key);
  return text === undefined ? { up: false, rise: 0, fall: 0, at: 0, took: 0, result: "" } : JSON.parse(text);
}

/** Runs every interval in one worker. */
async function check() {
  countGeneration(String(process.pid));
  forgetOthers();
  ngx.shared.rollgate.set(DOWN, downNow());
  await Promise.all(settings().hosts.map(checkOne));
}

/** The worker before is still there for a moment, and must not count as a new one. */
function countGeneration(worker) {
  const dict = ngx.shared.rollgate;
  const workers = (dict.get("workers") ?? "").split(" ");
  if (workers.includes(worker)) return;
  dict.set("workers", `${worker} ${workers[0]}`);
  dict.set("generation", String(Number(dict.get("generation") ?? 0) + 1));
}

/** Hosts of another configuration: one that comes back later starts anew. */
function forgetOthers() {
  const known = ["workers", "generation", DOWN, CHANGES].concat(settings().hosts.map((host) => host.key));
  ngx.shared.rollgate
    .keys()
    .filter((key) => !known.includes(key))
    .forEach((key) => {
      ngx.shared.rollgate.delete(key);
    });
}

async function checkOne(host) {
  const at = Date.now();
  const limits = settings();
  const answer = await ask(host, limits);
  const before = stateOf(host);
  const rise = answer.passed ? before.rise + 1 : 0;
  const fall = answer.passed ? 0 : before.fall + 1;
  const up = before.up ? fall < limits.fall : rise >= limits.rise;
  const now = { up, rise, fall, at, took: Date.now() - at, result: answer.result };
  ngx.shared.rollgate.set(host.key, JSON.stringify(now));
  if (up !== before.up || fall > 0 !== before.fall > 0) ngx.shared.rollgate.set(DOWN, downNow());
  if (up !== before.up) noteChange(`${host.name} is ${up ? "up" : "down"}: ${answer.result}`);
}

function noteChange(line) {
  const dict = ngx.shared.rollgate;
  dict.set(CHANGES, `${dict.get(CHANGES) ?? ""}${line}\n`);
}

/** Runs every second, where nginx logs warnings: where the checks run, it does not. */
function logChanges() {
  (ngx.shared.rollgate.pop(CHANGES) ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .forEach((line) => {
      ngx.log(ngx.WARN, line);
    });
}

/** The time limit is for the whole answer; the module's own is documented as one between two reads. */
async function ask(host, limits) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${limits.timeoutMilliseconds} ms`)),
      limits.timeoutMilliseconds,
    );
  });
  try {
    const reply = await Promise.race([ngx.fetch(host.url), late]);
    const status = String(reply.status);
    return {
      passed: limits.expect.includes(status) || limits.expect.includes(`${status[0]}xx`),
      result: status,
    };
  } catch (error) {
    return { passed: false, result: error.message };
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Nobody has risen yet after a start, nor after a reload from another flavour. Then, and whenever nobody is up, those
 * stay in that have failed no check since: rather such a host than none at all.
 */
function downNow() {
  const hosts = settings().hosts;
  const states = hosts.map(stateOf);
  const anyUp = states.some((state) => state.up);
  return hosts
    .filter((_, index) => (anyUp ? !states[index].up : states[index].fall > 0))
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
  return settings()
    .hosts.filter((host) => out.includes(host.name))
    .map((host) => `${host.name} `)
    .join("");
}

/** `$direct`, where no upstream lacks just those hosts: any one of the others. */
function direct(r) {
  const out = r.variables.unavailable.split(" ");
  const others = settings().hosts.filter((host) => !out.includes(host.name));
  return others[Math.floor(Math.random() * others.length)].address;
}
