// Written by `npm run types` from Pulumi.yaml.
import type { ErrorPages } from "#rollout/request/frontDoor/pages.ts";
import type { StaticFiles } from "#rollout/request/frontDoor/staticFiles.ts";
import type { Timeouts } from "#rollout/request/frontDoor/timeouts.ts";
import type { Setting } from "./setting.ts";
import type {
  AccessLogSettings,
  AnalysisSettings,
  CanarySettings,
  ExposeSettings,
  HooksSettings,
  HostSettings,
  NginxServerSettings,
  ProbeTrafficSettings,
  TlsSettings,
  WarmUpSettings,
  WebhookSettings,
} from "./structures.ts";

/** The settings of a service, the same as in a stack file; those that are not given have their defaults. */
export interface ServiceSettings {
  /** The executable jar or war to run, relative to the project. Any change to the file is a new release. A war must be named .war, as Spring Boot serves its pages only from such a file. */
  readonly jar?: Setting<string>;
  /** The version of the jar. Empty means the one its build wrote into it; set it if there is none or you want another. */
  readonly version?: Setting<string>;
  /** A release to go back to, by version or full name, instead of a jar. Every host must still keep it. Empty means the jar. */
  readonly release?: Setting<string>;
  /** Hosts that run another jar than the others until you drop this setting: hosts, a list of names; jar, as above; version, as above; traffic, share (the default) or testers, who ask for it with the header X-Canary or the cookie canary; soakSeconds, their own soak. To promote it, set jar to its jar and drop canary; to give it up, drop it. Empty means none. kubernetes: replicas, how many of the pods (1 by default), instead of hosts and traffic, and image instead of jar if pods run one from CI. */
  readonly canary?: Setting<CanarySettings>;
  /** Where hosts and nginx run. local: processes on this machine; docker: containers on one Docker engine; ssh: servers reached over SSH; kubernetes: pods in a cluster, behind a Service instead of nginx, see docs/kubernetes.md. */
  readonly kind: Setting<"local" | "docker" | "ssh" | "kubernetes">;
  /** The app hosts in rolling order. Each has a name, a port and an address, and may have its own healthPort, jvmOptions, arguments and environment, which win over the common ones. local: the address defaults to 127.0.0.1. local and ssh: secondPort, where a new JVM starts beside the old one, defaults to the port plus 10000, and secondHealthPort to the healthPort plus 10000 (minus 10000 if that is in the range that Linux gives to clients, from 32768 on; the next one if another setting has that port); secondPort: 0 leaves it out. docker: the port defaults to 8080, the address to the tenth of the network plus the number at the end of the name; secondAddress, where a new container starts beside the old one, defaults to its mirror image in the network, and secondPort: 0 leaves it out. ssh: address is where the application listens, and server, such as deploy@app-1.example.com, defaults to it; the port defaults to 8080. */
  readonly hosts?: Setting<readonly HostSettings[]>;
  /** Where releases, logs and nginx's files go. local: relative to the project; empty means .rollgate/<stack>. ssh: an absolute path on every server; empty means /srv/rollgate/<stack>. */
  readonly directory?: Setting<string>;
  /** The java command, a path or a name. local: a name is looked up on your PATH at the first deployment and remembered. ssh: a name is looked up on the server, in /usr/local/bin, /usr/bin and so on. Default: `"java"`. */
  readonly java?: Setting<string>;
  /** JVM options, such as -Xmx512m. A change rolls. */
  readonly jvmOptions?: Setting<readonly string[]>;
  /** Arguments for the application, such as --logging.level.root=warn, except server.port and server.address, which follow from hosts. A change rolls. */
  readonly arguments?: Setting<readonly string[]>;
  /** The Spring profiles to run with, such as prod (spring.profiles.active). A change rolls. */
  readonly springProfiles?: Setting<readonly string[]>;
  /** The application's environment variables. Besides these it gets a fixed PATH, LANG=C.UTF-8 and its account's HOME; nothing comes from the shell that runs pulumi. Always secret in the state; set secrets with --secret --path. Put numbers with a decimal point in quotes, or set them with --type string. A change rolls. */
  readonly environment?: Setting<Readonly<Record<string, string | number | boolean>>>;
  /** docker: the image with a Java runtime that every host runs in; kubernetes: the one that the image of the jar is built on. A change rolls. Moving tags are not detected; use a new tag. Default: `"eclipse-temurin:17-jre"`. */
  readonly containerImage?: Setting<string>;
  /** docker and kubernetes: the user and group that the application runs as, as numbers. A change rolls. Default: `"10001:10001"`. */
  readonly containerUser?: Setting<string>;
  /** docker and kubernetes: memory limit per host or pod, heap and everything else; 0 means no limit. A change rolls. Default: `0`. */
  readonly containerMemoryMegabytes?: Setting<number>;
  /** docker and kubernetes: CPU limit per host or pod, such as 1.5; 0 means no limit. A change rolls. Default: `"0"`. */
  readonly containerCpus?: Setting<string | number>;
  /** docker and kubernetes: the engine that has the containers, or builds the image, such as unix:///var/run/docker.sock, tcp://10.0.0.5:2376 or ssh://deploy@10.0.0.5. Empty means the one the docker CLI would use (DOCKER_HOST or its context). */
  readonly dockerEngine?: Setting<string>;
  /** docker: the subnet of the stack's own network, such as 10.77.0.0/24. Empty means one derived from the names of project and stack. */
  readonly dockerSubnet?: Setting<string>;
  /** kubernetes: how many pods there are. A canary takes some of them. Default: `2`. */
  readonly replicas?: Setting<number>;
  /** kubernetes: a namespace that is there already. Empty means one of the stack's own, made and removed with it. */
  readonly namespace?: Setting<string>;
  /** kubernetes: the kubeconfig file, relative to the project. Empty means the one kubectl would use (KUBECONFIG or ~/.kube/config). */
  readonly kubeconfig?: Setting<string>;
  /** kubernetes: the context in the kubeconfig. Empty means its current one. */
  readonly kubeContext?: Setting<string>;
  /** kubernetes: an image that runs the application, instead of a jar, such as registry.example.com/shop:1.2.3. It starts the application itself; jvmOptions reach it as JAVA_TOOL_OPTIONS. Its tag must never move, or name it by its digest. Empty means one that is built from the jar. */
  readonly image?: Setting<string>;
  /** kubernetes: where the image built from the jar is pushed, such as registry.example.com/shop; pods pull it by its digest. Empty means that it stays with the Docker engine, whose images the cluster must see. */
  readonly imageRepository?: Setting<string>;
  /** kubernetes: the platform that the image of the jar is built for, such as linux/amd64. Empty means the Docker engine's own. */
  readonly imagePlatform?: Setting<string>;
  /** kubernetes: a Secret in the namespace with the credentials to pull images. Empty means none. */
  readonly imagePullSecret?: Setting<string>;
  /** kubernetes: how clients reach the pods. type, cluster-ip (the default), node-port, load-balancer, ingress or gateway (an HTTPRoute); port of the Service, 80 by default; nginx, true or a number of pods, for an nginx of rollgate's between the Service and the pods; annotations; node-port: nodePort; ingress: className, tlsSecret; gateway: gateway, gatewayNamespace, https. The names in serverNames and pathPrefix apply to ingress, gateway and nginx. See docs/kubernetes.md. */
  readonly expose?: Setting<ExposeSettings>;
  /** kubernetes: what decides whether a pod gets requests, such as /actuator/health/readiness. Empty means healthPath. */
  readonly readinessPath?: Setting<string>;
  /** kubernetes: what decides whether a pod is restarted, such as /actuator/health/liveness. Empty means that its port must accept connections. */
  readonly livenessPath?: Setting<string>;
  /** ssh: an OpenSSH configuration file to use instead of your own, relative to the project. */
  readonly sshConfig?: Setting<string>;
  /** ssh: what starts nginx and the applications and keeps them running. systemd, or process: detached processes of the account that logs in, which don't survive a reboot. Default: `"systemd"`. */
  readonly sshSupervisor?: Setting<"systemd" | "process">;
  /** ssh: whether to set up the servers: accounts, folders, services, and a Java runtime and nginx if missing. Set to false if you do that by other means. Default: `true`. */
  readonly sshProvision?: Setting<boolean>;
  /** ssh: what to do with a server whose host key is neither in known_hosts nor given as hostKey. known: refuse it; accept-new: learn its key, as with StrictHostKeyChecking accept-new. Another key than the known one is always refused. Default: `"known"`. */
  readonly sshHostKeys?: Setting<"known" | "accept-new">;
  /** ssh: how long an update waits for servers to accept connections, if their addresses come from other resources of the program. A refused login is waited for up to a minute. Default: `300`. */
  readonly sshWaitSeconds?: Setting<number>;
  /** ssh: the account that sets up the servers: root, or one with unrestricted sudo. Empty means the account that deploys. */
  readonly sshProvisionUser?: Setting<string>;
  /** ssh: the Debian package to install if java is missing. Empty means none. Default: `"default-jre-headless"`. */
  readonly javaPackage?: Setting<string>;
  /** ssh: the Debian package to install if nginx is missing. Empty means none. Default: `"nginx"`. */
  readonly nginxPackage?: Setting<string>;
  /** The nginx in front of the hosts, if there are several; all serve the same. ssh: at least one object with server, such as deploy@web-1.example.com, and maybe address, port and controlPort, which default to nginxAddress, nginxPort and controlPort; a server may also run a host. local and docker: objects with port and maybe address and (local only) controlPort, each an nginx besides the one at nginxAddress and nginxPort. The first nginx keeps the lease of the fleet. */
  readonly nginxServers?: Setting<readonly NginxServerSettings[]>;
  /** docker: the base image for nginx. What it supports decides who checks the hosts (nginxFlavour). kubernetes: with expose.nginx, the image of nginx, which must have the JavaScript module, as the official ones do. Default: `"nginx:stable"`. */
  readonly nginxImage?: Setting<string>;
  /** The nginx command, a path or a name on PATH. Default: `"nginx"`. */
  readonly nginx?: Setting<string>;
  /** Who checks the hosts. auto: the best this nginx supports; njs: nginx's own JavaScript module; check-module: the upstream check module; stock: only the rollout. Default: `"auto"`. */
  readonly nginxFlavour?: Setting<"auto" | "njs" | "check-module" | "stock">;
  /** The address that nginx listens on. 0.0.0.0 means all IPv4 addresses, "::" all IPv4 and IPv6 addresses. Default: `"127.0.0.1"`. */
  readonly nginxAddress?: Setting<string>;
  /** The port that nginx listens on. Default: `8080`. */
  readonly nginxPort?: Setting<number>;
  /** The names that clients use, such as shop.example.com and *.shop.example.com. Requests for any other name get 421, or no TLS handshake. Empty means any name. */
  readonly serverNames?: Setting<readonly string[]>;
  /** HTTPS: certificate (with its chain) and key, both as paths on nginx's machine or both as PEM text, the key then as a secret; port, 443 by default; http2, true by default; http3, false by default; profile, Mozilla's intermediate (the default) or modern; redirect, true by default, sends clients of nginxPort to HTTPS; hstsSeconds, 0 by default; acmeWebroot, a folder on nginx's machine for the challenges of an ACME client. A renewed certificate is served from the next handshake on. See docs/front-door.md. Empty means no HTTPS. */
  readonly tls?: Setting<TlsSettings>;
  /** local and ssh: the port where only the rollout reaches nginx, on 127.0.0.1 of nginx's machine. 0 means one that follows from the name of the stack (or its directory, for local). Default: `0`. */
  readonly controlPort?: Setting<number>;
  /** local and ssh. own: an nginx of this stack's own; include: only a part of an nginx that runs already, yours or another stack's. See docs/existing-nginx.md. Default: `"own"`. */
  readonly nginxMode?: Setting<"own" | "include">;
  /** include: the file with the process ID of your nginx. Empty means /run/nginx.pid. */
  readonly nginxPidFile?: Setting<string>;
  /** include: the folder of which the http block of your nginx includes every *.conf. Empty means /etc/nginx/conf.d. */
  readonly nginxIncludeDirectory?: Setting<string>;
  /** include: the folder of another stack's nginx, such as /srv/rollgate/shop/nginx, which then serves this stack, too. */
  readonly nginxDirectory?: Setting<string>;
  /** The path under which requests get to the application, such as /api. They are passed on as they are, so the application must answer under that path itself (server.servlet.context-path). closedPaths and openPaths are below it. Default: `"/"`. */
  readonly pathPrefix?: Setting<string>;
  /** Paths that clients don't reach, with everything below them: they get 404. With /actuator in the list, so is the actuator below the context path that healthPath shows. Default: `["/actuator"]`. */
  readonly closedPaths?: Setting<readonly string[]>;
  /** Exact paths below closedPaths that clients do reach, such as /actuator/health for a load balancer. */
  readonly openPaths?: Setting<readonly string[]>;
  /** Addresses or networks that may read nginx's page at /status. Empty means that there is no such page for clients; on nginx's own machine it is at http://127.0.0.1:<controlPort>/status. */
  readonly statusAllow?: Setting<readonly string[]>;
  /** Addresses or networks of the load balancers or CDN in front of nginx, such as 10.0.0.0/8. The client's address, scheme, host and port come from them, and from nobody else. */
  readonly trustedProxies?: Setting<readonly string[]>;
  /** How trustedProxies tell nginx about a client. x-forwarded: X-Forwarded-For, -Proto, -Host and -Port; forwarded: the header Forwarded; proxy-protocol: the PROXY protocol, which every connection must then speak. Default: `"x-forwarded"`. */
  readonly forwardedBy?: Setting<string>;
  /** A line for each request: format, off (the default), combined or json; path, an absolute path on nginx's machine, logs/access.log in nginx's folder by default; rotateMegabytes, the size at which a new file begins (100 by default); keep, how many old files stay (5 by default). docker: the lines go to the container's log, and only format has an effect. With nginxMode include, path must be set, and you replace the file. */
  readonly accessLog?: Setting<AccessLogSettings>;
  /** The longest body of a request, such as 10m; 0 means no limit. The application has limits of its own (spring.servlet.multipart). Default: `"10m"`. */
  readonly maxBodySize?: Setting<string>;
  /** How long nginx waits: connectSeconds for a host to accept a connection (2 by default); sendSeconds and readSeconds between two writes and two reads (60, readSeconds at least slowestRequestSeconds); websocketIdleSeconds and eventStreamIdleSeconds for streams without a word (3600); keepAliveSeconds for the next request of a client (75). */
  readonly timeouts?: Setting<Timeouts>;
  /** off: paths whose answers nginx passes on as they come, such as [/exports]. Requests that accept text/event-stream never are buffered. */
  readonly buffering?: Setting<{ readonly off: readonly string[] }>;
  /** Whether nginx compresses answers of text, JSON, JavaScript, CSS, SVG and the like. Default: `false`. */
  readonly gzip?: Setting<boolean>;
  /** The longest header line of a request, and all headers of an answer, such as 32k. Empty means 8k and 16k. Tomcat has a limit of its own (server.max-http-request-header-size). */
  readonly largeHeaders?: Setting<string>;
  /** Whether the report of a roll lists the paths of requests that failed, without their queries. nginx then writes the path of each request to its ledger, as long as a roll is on. See docs/evidence.md. Default: `false`. */
  readonly ledgerPaths?: Setting<boolean>;
  /** Whether nginx passes on headers with an underscore in their name, which it drops otherwise. Default: `false`. */
  readonly underscoresInHeaders?: Setting<boolean>;
  /** Which host gets a request: round-robin; least-conn, the one with the fewest connections; ip-hash, always the same for an address; cookie, always the same for a browser. With the last two, the clients of a drained host move to others. Default: `"round-robin"`. */
  readonly balance?: Setting<string>;
  /** Folders on nginx's machine that nginx serves itself, each with a path and a folder, such as { path: /assets, folder: /var/www/shop }. docker: of the engine's machine; a change replaces the container. */
  readonly staticFiles?: Setting<StaticFiles>;
  /** Pages for nginx's own errors, by status, such as { "502": pages/502.html }, relative to the project. Errors that the application answers stay as they are. */
  readonly errorPages?: Setting<ErrorPages>;
  /** true, or a page relative to the project: everybody gets 503 with Retry-After, and no request reaches a host. Empty means off. */
  readonly maintenance?: Setting<boolean | string>;
  /** A file with nginx directives of your own, relative to the project, for the server block. nginx tests it before anything changes. */
  readonly directives?: Setting<string>;
  /** Active checks: time between two checks of a host. With njs, at least 100 and at least checkTimeoutMilliseconds. Default: `1000`. */
  readonly checkIntervalMilliseconds?: Setting<number>;
  /** Active checks: consecutive passes that bring a host up. Default: `2`. */
  readonly checkRise?: Setting<number>;
  /** Active checks: consecutive failures that take a host down. Default: `3`. */
  readonly checkFall?: Setting<number>;
  /** Active checks: how long a check may take. Default: `1000`. */
  readonly checkTimeoutMilliseconds?: Setting<number>;
  /** Active checks: statuses of a healthy host, such as 200, or classes, such as 2xx. check-module supports classes only. Default: `["2xx","3xx"]`. */
  readonly checkExpect?: Setting<readonly (string | number)[]>;
  /** The application's health endpoint. A healthy application answers 200 and a JSON body whose status is UP. Default: `"/actuator/health"`. */
  readonly healthPath?: Setting<string>;
  /** The port of the health endpoint if it is not the application's own (management.server.port). 0 means the application's. hosts[].healthPort overrides it for one host. Default: `0`. */
  readonly healthPort?: Setting<number>;
  /** Consecutive healthy answers that pass the health gate. Default: `2`. */
  readonly healthPasses?: Setting<number>;
  /** Time between two requests of the health gate. Default: `100`. */
  readonly healthIntervalMilliseconds?: Setting<number>;
  /** How long one answer of the health endpoint may take. Default: `2000`. */
  readonly healthTimeoutMilliseconds?: Setting<number>;
  /** How long a host may take from start to passing the health gate. Default: `60`. */
  readonly healthDeadlineSeconds?: Setting<number>;
  /** How long a drained host may take to finish its requests before it is stopped. Default: `30`. */
  readonly settleSeconds?: Setting<number>;
  /** How long your slowest request takes; requests up to that long finish during a roll. settleSeconds must be at least this. Default: `30`. */
  readonly slowestRequestSeconds?: Setting<number>;
  /** How long the application may take to stop after SIGTERM, before SIGKILL. Default: `35`. */
  readonly graceSeconds?: Setting<number>;
  /** The application's own spring.lifecycle.timeout-per-shutdown-phase. graceSeconds must be at least this. Default: `30`. */
  readonly shutdownPhaseSeconds?: Setting<number>;
  /** How long a host must stay healthy under traffic before the next one is touched. Default: `5`. */
  readonly soakSeconds?: Setting<number>;
  /** How long the whole roll may take. After that, no further host is touched. Default: `3600`. */
  readonly rollDeadlineSeconds?: Setting<number>;
  /** How long to wait if someone else is rolling this fleet, before giving up. Default: `0`. */
  readonly leaseWaitSeconds?: Setting<number>;
  /** When a host fails its gates: rollback returns the hosts already replaced to the release they had; halt leaves them. Default: `"rollback"`. */
  readonly onFailure?: Setting<"rollback" | "halt">;
  /** auto: the first host of a roll lists the classes of its libraries, and every later start with the same libraries, of any release on any host, is faster; see docs/startup-cache.md. off: releases are started as they are. Default: `"off"`. */
  readonly startupCache?: Setting<"auto" | "off">;
  /** How a host gets its new JVM. start-first: beside the old one, which takes traffic until the new one has passed its gates and is kept for the way back until the soak is over. stop-first: after the old one has stopped. auto: start-first where the host has the memory and the second port is free. Default: `"auto"`. */
  readonly order?: Setting<"auto" | "start-first" | "stop-first">;
  /** Requests that a new JVM gets before it takes traffic: paths, such as [/, /orders?page=1]; requests, how many to send over these paths (200 by default); seconds, when to stop at the latest (10 by default). Empty means none. */
  readonly warmUp?: Setting<WarmUpSettings>;
  /** By what clients get, a new release is held against the old one during its soak, and goes back if it is worse: errorRateIncrease, how much higher its share of failed requests may be (0.01 by default: one percent of all requests); latencyFactor, how many times as long its p50 and p99 may be (3); minimumRequests, below which it is not judged (50); waitSeconds, how long the soak may go on until there are so many (0); ignoreSeconds, how long after its admission latencies don't count (3); maxErrorRate and maxP99Milliseconds, limits that hold whatever the old release does (none). checks, a list of what else is asked during the soak: url, which must answer 2xx, or prometheus, the URL of one, with query and min, max or both; headers, name, intervalSeconds (5), timeoutSeconds (5), consecutiveFailures (1), consecutiveErrors (3), onError (fail) and onNoData (ignore). Empty means that it is judged by its health alone. See docs/analysis.md. */
  readonly analysis?: Setting<AnalysisSettings>;
  /** Requests that a roll sends through nginx itself while it is on, for fleets without traffic: path, such as /api/ping; requestsPerSecond (5 by default). nginx counts them apart from those of clients, and analysis judges by them if clients send too few. Empty means none. See docs/analysis.md. */
  readonly probeTraffic?: Setting<ProbeTrafficSettings>;
  /** Commands that a roll runs: beforeRoll, beforeHost, afterHost, afterRoll and onFailure, each an object or a list of them. command is a string for the shell or a list of words. where is deployer, the default, or, for beforeRoll and afterRoll, first-host: once on the first host of the roll, with the new release. deadlineSeconds is 300 by default. kubernetes: no beforeHost and afterHost; first-host is a Job. See docs/hooks.md. */
  readonly hooks?: Setting<HooksSettings>;
  /** The folder for a report of each roll, on the machine that runs pulumi, relative to the project; the last 50 are kept. Empty means .rollgate/reports/<stack>, off means none. See docs/evidence.md. */
  readonly reports?: Setting<string>;
  /** Where a web server of yours serves that folder, such as https://ci.example.com/reports/prod. /status then links to the report of the last roll. Empty means nowhere. */
  readonly reportsUrl?: Setting<string>;
  /** Who is told about rolls: a list of objects with url, which gets a POST request; events, some of start, success, failure and rollback (all by default); format, json (the default) or slack. Set URLs that are secret with --secret --path; all are secret in the state. See docs/evidence.md. Empty means nobody. */
  readonly notify?: Setting<readonly WebhookSettings[]>;
  /** The OpenTelemetry collector that gets a span of each roll, of its hosts and of their phases, by OTLP over HTTP, such as http://collector:4318. Headers come from OTEL_EXPORTER_OTLP_HEADERS in the environment of pulumi. Empty means none. */
  readonly traceCollector?: Setting<string>;
  /** How many hosts are rolled side by side: a number, a percentage such as 25%, or a list of both such as [1, 25%, 100%], of which the last one holds for all further batches. Hosts of different zones never share a batch, and hosts that stop first only as far as minimumHealthy allows. If one host fails, the batch goes back. Default: `"1"`. */
  readonly batch?: Setting<number | string | readonly (number | string)[]>;
  /** How many other hosts must be serving before one is taken out. A number, or "all others", of which a rollback only counts those that can still serve. Default: `"all others"`. */
  readonly minimumHealthy?: Setting<number | string>;
  /** The same from the other side: how many hosts may be out at a time, as a number or a percentage such as 25%. Empty means that minimumHealthy decides. */
  readonly maxUnavailable?: Setting<number | string>;
  /** Releases to keep on each host, including the running one. Default: `3`. */
  readonly keepReleases?: Setting<number>;
}
