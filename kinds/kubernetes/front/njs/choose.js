// Which of the pods get requests: those that pass their checks, if there are any. Nothing here takes longer than in
// proportion to the number of pods, and what a request does takes the same time with any number.

/** Addresses that have just refused a connection; an entry lasts for two seconds. */
const REFUSED = `${STACK}_refused`;
/** Changes come several at a time; choosing takes at most a tenth of the time. */
const SOON_MILLISECONDS = 20;
const SHARE = 10;

/** Runs every interval in one worker. */
async function checkPods() {
  countGeneration(String(process.pid));
  const known = pods();
  forgetGone(known);
  let choosing;
  let took = 0;
  // Many pods may go up or down at once.
  const chooseSoon = () => {
    if (choosing === undefined)
      choosing = new Promise((resolve) => {
        setTimeout(
          () => {
            const began = Date.now();
            choosing = undefined;
            choosePods();
            took = Date.now() - began;
            resolve();
          },
          Math.max(SOON_MILLISECONDS, SHARE * took),
        );
      });
    return choosing;
  };
  // The module's Promise.all waits for ever if there is nothing to wait for.
  if (known.length > 0)
    await Promise.all(
      known.map((pod) => checkPod(pod).then((matters) => (matters ? chooseSoon() : undefined))),
    );
  if (isDecided()) ngx.shared[PODS].set("ready", "1");
}

/** Like `checkOne` of checks.js, which looks at all hosts after each change; returns whether it may change the choice. */
async function checkPod(pod) {
  const at = Date.now();
  const answer = await ask(pod, LIMITS);
  const before = stateOf(pod);
  const rise = answer.passed ? before.rise + 1 : 0;
  const fall = answer.passed ? 0 : before.fall + 1;
  const up = before.up ? fall < LIMITS.fall : rise >= LIMITS.rise;
  const now = { up, rise, fall, at, took: Date.now() - at, result: answer.result };
  ngx.shared[STACK].set(pod.key, JSON.stringify(now));
  if (up !== before.up) noteChange(`${pod.name} is ${up ? "up" : "down"}: ${answer.result}`);
  return up !== before.up || fall > 0 !== before.fall > 0;
}

/** Forgets pods that are gone. */
function forgetGone(known) {
  const kept = { workers: true, generation: true };
  kept[CHANGES] = true;
  known.forEach((pod) => {
    kept[pod.key] = true;
  });
  ngx.shared[STACK]
    .keys(1000000)
    .filter((key) => kept[key] === undefined)
    .forEach((key) => {
      ngx.shared[STACK].delete(key);
    });
}

/**
 * The pods that get requests are those that Kubernetes calls ready and that pass their checks. If there are none, those do
 * that are about to end but still answer, and if there are none of them either, those that have not been checked yet. At
 * last, all that Kubernetes calls ready: nginx may already have the checks of a release that is still to come.
 */
function choosePods() {
  const known = pods().map((pod) => ({ pod, state: stateOf(pod) }));
  const groups = [
    known.filter((one) => one.pod.takes && one.state.up),
    known.filter((one) => one.pod.serves && one.state.up),
    known.filter((one) => one.pod.takes && one.state.fall === 0),
    known.filter((one) => one.pod.takes),
  ];
  const group = groups.find((each) => each.length > 0) ?? [];
  const dict = ngx.shared[PODS];
  const live = group.map((one) => one.pod.address);
  const text = live.join(" ");
  if (text === dict.get("live")) return;
  dict.set("live", text);
  // Each request asks for one of them.
  live.forEach((address, index) => {
    dict.set(`${LIVE}${index}`, address);
  });
  dict.set("count", String(live.length));
}

/** A pod of nginx gets requests once it can tell which pods take some; later outages of the application don't change that. */
function isDecided() {
  if (ngx.shared[PODS].get("list") === undefined) return false;
  const known = pods().filter((pod) => pod.takes);
  const states = known.map(stateOf);
  return (
    known.length === 0 ||
    states.some((state) => state.up) ||
    states.every((state) => state.fall >= LIMITS.fall)
  );
}

/** `$pod`: where a request goes; empty if nowhere. */
function pod() {
  return nextPod("");
}

/** `$pod_again`: where a request goes that got no answer; empty if it must not be sent again. */
function podAgain(r) {
  const tried = lastOf(r.variables.upstream_addr);
  const isSent = Number(lastOf(r.variables.upstream_bytes_sent)) > 0;
  const isAnswered = Number(lastOf(r.variables.upstream_bytes_received)) > 0;
  if (!isSent) ngx.shared[REFUSED].set(tried, "1");
  const isSafe = !isSent || !["POST", "PATCH", "LOCK"].includes(r.method);
  if (!isSafe || isAnswered) return "";
  const other = nextPod(tried);
  return other === tried ? "" : other;
}

/** In turn, over all workers; another one than was tried, and one that has not just refused a connection, if there is any. */
function nextPod(tried) {
  const count = Number(ngx.shared[PODS].get("count") ?? 0);
  if (count === 0) return "";
  const at = (index) => ngx.shared[PODS].get(`${LIVE}${index % count}`) ?? "";
  const isGood = (address) =>
    address !== "" && address !== tried && ngx.shared[REFUSED].get(address) === undefined;
  const turn = ngx.shared[`${STACK}_counts`].incr("turn", 1, 0) % count;
  if (isGood(at(turn))) return at(turn);
  // Anywhere, so that the next one doesn't get the share of both.
  const from = Math.floor(Math.random() * count);
  let other = "";
  for (let step = 0; step < count; step++) {
    const address = at(from + step);
    if (isGood(address)) return address;
    if (other === "" || other === tried) other = address;
  }
  return other;
}

/** The last try of a list such as `$upstream_addr`. */
function lastOf(list) {
  return (list ?? "").split(/, | : /).pop();
}
