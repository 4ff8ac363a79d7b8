import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { docker } from "../../../harness/docker/engine.ts";

const run = promisify(execFile);
const NAME = `rollgate-test/fake-app:${process.pid}`;

/** Understands the arguments the rollout passes to java, and serves a fake jar with the image's nginx. */
const JAVA = `#!/bin/sh
for argument; do
  case $argument in
    --server.port=*) port=\${argument#*=} ;;
    *.jar) jar=$argument ;;
  esac
done
version=$(grep -ao '"version":"[^"]*' "$jar" | cut -d '"' -f 4)
code=200 health=UP
if grep -aq '"health":"DOWN"' "$jar"; then code=503 health=DOWN; fi
cat > /tmp/app.conf <<END
daemon off;
pid /tmp/app.pid;
events {}
http {
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server {
    listen $port;
    location / { return 200 "$version"; }
    location /actuator/health { return $code '{"status":"$health"}'; }
  }
}
END
exec nginx -e stderr -c /tmp/app.conf
`;

const BUILD = `printf 'FROM %s\\nRUN echo %s | base64 -d > /usr/bin/java && chmod 755 /usr/bin/java\\n' "$1" "$2" |
docker build --quiet --tag "$3" -`;

/** An image that runs fake jars which are up at once, on top of an image with nginx. */
export async function fakeAppImage(nginx: string): Promise<string> {
  const java = Buffer.from(JAVA).toString("base64");
  await run("sh", ["-c", BUILD, "sh", nginx, java, NAME]);
  return NAME;
}

/** Removes it again. */
export async function removeFakeAppImage(): Promise<void> {
  await docker(["image", "rm", NAME]);
}
