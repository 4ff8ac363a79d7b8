/** The flag file that makes nginx close each client connection after its next answer. */
export const CLOSE_CONNECTIONS = "close-connections";

/** How long clients are asked to keep idle connections open. */
export const IDLE_SECONDS = 5;
