/** The machine lacks something that set-up cannot install; the message tells the user what to do. */
export class SetupError extends Error {
  override readonly name = "SetupError";
}
