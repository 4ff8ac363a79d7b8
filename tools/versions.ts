/** The oldest releases that set-up accepts; package.json and the go.mod files pin what it installs. */
export const minimumVersions = { go: "1.25", java: "17", pulumi: "3.190.0" } as const;
