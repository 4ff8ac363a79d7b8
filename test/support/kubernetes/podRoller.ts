import { PodFleet } from "./podFleet.ts";
import { fakeImage } from "./podImages.ts";

// A deployer in a process of its own, which may be killed: `node podRoller.ts <namespace> <nodePort> <release>`.
const [namespace = "", nodePort = "0", release = ""] = process.argv.slice(2);
const fleet = PodFleet.at(namespace, Number(nodePort), fakeImage);
setInterval(() => fleet.lines.splice(0).forEach((line) => void console.log(line)), 50);
await fleet.roll(release, { owner: `bob@build-2 (pid ${process.pid})` });
process.exit(0);
