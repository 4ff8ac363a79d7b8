import { readFileSync } from "node:fs";
import { join } from "node:path";
import { slotsOf } from "../../host/slots.ts";
import { endpoint } from "../../machine/connections.ts";
import { fileIn } from "../configuration/fileIn.ts";
import type { NginxSettings } from "../nginxSettings.ts";
import { hashedName } from "../servedConfiguration.ts";
import type { ConfigurationFile } from "./flavourLines.ts";

const SCRIPT = ["roll.js", "slots.js", "page.js", "browser.js"].map(source).join("\n");
const STYLE = source("style.js");

type Place = Pick<NginxSettings, "hosts" | "directory">;

/** The page that a browser puts together where nginx can't. */
export function browserPage({ hosts }: Pick<Place, "hosts">, isChecked: boolean): ConfigurationFile {
  const slots = hosts.flatMap((host) =>
    slotsOf(host).map(({ name, address, port }) => {
      return { host: name, slotOf: host.name, name: endpoint(address, port) };
    }),
  );
  const text = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Status</title>
</head>
<body>
<main><noscript>This page needs the script of a browser. For others, there is JSON.</noscript></main>
<script>
const HOSTS = ${JSON.stringify(slots).replaceAll("<", "\\u003c")};
const IS_CHECKED = ${isChecked};
${STYLE}
document.head.insertAdjacentHTML("beforeend", "<style>" + style() + "</style>");
${SCRIPT}
keepShowing();
</script>
</body>
</html>
`;
  return { name: hashedName(text, "page"), text };
}

/** The location of that page, for the control server. */
export function browserPageLocation({ directory }: Place, { name }: ConfigurationFile): string {
  return `    location = /status/page {
        types {}
        default_type "text/html; charset=utf-8";
        add_header Cache-Control no-store;
        alias ${fileIn(directory, name)};
    }
`;
}

function source(name: string): string {
  return readFileSync(join(import.meta.dirname, "..", "njs", name), "utf8");
}
