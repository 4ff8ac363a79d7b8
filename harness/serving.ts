/** What an nginx with active checks should serve, without its hosts. */
export const serving = {
  flavour: "auto" as const,
  healthPath: "/actuator/health",
  slowestRequestSeconds: 30,
  settleSeconds: 5,
  leaseWaitSeconds: 0,
  check: {
    path: "/actuator/health",
    intervalMilliseconds: 1000,
    rise: 2,
    fall: 3,
    timeoutMilliseconds: 1000,
    expect: ["2xx", "3xx"],
  },
  name: "market",
  pathPrefix: "/",
  serverNames: [],
  closedPaths: [],
  openPaths: [],
  statusAllow: [],
};
