import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, PassThrough } from "node:stream";

const MAX_WORDS = 2_000;
/** The connection outlives the last question by this; then `ssh` ends it. */
const KEPT_SECONDS = 30;

/**
 * What the docker CLI does for ssh://: the user's own ssh, with its configuration, agent and known hosts, carries
 * each connection to the engine, here all of them over one. The client library's own SSH would take any host key.
 */
export function sshAgent(url: URL): Agent {
  const user = url.username ? ["-l", decodeURIComponent(url.username)] : [];
  const port = url.port ? ["-p", url.port] : [];
  const folder = mkdtempSync(join(tmpdir(), "rollgate-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const shared = ["ControlMaster=auto", `ControlPath=${join(folder, "s")}`, `ControlPersist=${KEPT_SECONDS}`];
  const options = ["BatchMode=yes", "ConnectTimeout=10", ...shared].flatMap((option) => ["-o", option]);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  // Each connection is a process over there, so what can be asked over an old one is.
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 2 });
  agent.createConnection = () => {
    const ssh = spawn(
      "ssh",
      ["-T", ...options, ...user, ...port, "--", host, "docker", "system", "dial-stdio"],
      {
        stdio: ["pipe", "pipe", "pipe"],
      },
    );
    let words = "";
    ssh.stderr.setEncoding("utf8").on("data", (text: string) => {
      words = `${words}${text}`.slice(-MAX_WORDS);
    });
    // Ends with ssh itself, since only its exit code tells an end from a failure.
    const answers = ssh.stdout.pipe(new PassThrough(), { end: false });
    const stream = Duplex.from({ readable: answers, writable: ssh.stdin });
    ssh.stdin.on("error", () => {});
    ssh.once("error", (error) => stream.destroy(error));
    ssh.once("exit", (code) => {
      if (code) stream.destroy(new Error(words.trim().split("\n").at(-1) || `ssh ended with ${code}`));
      else answers.end();
    });
    return Object.assign(stream, likeSocket(ssh));
  };
  return agent;
}

/** What an agent asks of a socket that it keeps; an idle one must not keep this process. */
function likeSocket(ssh: ChildProcessWithoutNullStreams) {
  const holders = [ssh, ssh.stdin, ssh.stdout, ssh.stderr].map(Object);
  return {
    setKeepAlive: () => {},
    setTimeout: () => {},
    ref: () => holders.forEach((holder) => void holder.ref()),
    unref: () => holders.forEach((holder) => void holder.unref()),
  };
}
