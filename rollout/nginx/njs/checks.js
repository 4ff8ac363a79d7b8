// Active checks for nginx's own JavaScript module. nginx gets one file: `ID`, `STACK` and `settings`, this file, and the
// others of this folder.
// The module supports no destructuring, spread, for-of or optional chaining, and runs top-level code on every request.

/** The slots that are down: a 1 for each that is, a 0 for each other, in the order of the settings. */
const DOWN = `down ${ID}`;
/** Lines about hosts that went up or down, not yet logged. */
const CHANGES = "changes";

function stateOf(host) {
  const text = ngx.shared[STACK].get(host.key);
  return text === undefined ? { up: false, rise: 0, fall: 0, at: 0, took: 0, result: "" } : JSON.parse(text);
}

/** Runs every interval in one worker. */
async function check() {
  countGeneration(String(process.pid));
  forgetOthers();
  updateShortcuts();
  ngx.shared[STACK].set(DOWN, downNow());
  await Promise.all(settings().hosts.map(checkOne));
}

/** The previous worker may still run for a moment and must not count as a new one. */
function countGeneration(worker) {
  const dict = ngx.shared[STACK];
  const workers = (dict.get("workers") ?? "").split(" ");
  if (workers.includes(worker)) return;
  dict.set("workers", `${worker} ${workers[0]}`);
  dict.set("generation", String(Number(dict.get("generation") ?? 0) + 1));
}

/** Forgets hosts of other configurations; one that returns later starts from scratch. */
function forgetOthers() {
  const known = ["workers", "generation", DOWN, CHANGES].concat(settings().hosts.map((host) => host.key));
  ngx.shared[STACK]
    .keys()
    .filter((key) => !known.includes(key))
    .forEach((key) => {
      ngx.shared[STACK].delete(key);
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
  if (before.up && !up) forgetShortcuts(host.name);
  ngx.shared[STACK].set(host.key, JSON.stringify(now));
  if (up !== before.up || fall > 0 !== before.fall > 0) ngx.shared[STACK].set(DOWN, downNow());
  if (up === before.up) return;
  updateShortcuts();
  noteChange(`${host.name} is ${up ? "up" : "down"}: ${answer.result}`);
}

function noteChange(line) {
  const dict = ngx.shared[STACK];
  dict.set(CHANGES, `${dict.get(CHANGES) ?? ""}${line}\n`);
}

/** Runs every second in a location with log level warn; the location of the checks logs only critical errors. */
function logChanges() {
  (ngx.shared[STACK].pop(CHANGES) ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .forEach((line) => {
      ngx.log(ngx.WARN, line);
    });
}

/** Limits the time for the whole answer; the module's own timeout is only between two reads. */
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
 * After a start, or a reload from another flavour, no host is up yet. While no host is up, only hosts that have failed
 * a check count as down: trying an unknown host is better than serving nobody.
 */
function downNow() {
  const hosts = settings().hosts;
  const states = hosts.map(stateOf);
  const anyUp = states.some((state) => state.up);
  return states.map((state) => ((anyUp ? !state.up : state.fall > 0) ? "1" : "0")).join("");
}

/** `$unavailable`: the slots that are drained or down, in the format of `$drained`. */
function unavailable(r) {
  const drained = r.variables[`${STACK}_drained`];
  const down = ngx.shared[STACK].get(DOWN) ?? downNow();
  if (down === drained || !down.includes("1")) return drained;
  return settings()
    .hosts.map((_, index) => (drained[index] === "1" || down[index] === "1" ? "1" : "0"))
    .join("");
}
