// nginx's status page; checks.js comes before it in the file that nginx loads.

/**
 * Whether a slot waits for the next release: it is drained and down while its host serves from the other one. If the
 * host serves from none, its first slot counts as down.
 */
function isEmpty(server, servers) {
  if (server.status === "up" || !server.drained) return false;
  const other = servers.find((one) => one.slotOf === server.slotOf && one !== server);
  return other !== undefined && (!other.drained || other.status === "up" || server.host !== server.slotOf);
}

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
  servers.forEach((server) => {
    server.empty = isEmpty(server, servers);
  });
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
  r.return(200, format[1](report));
}

function asJson(report) {
  return `${JSON.stringify({ servers: report }, null, 2)}\n`;
}

/** An empty slot has no metrics, because it would look like a host that is down. */
function asPrometheus(report) {
  const servers = report.server.filter((server) => !server.empty);
  const quote = (text) => `"${text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`;
  const gauge = (name, help, value) =>
    `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${servers
      .map((server) => `${name}{host=${quote(server.host)},address=${quote(server.name)}} ${value(server)}\n`)
      .join("")}`;
  return [
    gauge("rollgate_host_up", "Whether the host passes its active checks.", (server) =>
      server.status === "up" ? 1 : 0,
    ),
    gauge("rollgate_host_drained", "Whether the host is drained.", (server) => (server.drained ? 1 : 0)),
    gauge("rollgate_host_rise", "Passed checks in a row.", (server) => server.rise),
    gauge("rollgate_host_fall", "Failed checks in a row.", (server) => server.fall),
    gauge("rollgate_host_check_seconds", "How long the last check took.", (server) =>
      String(server.tookMilliseconds / 1000),
    ),
    "# HELP rollgate_generation Configurations since nginx was started.\n",
    `# TYPE rollgate_generation gauge\nrollgate_generation ${report.generation}\n`,
    "# HELP rollgate_info The configuration that nginx serves.\n",
    `# TYPE rollgate_info gauge\nrollgate_info{configuration=${quote(report.configuration)}} 1\n`,
  ].join("");
}

const style = () => `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; font-weight: 600; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .5rem .75rem; text-align: left; border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
th, footer { font-size: .8rem; font-weight: 500; opacity: .7; }
td { white-space: nowrap; }
td.number, th.number { text-align: right; }
.mark { padding: .1rem .6rem; border-radius: 1rem; color: #fff; background: #767676; font-size: .85rem; }
.up { background: #1a7f37; }
.down { background: #c93c37; }
footer { margin-top: 1.5rem; }
`;

function asPage(report) {
  const html = (value) => String(value).replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
  const hosts = report.server.filter((server) => server.host === server.slotOf);
  const serving = report.server.filter((server) => server.status === "up" && !server.drained);
  const taking = hosts.filter((host) => serving.some((server) => server.slotOf === host.slotOf)).length;
  const total = hosts.length;
  const title = `${taking} of ${total} ${total === 1 ? "host" : "hosts"} ${taking === 1 ? "takes" : "take"} traffic`;
  const mark = (server) =>
    server.empty
      ? '<span class="mark">empty</span>'
      : `<span class="mark ${server.status}">${server.status}</span>`;
  const now = Date.now();
  const ago = (checked) =>
    checked === null ? "" : `${Math.round((now - Date.parse(checked)) / 1000)} s ago`;
  const rows = report.server.map(
    (server) => `<tr>
<td>${html(server.host)}</td><td>${html(server.name)}</td>
<td>${mark(server)}</td>
<td>${server.drained && !server.empty ? '<span class="mark">drained</span>' : ""}</td>
<td class="number">${server.rise}</td><td class="number">${server.fall}</td>
<td>${server.checked === null ? "not yet" : html(server.result)}</td>
<td class="number">${server.checked === null ? "" : `${server.tookMilliseconds} ms`}</td>
<td class="number">${ago(server.checked)}</td>
</tr>
`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="2">
<title>${title}</title>
<style>${style()}</style>
</head>
<body>
<h1>${title}</h1>
<table>
<thead><tr><th>Host</th><th>Address</th><th>Checks</th><th></th><th class="number">Passed in a row</th>
<th class="number">Failed in a row</th><th>Last check</th><th class="number">Took</th><th></th></tr></thead>
<tbody>
${rows.join("")}</tbody>
</table>
<footer>configuration ${html(report.configuration)}, number ${report.generation} since nginx was started ·
${new Date(now).toISOString()} · <a href="?format=json">JSON</a> · <a href="?format=prometheus">Prometheus</a></footer>
</body>
</html>
`;
}
