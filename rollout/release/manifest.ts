/** The main section of a manifest; names are in lower case, since their case does not count (JAR File Specification). */
export type Manifest = ReadonlyMap<string, string>;

/** Reads a manifest; a line that starts with a space continues the one before. */
export function parseManifest(text: string): Manifest {
  const [main = ""] = text.replaceAll(/\r\n?/g, "\n").replaceAll("\n ", "").split("\n\n");
  return new Map(
    main.split("\n").flatMap((line): [string, string][] => {
      const colon = line.indexOf(": ");
      return colon < 0 ? [] : [[line.slice(0, colon).toLowerCase(), line.slice(colon + 2).trim()]];
    }),
  );
}
