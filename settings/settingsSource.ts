/** Where settings come from, each as text or as JSON, and whose they are. */
export interface SettingsSource {
  readonly project: string;
  /** The stack, and what tells services of one stack apart; part of the names of files, containers and units. */
  readonly stack: string;
  /** What stands before a setting in a message. */
  readonly prefix: string;
  keys(): readonly string[];
  text(key: string): string | undefined;
  /** Whether a setting, or a part of it, is a secret. */
  isSecret(key: string): boolean;
  /** All settings with a default; `undefined` if that is not known here. */
  defaults(): Promise<Readonly<Record<string, unknown>> | undefined>;
}
