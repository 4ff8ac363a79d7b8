// What the rollout leaves about its last roll, in a file that it writes every few seconds while that is on.

/** After so long without a word, a roll was killed: somebody else may begin one. */
const SILENT_SECONDS = 30;

/** What is known about the last roll from what it left, and how long ago; `undefined` if that can't be read. */
function readRoll(text, age) {
  try {
    const state = JSON.parse(text);
    if (state.format !== 1) return undefined;
    return { roll: rollOf(state, Math.max(0, age)), slots: state.slots ?? {} };
  } catch (_) {
    return undefined;
  }
}

/** Times are by the clock here: what was written now says how far the deployer's is off. */
function rollOf(state, age) {
  const written = Date.parse(state.written);
  const ahead = Date.now() - age - written;
  const here = (time) => new Date(ahead + Date.parse(time)).toISOString();
  const isOver = state.roll.outcome !== "rolling";
  const isKilled = !isOver && age / 1000 > SILENT_SECONDS;
  const roll = Object.assign({}, state.roll, {
    outcome: isKilled ? "killed" : state.roll.outcome,
    began: here(state.roll.began),
    hosts: state.roll.hosts.map((host) =>
      host.since === undefined ? host : Object.assign({}, host, { since: here(host.since) }),
    ),
  });
  if (isOver || isKilled) roll.ended = here(isOver ? state.roll.ended : state.written);
  else roll.silentSeconds = Math.round(age / 1000);
  return roll;
}
