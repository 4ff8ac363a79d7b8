import type { NginxSettings } from "../nginxSettings.ts";

/** `$stranger` and `$status_stranger`: whether a request must not use the rollout's locations, or read `/status`. */
export function strangerMaps({
  address,
  statusAllow,
}: Pick<NginxSettings, "address" | "statusAllow">): string {
  const ownAddress = isLoopbackOrAny(address) ? "" : `        ${address} 1;\n`;
  return `    # The address that nginx listens on belongs to this machine.
    geo $from_here {
        default 0;
        127.0.0.0/8 1;
        ::1 1;
${ownAddress}    }
    # Another proxy on this machine connects from here too, on behalf of strangers.
    map "$http_x_forwarded_for$http_forwarded$http_x_real_ip$http_via" $through_proxy {
        default 1;
        ""      0;
    }
    map "$from_here $through_proxy" $stranger {
        default 1;
        "1 0"   0;
    }
    geo $may_read_status {
        default 0;
${statusAllow.map((network) => `        ${network} 1;\n`).join("")}    }
    map "$may_read_status $stranger" $status_stranger {
        default 0;
        "0 1"   1;
    }
`;
}

function isLoopbackOrAny(address: string): boolean {
  return /^(127\.|0\.0\.0\.0$|::1?$)/.test(address);
}
