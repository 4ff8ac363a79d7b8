// For branches that are on their way: everything here has moved and goes.
export * from "#kinds/docker/dockerDescriptors.ts";
export * from "#kinds/local/localDescriptors.ts";
export * from "#kinds/ssh/sshDescriptors.ts";
