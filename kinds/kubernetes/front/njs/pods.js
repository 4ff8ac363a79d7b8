// The pods behind nginx: who they are comes from the cluster's API, whether they answer from checks.js. nginx never reloads.
// `STACK`, `CONTROL`, `TOKEN`, `KEPT` and `LIMITS` come before it.

/** The last list of the API, and the addresses that get requests, in a zone that checks.js does not tidy up. */
const PODS = `${STACK}_pods`;
/** Addresses that have just refused a connection; an entry lasts for two seconds. */
const REFUSED = `${STACK}_refused`;

function pods() {
  return JSON.parse(ngx.shared[PODS].get("list") ?? "[]");
}

/** For checks.js and status.js. */
function settings() {
  return Object.assign({ hosts: pods() }, LIMITS);
}

/** Runs every second in one worker. While the API is silent, the last list goes on and the checks decide. */
async function follow() {
  const dict = ngx.shared[PODS];
  let problem = "";
  try {
    const reply = await ngx.fetch(`${CONTROL}/rollgate/endpoints`);
    if (reply.status !== 200) throw new Error(`it answered ${reply.status}`);
    const found = await reply.json();
    keep(JSON.stringify(podsIn(found)));
    choosePods();
  } catch (error) {
    problem = error.message;
    recall();
  }
  if (problem === (dict.get("problem") ?? "")) return;
  dict.set("problem", problem);
  const count = pods().length;
  noteChange(
    problem === ""
      ? "the cluster's API answers again"
      : `the cluster's API can't be asked for pods: ${problem}; nginx goes on with the ${count} it knows`,
  );
}

/** In a file as well, which outlives a crash of nginx, though not its pod. */
function keep(list) {
  const dict = ngx.shared[PODS];
  if (list === dict.get("list")) return;
  dict.set("list", list);
  try {
    fs.writeFileSync(KEPT, list);
  } catch (_) {}
}

/** After a start without the API, the pods of before are better than none. */
function recall() {
  if (ngx.shared[PODS].get("list") !== undefined) return;
  try {
    ngx.shared[PODS].set("list", fs.readFileSync(KEPT, "utf8"));
    choosePods();
  } catch (_) {}
}

/** The endpoints of a list of EndpointSlices. A pod may be in two of them for a moment. */
function podsIn(list) {
  const found = {};
  list.items.forEach((slice) => {
    (slice.endpoints ?? []).forEach((endpoint) => {
      const pod = podOf(endpoint, slice.addressType);
      if (pod !== undefined) found[pod.key] = pod;
    });
  });
  return Object.keys(found)
    .sort()
    .map((key) => found[key]);
}

function podOf(endpoint, family) {
  const target = endpoint.targetRef;
  if (target === undefined || target.kind !== "Pod") return undefined;
  const conditions = endpoint.conditions ?? {};
  const place = family === "IPv6" ? `[${endpoint.addresses[0]}]` : endpoint.addresses[0];
  const address = `${place}:${LIMITS.port}`;
  const name = target.name;
  return {
    name,
    host: name,
    address,
    key: `${name} ${address}`,
    url: `http://${place}:${LIMITS.healthPort}${LIMITS.path}`,
    // What is absent counts as true.
    takes: conditions.ready !== false && conditions.terminating !== true,
    serves: conditions.serving !== false,
  };
}

/** Runs every interval in one worker. */
async function checkPods() {
  countGeneration(String(process.pid));
  forgetOthers();
  const known = pods();
  // The module's Promise.all waits for ever if there is nothing to wait for.
  if (known.length > 0) await Promise.all(known.map((pod) => checkOne(pod).then(choosePods)));
  if (isDecided()) ngx.shared[PODS].set("ready", "1");
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
  ngx.shared[PODS].set("live", group.map((one) => one.pod.address).join(" "));
  ngx.shared[PODS].set("names", known.map((one) => one.pod.key).join("\n"));
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

/** For kubelet. */
function ready(r) {
  const isReady = ngx.shared[PODS].get("ready") !== undefined;
  r.return(isReady ? 200 : 503, isReady ? "ready\n" : "the pods are not known yet\n");
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

/** In turn, over all workers. */
function nextPod(tried) {
  const live = (ngx.shared[PODS].get("live") ?? "").split(" ").filter((address) => address !== "");
  const others = live.filter((address) => address !== tried);
  const good = others.filter((address) => ngx.shared[REFUSED].get(address) === undefined);
  const from = good.length > 0 ? good : others.length > 0 ? others : live;
  if (from.length === 0) return "";
  return from[ngx.shared[`${STACK}_counts`].incr("turn", 1, 0) % from.length];
}

/** The last try of a list such as `$upstream_addr`. */
function lastOf(list) {
  return (list ?? "").split(/, | : /).pop();
}

/** `$drained`, in the bits that status.js reads. */
function leaving() {
  return pods()
    .map((pod) => (pod.takes ? "0" : "1"))
    .join("");
}

/** There are no shortcuts to forget: each request asks `pod`. */
function forgetShortcuts() {}
function updateShortcuts() {}

/** The address of the API, which every pod is told. */
function api() {
  const host = process.env.KUBERNETES_SERVICE_HOST ?? "";
  const port = process.env.KUBERNETES_SERVICE_PORT ?? "443";
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** kubelet replaces the token before it expires. */
function token() {
  return fs.readFileSync(TOKEN, "utf8").trim();
}
