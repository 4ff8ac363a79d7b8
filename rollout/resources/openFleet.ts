import type { AppHost } from "../appHost.ts";
import { LocalAppHost } from "../local/localAppHost.ts";
import { LocalNginxAccess } from "../local/localNginxAccess.ts";
import { NginxProxy } from "../nginx/nginxProxy.ts";
import type { ReverseProxy } from "../reverseProxy.ts";
import type { RollRequest } from "../rollRequest.ts";

/** The drivers for the hosts and the proxy that a request describes. */
export function openFleet(request: RollRequest): { hosts: AppHost[]; proxy: ReverseProxy } {
  return {
    hosts: request.hosts.map((descriptor) => new LocalAppHost(descriptor, request)),
    proxy: new NginxProxy(new LocalNginxAccess(request.proxy)),
  };
}
