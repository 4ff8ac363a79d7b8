// The ledger: while a roll reads it, nginx counts its requests by second and pod, in shared memory. Entries go after a
// while without a change, and so does the mark that a roll reads them.

const COUNTS = `${STACK}_counts`;
const READ = "read";
/** As in latency.ts. */
const GROWTH = 1.08;

/** The condition of an access log that is never written: called once for each request, when it is over. */
function countRequest(r) {
  const dict = ngx.shared[COUNTS];
  if (dict.get(READ) === undefined) return "";
  const v = r.variables;
  const status = Number(v.status);
  const tries = (v.upstream_addr ?? "").split(/, | : /).filter((address) => address !== "");
  const key = `${Math.floor(Date.now() / 1000)} ${nameOf(tries[tries.length - 1])}`;
  const add = (what, number) => {
    if (number > 0) dict.incr(`${key} ${what}`, number, 0);
  };
  const isAnswered =
    lastOf(v.upstream_header_time) !== "-" &&
    Number(lastOf(v.upstream_bytes_received)) > 0 &&
    tries.length > 0;
  add("requests", 1);
  add("bytes", Number(v.bytes_sent));
  add("retries", tries.length - 1);
  if (status >= 500) add(isAnswered ? "errors" : "lost", 1);
  if (v.request_completion !== "OK" && status !== 101 && (status < 500 || isAnswered)) add("cut", 1);
  // Neither a connection that was upgraded nor a client that went away says how long an answer took.
  if (status !== 101 && status !== 499) add(bucketOf(Number(v.request_time) * 1000), 1);
  return "";
}

function bucketOf(milliseconds) {
  if (milliseconds < 1) return "0";
  return String(1 + Math.floor(Math.log(Math.round(milliseconds)) / Math.log(GROWTH)));
}

/** The pod that has an address, or the address. */
function nameOf(address) {
  if (address === undefined) return "-";
  return ngx.shared[PODS].get(`${NAMED}${address}`) ?? address;
}

/**
 * `/rollgate/ledger`, for the rollout: counts from now on, and tells what it has counted. What is older than `?before` has
 * been read. With `?end`, it counts no more. The latest `?session` is the one that counts; an earlier one is refused.
 */
function ledger(r) {
  const dict = ngx.shared[COUNTS];
  const session = Number(r.args.session ?? 0);
  if (session < (dict.get(READ) ?? 0)) return r.return(409, "a later roll counts\n");
  if (r.args.end !== undefined) dict.delete(READ);
  else dict.set(READ, session);
  const now = Math.floor(Date.now() / 1000);
  const before = Math.min(Number(r.args.before ?? 0), now - 1);
  const rows = [];
  dict.items(1000000).forEach((item) => {
    const parts = item[0].split(" ");
    if (parts.length !== 3) return;
    if (Number(parts[0]) < before) dict.delete(item[0]);
    else rows.push([Number(parts[0]), parts[1], parts[2], item[1]]);
  });
  r.headersOut["Content-Type"] = "application/json";
  r.return(200, JSON.stringify({ at: now, rows }));
}
