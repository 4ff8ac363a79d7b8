import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";

const MAX_WORDS = 2_000;
/** How long `ssh` keeps an idle connection. */
const KEPT_SECONDS = 30;

/**
 * Connects to ssh:// engines as the docker CLI does, with the user's own ssh, its configuration, agent and known hosts,
 * but with all connections over a single one. The client library's own SSH would accept any host key.
 */
export function sshAgent(url: URL): Agent {
  const user = url.username ? ["-l", decodeURIComponent(url.username)] : [];
  const port = url.port ? ["-p", url.port] : [];
  const folder = mkdtempSync(join(tmpdir(), "rollgate-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const shared = ["ControlMaster=auto", `ControlPath=${join(folder, "s")}`, `ControlPersist=${KEPT_SECONDS}`];
  const options = ["BatchMode=yes", "ConnectTimeout=10", ...shared].flatMap((option) => ["-o", option]);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  // Each connection is a process on the other side, so connections are reused.
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
    const stream = overPipes(ssh);
    // The agent destroys idle connections beyond the ones it keeps, when nobody listens any more.
    stream.on("error", () => {});
    ssh.once("error", (error) => stream.destroy(error));
    ssh.once("exit", (code) => {
      if (code) stream.destroy(new Error(words.trim().split("\n").at(-1) || `ssh ended with ${code}`));
    });
    return Object.assign(stream, likeSocket(ssh));
  };
  return agent;
}

/**
 * What ssh carries. The end of its input says nothing about the answer of a short command, part of which may still be
 * unread when ssh has ended: the stream ends only after it.
 */
function overPipes(ssh: ChildProcessWithoutNullStreams): Duplex {
  const { stdin, stdout } = ssh;
  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => void stdout.resume(),
    write: (chunk, _, done) => void stdin.write(chunk, () => done()),
    final: (done) => void stdin.end(() => done()),
    destroy(error, done) {
      stdin.destroy();
      stdout.destroy();
      done(error);
    },
  });
  stdin.on("error", () => {});
  stdout.on("data", (chunk) => {
    if (!stream.push(chunk)) stdout.pause();
  });
  // Only the exit code of ssh tells success from failure.
  const ends = [once(stdout, "end"), once(ssh, "exit")];
  Promise.all(ends).then(
    () => void stream.push(null),
    () => {},
  );
  return stream;
}

/** The methods an agent needs on a kept socket; an idle one must not keep this process alive. */
function likeSocket(ssh: ChildProcessWithoutNullStreams) {
  const holders = [ssh, ssh.stdin, ssh.stdout, ssh.stderr].map(Object);
  return {
    setKeepAlive: () => {},
    setTimeout: () => {},
    ref: () => holders.forEach((holder) => void holder.ref()),
    unref: () => holders.forEach((holder) => void holder.unref()),
  };
}
