import { createHash } from "node:crypto";
import { APPLICATION_FOLDER } from "./imageOf.ts";

/** How an image is built from an archive; in these layers, if the archive can unpack itself. */
export function dockerfile(archive: string, layers: readonly string[]): string {
  const head = ["ARG BASE"];
  const end = [`WORKDIR ${APPLICATION_FOLDER}`];
  if (layers.length === 0) return lines([...head, "FROM $BASE", ...end, `COPY ${archive} ./`]);
  return lines([
    ...head,
    "FROM $BASE AS unpacked",
    "WORKDIR /unpacked",
    `COPY ${archive} ./`,
    `RUN java -Djarmode=tools -jar ${archive} extract --layers --destination layers`,
    "FROM $BASE",
    ...end,
    ...layers.map((layer) => `COPY --from=unpacked /unpacked/layers/${layer}/ ./`),
  ]);
}

/** Stands for how images are built: another base or platform, or another way to build, gives another image. */
export function buildOf(base: string, platform: string): string {
  const text = [base, platform, dockerfile("app.jar", ["application"]), dockerfile("app.jar", [])].join("\n");
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

function lines(each: readonly string[]): string {
  return `${each.join("\n")}\n`;
}
