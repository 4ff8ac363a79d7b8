/**
 * Passes on a signal that is also aborted once the work takes too long. Nothing is left when it is done: the timer of
 * `AbortSignal.timeout` would go on, and there may be thousands of them.
 */
export async function limited<T>(
  milliseconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const overdue = new AbortController();
  const late = () => overdue.abort(new DOMException("it took too long", "TimeoutError"));
  const timer = setTimeout(late, milliseconds);
  try {
    return await work(AbortSignal.any([signal, overdue.signal]));
  } finally {
    clearTimeout(timer);
  }
}
