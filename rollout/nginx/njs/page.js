// The status page for people.

function html(value) {
  return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** `12 s`, `4 min`, `3 h` or `2 d`. */
function lasting(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

function since(time) {
  return lasting(Date.now() - Date.parse(time));
}

function asPage(report, roll) {
  const title = titleOf(report.server);
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
${content(title, report.server, roll)}
<footer>configuration ${html(report.configuration)}, number ${report.generation} since nginx was started ·
${new Date().toISOString()} · <a href="?format=json">JSON</a> · <a href="?format=prometheus">Prometheus</a></footer>
</body>
</html>
`;
}

function titleOf(servers) {
  const hosts = servers.filter((server) => server.host === server.slotOf);
  const serving = servers.filter((server) => server.status === "up" && !server.drained);
  const taking = hosts.filter((host) => serving.some((server) => server.slotOf === host.slotOf)).length;
  const total = hosts.length;
  return `${taking} of ${total} ${total === 1 ? "host" : "hosts"} ${taking === 1 ? "takes" : "take"} traffic`;
}

function content(title, servers, roll) {
  return `<h1>${title}</h1>
${roll === undefined ? "" : rollPanel(roll)}<table>
<thead><tr><th>Host</th><th>Address</th><th>Checks</th><th>Traffic</th><th>Release</th><th>Last check</th></tr></thead>
<tbody>
${servers.map(row).join("")}</tbody>
</table>`;
}

function row(server) {
  return `<tr class="${server.empty ? "empty" : server.status}">
<td>${html(server.host)}</td><td>${html(server.name)}</td>
<td>${mark(server)}</td>
<td>${traffic(server)}</td>
<td>${html(server.release ?? "")}</td>
<td>${lastCheck(server)}</td>
</tr>
`;
}

function traffic(server) {
  if (server.empty) return "";
  if (!server.drained) return server.status === "up" ? "takes traffic" : "";
  const why = server.drainedBy === undefined ? "" : ` <small>${html(server.drainedBy)}</small>`;
  return `<span class="mark">drained</span>${why}`;
}

/** Without active checks, nobody counts. */
function mark(server) {
  if (server.empty) return '<span class="mark">empty</span>';
  if (server.rise === undefined) return '<span class="mark">not checked</span>';
  return `<span class="mark ${server.status}">${server.status}</span>`;
}

function lastCheck(server) {
  if (server.empty || server.rise === undefined) return "";
  if (server.checked === null) return "not yet";
  const row = server.fall > 0 ? `${server.fall} failed in a row` : `${server.rise} passed in a row`;
  if (server.checked === undefined) return `<small>${row}</small>`;
  const detail = `${server.tookMilliseconds} ms, ${since(server.checked)} ago, ${row}`;
  return `<span>${html(server.result)}</span> <small>${detail}</small>`;
}

/** The roll that is on, or the last one. */
function rollPanel(roll) {
  const titles = { rolling: "Rolling", succeeded: "Rolled", failed: "Failed", killed: "Cut off" };
  const outcome = titles[roll.outcome] === undefined ? "failed" : roll.outcome;
  const who = html(outcome === "rolling" ? roll.owner : roll.owner.replace(/ \(pid \d+\)$/, ""));
  const froms = roll.hosts
    .map((host) => host.from)
    .filter((from, index, all) => from !== undefined && all.indexOf(from) === index);
  const from = froms.length === 0 ? "" : ` from ${html(froms.join(", "))}`;
  const steps = outcome === "succeeded" ? "" : progress(roll);
  return `<section class="${outcome}">
<h2><span class="mark">${titles[outcome]}</span> ${html(roll.release)}<small>${from}</small></h2>
<p>${when(roll, outcome)}, by ${who}${counted(roll)}${reportLink(roll, outcome)}</p>
${trouble(roll, outcome)}${steps}</section>
`;
}

function when(roll, outcome) {
  if (outcome === "rolling") return `for ${since(roll.began)}`;
  const took = lasting(Date.parse(roll.ended) - Date.parse(roll.began));
  const at = roll.ended.replace("T", " ").replace(/\.\d+Z$/, " UTC");
  return `${since(roll.ended)} ago (<time>${html(at)}</time>), after ${took}`;
}

function counted(roll) {
  if (roll.requests === undefined) return "";
  const grouped = (count) => html(String(count).replace(/\B(?=(\d{3})+$)/g, ","));
  return ` · ${grouped(roll.requests)} requests, ${grouped(roll.lost)} lost`;
}

/** Only over, since the report is written then. */
function reportLink(roll, outcome) {
  const isThere = outcome === "succeeded" || outcome === "failed";
  if (!isThere || !/^https?:\/\//.test(roll.report ?? "")) return "";
  return ` · <a href="${html(roll.report)}">report</a>`;
}

function trouble(roll, outcome) {
  if (outcome === "killed") {
    const words = `no word for ${since(roll.ended)}: it was probably killed, and the next pulumi up finishes it`;
    return `<p class="trouble">${words}</p>\n`;
  }
  if (outcome === "rolling" && roll.silentSeconds > 10)
    return `<p class="trouble">no word for ${roll.silentSeconds} s</p>\n`;
  if (roll.failedAt === undefined) return "";
  return `<p class="trouble">${html(roll.failedAt.host)} failed in its ${html(roll.failedAt.phase)} phase</p>\n`;
}

/** How far each host is. */
function progress(roll) {
  const done = roll.hosts.filter((host) => host.phase === "done" && !host.isBack).length;
  const fleet = roll.phase === undefined ? "" : `<li class="now">fleet: ${html(roll.phase)}</li>`;
  const steps = roll.hosts.map((host) => {
    const back = host.isBack ? "goes back: " : "";
    if (host.phase === undefined) return `<li>${html(host.name)}</li>`;
    if (host.phase === "done" && host.isBack) return `<li class="back">${html(host.name)} went back</li>`;
    if (host.phase === "done") return `<li class="done">${html(host.name)} done</li>`;
    const lasts = roll.outcome === "rolling" ? ` for ${since(host.since)}` : "";
    const phase = `${back}${html(host.phase)}${lasts}`;
    return `<li class="${host.isBack ? "back" : "now"}">${html(host.name)} ${phase}</li>`;
  });
  const bar = `<progress max="${roll.hosts.length}" value="${done}"></progress>\n`;
  return `${roll.outcome === "failed" ? "" : bar}<ol>${fleet}${steps.join("")}</ol>
`;
}
