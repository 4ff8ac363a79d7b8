/** Something the machine lacks and set-up cannot supply; the message tells the user what to do. */
export class SetupError extends Error {
  override readonly name = "SetupError";
}
