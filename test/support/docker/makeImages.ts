import { DEBIAN_NGINX } from "../../../harness/debianNginx.ts";
import { debianRoot, noDebianRoot } from "../../../harness/debianRoot.ts";
import { baseImages } from "../../../harness/docker/baseImages.ts";
import { noDocker } from "../../../harness/docker/engine.ts";
import { report } from "../../../tools/report.ts";
import { noSystemdServers } from "../ssh/systemdServers.ts";

// Creates the images for the tests of nginx with njs and of containers; without them, tests create them or are skipped.
const noRoot = await noDebianRoot();
if (noRoot === undefined) report(`Debian 13 with nginx … ${await debianRoot(DEBIAN_NGINX)}`);
else report(`Debian 13 with nginx … left out: ${noRoot}`);
const noEngine = await noDocker();
if (noEngine === undefined) report(`base images … ${Object.values(await baseImages()).join(", ")}`);
else report(`base images … left out: ${noEngine}`);
report(`servers with systemd … ${(await noSystemdServers()) ?? "are there"}`);
