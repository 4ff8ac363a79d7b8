/** The oldest releases that set-up accepts; what it installs is pinned in package.json and in the go.mod files here. */
export const minimumVersions = { go: "1.25", java: "17", pulumi: "3.190.0" } as const;
