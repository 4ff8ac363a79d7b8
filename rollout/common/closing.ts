/** Does some work with what is opened for it, and closes it. */
export async function closing<Open extends { close(): Promise<void> }, T>(
  opening: Promise<Open> | Open,
  work: (open: Open) => Promise<T>,
): Promise<T> {
  const open = await opening;
  try {
    return await work(open);
  } finally {
    await open.close();
  }
}
