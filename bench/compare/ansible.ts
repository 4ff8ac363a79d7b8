import { access, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ByHand } from "./byHand.ts";
import { HEALTH } from "./contender.ts";
import { timed } from "./timed.ts";

/** The newest that runs with the Python of Debian 12. */
const VERSION = "2.19.14";

/** `ansible-playbook`, on the machine itself, so that it needs no connection. */
export async function ansible(): Promise<ByHand> {
  const playbook = await install();
  const book = join(import.meta.dirname, "playbook.yml");
  const servers = await ByHand.create("Ansible", ({ directory }, jar) => {
    return [playbook, "-i", join(directory, "inventory"), "-e", `jar=${jar}`, book];
  });
  const { directory, ports } = servers;
  const python = join(dirname(playbook), "python");
  const lines = ports.map((port, index) => {
    const server = join(directory, `app-${index + 1}`);
    return `app-${index + 1} server=${server} http_port=${port}\n`;
  });
  const all = `nginx=${join(directory, "nginx")}\nhealth=${HEALTH}\nansible_connection=local\nansible_python_interpreter=${python}\n`;
  await writeFile(join(directory, "inventory"), `[app]\n${lines.join("")}[app:vars]\n${all}`);
  return servers;
}

/** In a folder of its own, which the next run finds again. */
async function install(): Promise<string> {
  const directory = join(tmpdir(), `rollgate-ansible-${VERSION}`);
  const playbook = join(directory, "bin", "ansible-playbook");
  const isThere = await access(playbook).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    await timed(["python3", "-m", "venv", directory]);
    await timed([join(directory, "bin", "pip"), "install", "--quiet", `ansible-core==${VERSION}`]);
  }
  return playbook;
}
