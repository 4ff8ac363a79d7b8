import type { TlsProfile } from "../../request/frontDoor/tls.ts";

/** HTTPS, as this nginx can serve it. */
export interface TlsServing {
  /** Files that the account of nginx's workers can read. */
  readonly certificate: string;
  readonly key: string;
  /** Whether only nginx's master can read them, which it does when it starts or reloads. */
  readonly isFixed?: true;
  /** Where nginx listens. */
  readonly port: number;
  /** The port that clients use. */
  readonly publicPort: number;
  /** How this nginx is told to speak HTTP/2, if it is to. */
  readonly http2: "directive" | "listen" | "off";
  readonly http3: boolean;
  /** Whether this nginx can end a handshake for a name that it doesn't serve. */
  readonly canReject: boolean;
  readonly profile: TlsProfile;
  readonly redirect: boolean;
  readonly hstsSeconds: number;
  readonly acmeWebroot?: string;
}
