// nginx's status page: what checks.js and the last roll know, in three formats.

/** `/status`: a page, `?format=json` (a superset of the upstream check module's JSON), or `?format=prometheus`. */
function status(r) {
  const drained = r.variables[`${STACK}_drained`];
  const servers = settings().hosts.map((host, index) => {
    const state = stateOf(host);
    return {
      index,
      upstream: "all",
      name: host.address,
      status: state.up ? "up" : "down",
      rise: state.rise,
      fall: state.fall,
      type: "http",
      port: 0,
      host: host.name,
      slotOf: host.host,
      drained: drained[index] === "1",
      checked: state.at === 0 ? null : new Date(state.at).toISOString(),
      tookMilliseconds: state.took,
      result: state.result,
    };
  });
  const last = lastRoll();
  addRoll(servers, last);
  const report = {
    total: servers.length,
    up: servers.filter((server) => server.status === "up").length,
    down: servers.filter((server) => server.status === "down").length,
    generation: Number(ngx.shared[STACK].get("generation") ?? 0),
    configuration: r.variables[`${STACK}_fingerprint`],
    server: servers,
  };
  const formats = {
    json: ["application/json", asJson],
    prometheus: ["text/plain; version=0.0.4; charset=utf-8", asPrometheus],
  };
  const format = formats[r.args.format] ?? ["text/html; charset=utf-8", asPage];
  r.headersOut["Content-Type"] = format[0];
  r.headersOut["Cache-Control"] = "no-store";
  r.return(200, format[1](report, last === undefined ? undefined : last.roll));
}

function asJson(report, roll) {
  return `${JSON.stringify({ servers: report, roll }, null, 2)}\n`;
}

/** What is known about the last roll; `undefined` if there was none. */
function lastRoll() {
  const file = settings().rollFile;
  try {
    return readRoll(fs.readFileSync(file, "utf8"), Date.now() - fs.statSync(file).mtimeMs);
  } catch (_) {
    return undefined;
  }
}
