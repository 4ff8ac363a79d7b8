/** A way to bring a new jar to two servers behind an nginx. */
export interface Contender {
  readonly name: string;
  /** Where clients reach the service. */
  readonly url: string;
  /** Brings the first release up. */
  begin(jar: string): Promise<void>;
  /** Replaces it on both servers; returns the processor seconds of whoever deploys. */
  roll(jar: string): Promise<number>;
  remove(): Promise<void>;
}

export const HEALTH = "/actuator/health";
/** For every JVM, whoever starts it. */
export const JVM_OPTIONS = ["-XX:+UseSerialGC", "-Xmx128m"];
