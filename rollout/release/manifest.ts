/** The main section of a manifest, with lower-case names, since they are case-insensitive (JAR File Specification). */
export type Manifest = ReadonlyMap<string, string>;

/** Parses a manifest; a line that starts with a space continues the previous one. */
export function parseManifest(text: string): Manifest {
  const [main = ""] = text.replaceAll(/\r\n?/g, "\n").replaceAll("\n ", "").split("\n\n");
  return new Map(
    main.split("\n").flatMap((line): [string, string][] => {
      const colon = line.indexOf(": ");
      return colon < 0 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 2).trim()]];
    }),
  );
}
