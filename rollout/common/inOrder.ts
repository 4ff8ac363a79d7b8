/** Waits for all that was begun at the same time; if several fail, what the first of them threw is thrown. */
export async function inOrder<T extends readonly unknown[]>(
  ...begun: { [Index in keyof T]: T[Index] | Promise<T[Index]> }
): Promise<T> {
  const ended = await Promise.allSettled(begun);
  for (const end of ended) if (end.status === "rejected") throw end.reason;
  return Promise.all(begun) as Promise<T>;
}
