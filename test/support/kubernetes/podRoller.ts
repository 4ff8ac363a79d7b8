import { PodFleet } from "./podFleet.ts";

// A deployer in a process of its own, which may be killed: `node podRoller.ts <namespace> <nodePort> <release> [canary]`.
const [namespace = "", nodePort = "0", release = "", canary] = process.argv.slice(2);
const fleet = PodFleet.at(namespace, Number(nodePort));
setInterval(() => fleet.lines.splice(0).forEach((line) => void console.log(line)), 50);
const owner = `bob@build-2 (pid ${process.pid})`;
await fleet.roll(release, { owner, ...(canary !== undefined && { canary, replicas: 2 }) });
process.exit(0);
