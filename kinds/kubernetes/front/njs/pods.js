// The pods behind nginx: who they are comes from the cluster's API, whether they answer from checks.js. nginx never reloads.
// `STACK`, `CONTROL`, `TOKEN`, `KEPT` and `LIMITS` come before it.

/** The last list of the API, and the addresses that get requests, in a zone that checks.js does not tidy up. */
const PODS = `${STACK}_pods`;
/** In the zone of the list: the name of the pod at an address, and the addresses that get requests, by number. */
const NAMED = "at ";
const LIVE = "live ";

/** In the order of their keys. One run of JavaScript reads the list once, however many pods there are. */
function pods() {
  const version = ngx.shared[PODS].get("version") ?? "";
  if (read === undefined || read.version !== version)
    read = { version, list: JSON.parse(ngx.shared[PODS].get("list") ?? "[]") };
  return read.list;
}
let read;

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
    if (reply.status !== 200) throw new Error(refusalOf(reply.status));
    const found = await reply.json();
    keep(podsIn(found));
    choosePods();
  } catch (error) {
    problem = error.message;
    recall();
  }
  noteAnswer(problem);
  const before = dict.get("problem") ?? "";
  if (problem === before) return;
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
  const text = JSON.stringify(list);
  if (text === dict.get("list")) return;
  setList(text);
  try {
    fs.writeFileSync(KEPT, text);
  } catch (_) {}
}

/** After a start without the API, the pods of before are better than none. */
function recall() {
  if (ngx.shared[PODS].get("list") !== undefined) return;
  try {
    setList(fs.readFileSync(KEPT, "utf8"));
    choosePods();
  } catch (_) {}
}

function setList(text) {
  const dict = ngx.shared[PODS];
  dict.set("list", text);
  dict.set("version", String(Number(dict.get("version") ?? 0) + 1));
  dict
    .keys(1000000)
    .filter((key) => key.startsWith(NAMED))
    .forEach((key) => {
      dict.delete(key);
    });
  pods().forEach((pod) => {
    dict.set(`${NAMED}${pod.address}`, pod.name);
  });
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

/** `$drained`, in the bits that status.js reads. */
function leaving() {
  return pods()
    .map((pod) => (pod.takes ? "0" : "1"))
    .join("");
}

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
