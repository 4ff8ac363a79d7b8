/** The file under nginx's prefix that has it close each client connection with its next answer. */
export const CLOSING = "closing";

/** How long clients are asked to keep an idle connection. */
export const IDLE_SECONDS = 5;
