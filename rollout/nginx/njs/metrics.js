// The status page for Prometheus.

/** An empty slot has no metrics, because it would look like a host that is down. */
function asPrometheus(report, roll) {
  const servers = report.server.filter((server) => !server.empty);
  const quote = (text) => `"${text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`;
  const labels = (server) => `host=${quote(server.host)},address=${quote(server.name)}`;
  const metric = (name, help, samples) =>
    `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${samples
      .map((sample) => `${name}${sample[0] === "" ? "" : `{${sample[0]}}`} ${sample[1]}\n`)
      .join("")}`;
  const gauge = (name, help, value) =>
    metric(
      name,
      help,
      servers.map((server) => [labels(server), value(server)]),
    );
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
    metric(
      "rollgate_host_info",
      "The release that the host runs, as rolls left it.",
      servers
        .filter((server) => server.release !== undefined)
        .map((server) => [`${labels(server)},release=${quote(server.release)}`, 1]),
    ),
    metric("rollgate_generation", "Configurations since nginx was started.", [["", report.generation]]),
    metric("rollgate_info", "The configuration that nginx serves.", [
      [`configuration=${quote(report.configuration)}`, 1],
    ]),
    rollMetrics(roll, metric),
  ].join("");
}

/** A roll that was killed is one that did not succeed. */
function rollMetrics(roll, metric) {
  if (roll === undefined) return "";
  const isOn = roll.outcome === "rolling";
  const inProgress = metric("rollgate_roll_in_progress", "Whether a roll is on.", [["", isOn ? 1 : 0]]);
  if (isOn) return inProgress;
  const succeeded = roll.outcome === "succeeded" ? 1 : 0;
  const ended = Date.parse(roll.ended);
  return [
    inProgress,
    metric("rollgate_last_roll_succeeded", "Whether the last roll succeeded.", [["", succeeded]]),
    metric("rollgate_last_roll_end_timestamp_seconds", "When the last roll ended.", [["", ended / 1000]]),
    metric("rollgate_last_roll_duration_seconds", "How long the last roll took.", [
      ["", (ended - Date.parse(roll.began)) / 1000],
    ]),
  ].join("");
}
