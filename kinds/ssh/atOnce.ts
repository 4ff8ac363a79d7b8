import pLimit from "p-limit";

/** Logs in to a few servers at once: behind one jump host, more would be dropped. */
export const atOnce = pLimit(8);
