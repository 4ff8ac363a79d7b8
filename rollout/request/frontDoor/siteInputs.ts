import { z } from "zod";
import { accessLog } from "./accessLog.ts";
import { balance } from "./balance.ts";
import { buffering } from "./buffering.ts";
import { forwardedBy, trustedProxies } from "./forwarding.ts";
import { errorPages, maintenance } from "./pages.ts";
import { flag, ownFile, size } from "./siteFields.ts";
import { staticFiles } from "./staticFiles.ts";
import { timeouts } from "./timeouts.ts";

/** What users set about their site, each absent if it is not set. */
export const siteInputs = {
  trustedProxies: trustedProxies.exactOptional(),
  forwardedBy: forwardedBy.exactOptional(),
  accessLog: accessLog.exactOptional(),
  /** Whether what nginx counts during a roll tells the paths of requests that failed. */
  ledgerPaths: flag.exactOptional(),
  /** Of a request; Spring Boot has its own limits. */
  maxBodySize: size(/^(0|[1-9]\d{0,8}[kmg]?)$/i, "a size such as 10m, or 0 for no limit").exactOptional(),
  timeouts: timeouts.exactOptional(),
  buffering: buffering.exactOptional(),
  gzip: flag.exactOptional(),
  /** How long the headers of a request and of an answer may be. */
  largeHeaders: size(/^([89]|[1-9]\d|1[01]\d|12[0-8])k$/i, "8k to 128k, such as 32k").exactOptional(),
  underscoresInHeaders: flag.exactOptional(),
  balance: balance.exactOptional(),
  staticFiles: staticFiles.exactOptional(),
  errorPages: errorPages.exactOptional(),
  maintenance: maintenance.exactOptional(),
  /** The user's own directives for our server block. */
  directives: ownFile.exactOptional(),
};
const site = z.object(siteInputs);
export type SiteSettings = Readonly<z.infer<typeof site>>;

/** The part of the inputs that is about the site. */
export function siteOf(inputs: SiteSettings): SiteSettings {
  return Object.fromEntries(
    Object.entries(inputs).filter(([key, value]) => Object.hasOwn(siteInputs, key) && value !== undefined),
  );
}
