/** What a bug throws: its stack is worth seeing. */
const BUG = /^(TypeError|ReferenceError|RangeError|SyntaxError|AssertionError)\b/;
/** How Pulumi prints what a method has thrown: the error, and once more with its stack. */
const PRINTED = /^(?:\w+: )?(.*): \w+: \1\n {4}at /s;

/** Whether Pulumi prints a failure with its stack, though its engine is about to print the message. */
export function isToldTwice(text: unknown): boolean {
  return typeof text === "string" && PRINTED.test(text) && !BUG.test(text);
}

/**
 * For a provider process: whatever fails reaches the user as the one line that its message is. Pulumi's own code
 * prints what `check`, `diff`, `read` and `delete` throw with its stack and then hands it to the engine, which prints
 * the message again.
 */
export function failPlainly(): void {
  const print = console.error;
  console.error = (...words: unknown[]) => {
    if (!isToldTwice(words[0])) print(...words);
  };
}
