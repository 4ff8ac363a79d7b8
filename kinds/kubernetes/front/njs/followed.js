// How old the list of pods is, for kubelet, for the rollout and for people.

/** An outage of the API lasts longer than that only if it lasts. */
const STALE_SECONDS = 30;
/** How often a line says that it lasts. */
const TELL_SECONDS = 600;
/** At what age of the list an nginx is started again, if that helps; each draws its own. */
const RESTART_SECONDS = 60;
const SPREAD_SECONDS = 240;

/** Where an answer says why there is no list. */
function refusalOf(status) {
  if (status === 401) return "it answered 401, so the pod's token is not valid";
  if (status === 403) return "it answered 403, so the pod's account may not list endpointslices";
  return `it answered ${status}`;
}

/** Called after each question; `problem` is empty if the list is new. */
function noteAnswer(problem) {
  const dict = ngx.shared[PODS];
  if (dict.get("authority") === undefined) dict.set("authority", authority());
  if (problem === "" || dict.get("heard") === undefined) dict.set("heard", String(Date.now()));
  if (problem === "") dict.delete("told");
  const age = ageSeconds();
  if (age < STALE_SECONDS || age - Number(dict.get("told") ?? -TELL_SECONDS) < TELL_SECONDS) return;
  dict.set("told", String(age));
  noteChange(
    `the list of pods is ${lasting(age * 1000)} old, since the cluster's API can't be asked for it: ${problem}; new pods get no requests of this nginx`,
  );
}

/** Since the API has last told it, or since nginx was started. */
function ageSeconds() {
  return (Date.now() - Number(ngx.shared[PODS].get("heard") ?? Date.now())) / 1000;
}

/** The certificates by which the API is verified; nginx itself reads them once. */
function authority() {
  try {
    return fs.readFileSync(AUTHORITY, "utf8");
  } catch (_) {
    return "";
  }
}

function answerKubelet(r, trouble) {
  r.return(trouble === "" ? 200 : 503, trouble === "" ? "ready\n" : `${trouble}\n`);
}

/**
 * For kubelet: clients come once the pods are known. They stay away from one that neither hears of pods nor has any that
 * passes its checks. With pods that do, it goes on, however old the list is: all of them may be without the API.
 */
function ready(r) {
  if (ngx.shared[PODS].get("ready") === undefined) return answerKubelet(r, "the pods are not known yet");
  const isLost = ageSeconds() >= STALE_SECONDS && !pods().some((pod) => stateOf(pod).up);
  answerKubelet(r, isLost ? "the list of pods is old, and none of it passes its checks" : "");
}

/** For kubelet, which starts nginx again if it can't verify the API any more, but could. Nothing else is healed by that. */
function live(r) {
  const dict = ngx.shared[PODS];
  if (dict.get("patience") === undefined)
    dict.set("patience", String(RESTART_SECONDS + Math.random() * SPREAD_SECONDS));
  const isOld = ageSeconds() >= Number(dict.get("patience"));
  const hasChanged = isOld && authority() !== (dict.get("authority") ?? "");
  answerKubelet(r, hasChanged ? "the API's certificate authority has changed since nginx was started" : "");
}

/** `/status`, and how old the list is. */
function podStatus(r) {
  const list = { ageSeconds: Math.round(ageSeconds()), problem: ngx.shared[PODS].get("problem") ?? "" };
  const formats = {
    json: (body) => `${JSON.stringify(Object.assign(JSON.parse(body), { list }), null, 2)}\n`,
    prometheus: (body) =>
      `${body}# HELP rollgate_list_age_seconds Since when nginx has not heard of pods.\n# TYPE rollgate_list_age_seconds gauge\nrollgate_list_age_seconds ${list.ageSeconds}\n`,
  };
  const format = formats[r.args.format] ?? ((body) => body.replace("</h1>", `</h1>\n${listTrouble(list)}`));
  status({
    args: r.args,
    variables: r.variables,
    headersOut: r.headersOut,
    return: (code, body) => r.return(code, format(body)),
  });
}

function listTrouble(list) {
  if (list.ageSeconds < STALE_SECONDS) return "";
  return `<p>The list of pods is ${lasting(list.ageSeconds * 1000)} old: ${html(list.problem)}</p>\n`;
}
