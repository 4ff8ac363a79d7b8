// What the last roll says about slots, next to what nginx knows of them.

/** Says of each slot whether it is empty and, as far as the last roll knows, what it runs and why it is drained. */
function addRoll(servers, last) {
  servers.forEach((server) => {
    server.empty = isEmpty(server, servers);
    if (last === undefined) return;
    const slot = last.slots[server.host] ?? {};
    if (slot.release !== undefined) server.release = slot.release;
    if (server.drained && !server.empty) server.drainedBy = whyDrained(slot);
  });
}

/**
 * Whether a slot waits for the next release: it is drained and down while its host serves from the other one. If the
 * host serves from none, its first slot counts as down.
 */
function isEmpty(server, servers) {
  if (server.status === "up" || !server.drained) return false;
  const other = servers.find((one) => one.slotOf === server.slotOf && one !== server);
  return other !== undefined && (!other.drained || other.status === "up" || server.host !== server.slotOf);
}

function whyDrained(slot) {
  if (slot.drainedBy !== undefined) return slot.drainedBy;
  return slot.release === undefined ? "nothing runs there" : "by hand";
}
