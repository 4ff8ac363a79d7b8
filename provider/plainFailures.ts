/** What bugs throw; their stack is worth seeing. */
const BUG = /^(TypeError|ReferenceError|RangeError|SyntaxError|AssertionError)\b/;
/** How Pulumi prints what a method throws: the error, and again with its stack. */
const PRINTED = /^(?:\w+: )?(.*): \w+: \1\n {4}at /s;

/** Whether a text is a failure that Pulumi prints with its stack, although its engine will print the message too. */
export function isToldTwice(text: unknown): boolean {
  return typeof text === "string" && PRINTED.test(text) && !BUG.test(text);
}

/**
 * Makes failures of a provider process reach the user as one line. Pulumi's code prints what `check`, `diff`, `read`
 * and `delete` throw with a stack, and then passes it to Pulumi's engine, which prints the message again.
 */
export function failPlainly(): void {
  const print = console.error;
  console.error = (...words: unknown[]) => {
    if (!isToldTwice(words[0])) print(...words);
  };
}
